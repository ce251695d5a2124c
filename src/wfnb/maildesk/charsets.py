"""Bytes to text when the declared character set is missing, unknown or wrong."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

__all__ = ["Decoded", "decode_bytes", "tidy"]

# Names that senders use and Python does not know, or that mean a superset in practice (WHATWG encoding standard).
_ALIASES = {
    "ascii": "utf-8", "us-ascii": "utf-8", "iso-8859-1": "windows-1252", "latin-1": "windows-1252", "latin1": "windows-1252",
    "iso-8859-9": "windows-1254", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "gb2312": "gb18030", "gbk": "gb18030",
    "shift_jis": "cp932", "x-sjis": "cp932", "utf8": "utf-8", "utf-8mb4": "utf-8", "x-unknown": "utf-8",
    "unknown-8bit": "utf-8", "default": "utf-8", "iso-8859-8-i": "iso-8859-8",
}  # fmt: skip
_NO_CHARSETS = {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
_ESCAPED_JAPANESE = re.compile(rb"\x1b[$(][@BJI]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, and the character set that was used instead of the declared one (None: the declared one was right)."""

    text: str
    instead: str | None = None


def decode_bytes(content: bytes, declared: str | None) -> Decoded:
    r"""Text of bytes; never fails.

    The declared character set is tried strictly, then UTF-8, then Japanese escape sequences, then windows-1252, which
    reads anything.

    Parameters
    ----------
    content
        The bytes.
    declared
        Name of a character set, if the sender gave one.

    Examples
    --------
    >>> decode_bytes("Grüße".encode("latin-1"), "utf-8")
    Decoded(text='Grüße', instead='windows-1252')
    """
    wanted = (declared or "").strip(" \"'").lower()
    first = _codec(_ALIASES.get(wanted, wanted))
    candidates = [first, "utf-8", *(["iso2022_jp_ext"] if _ESCAPED_JAPANESE.search(content) else [])]
    if declared is None and len(candidates) == 3:
        candidates.reverse()  # escape sequences are valid UTF-8, too
    for candidate in candidates:
        if candidate is None:
            continue
        try:
            text = content.decode(candidate)
        except (UnicodeDecodeError, ValueError):
            continue
        return Decoded(tidy(text), None if candidate == first else candidate)
    text = content.decode("windows-1252", "replace").replace("\ufffd", "")
    return Decoded(tidy(text), "windows-1252")


def tidy(text: str) -> str:
    r"""Text without lone surrogates and control characters, which neither JSON nor a database takes.

    Examples
    --------
    >>> tidy("a\x00b\ud800c")
    'abc'
    """
    return _CONTROLS.sub("", _SURROGATES.sub("", text))


def _codec(name: str) -> str | None:
    """Python's name of a character set, or None for anything else: Python's codecs also unescape and compress."""
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    known = getattr(info, "_is_text_encoding", True) and info.name.replace("_", "-") not in _NO_CHARSETS
    return info.name if known else None
