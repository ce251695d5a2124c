"""Taint: the values of the secrets that one call was given, masked wherever they come back, in every spelling they usually take."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from wfnb.model.values import JsonValue
from wfnb.security.redact import MASK

__all__ = ["CLEAN", "Taint"]

_SHORTEST = 4  # characters; a shorter text stands in any sentence
_SHORTEST_LINE = 16  # of a value of several lines: a shorter line stands elsewhere, too
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_UNESCAPED = (b"", b"/", b"!*'()", b";,/?:@&=+$!*'()#")  # what the usual encoders of URLs leave as it is, too


class Taint:
    """Masks values and texts that hold a secret.

    A secret is found as it is, escaped for JSON (once and twice), Python, HTML or a URL, in hexadecimal and in base64, also in
    the middle of a longer text that was encoded. A secret of fewer than four characters is masked only where it stands alone.
    Compressed or encrypted text is not looked into.

    Parameters
    ----------
    values
        The secrets. They are never shown by this object.

    Examples
    --------
    >>> taint = Taint(["hunter2 & co"])
    >>> taint.text("GET /?key=hunter2%20%26%20co failed")
    'GET /?key=[REDACTED] failed'
    >>> taint.value({"ok": True, "echo": ["hunter2 & co"]})
    {'ok': True, 'echo': ['[REDACTED]']}
    """

    __slots__ = ("_forms", "_whole")

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._whole = frozenset(value for value in values if value)
        forms = {form for value in self._whole if len(value) >= _SHORTEST for form in _forms(value)}
        # The longest first: a spelling may hold another one.
        self._forms = tuple(sorted((f for f in forms if len(f) >= _SHORTEST), key=len, reverse=True))

    def __bool__(self) -> bool:
        return bool(self._whole)

    def __repr__(self) -> str:
        return f"<Taint of {len(self._whole)} secrets>"

    def text(self, text: str) -> str:
        """The text with every secret in it masked."""
        if text in self._whole:
            return MASK
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text

    def value(self, value: JsonValue) -> JsonValue:
        """A copy of JSON with every secret in it masked, in keys and numbers as well."""
        if not self._whole:
            return value
        if isinstance(value, dict):
            return {self.text(key): self.value(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        if isinstance(value, str):
            return self.text(value)
        return MASK if _is_number(value) and str(value) in self._whole else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _forms(value: str) -> Iterator[str]:
    """Every spelling of a value that is looked for."""
    data = value.encode("utf-8", "surrogatepass")
    yield value
    yield from (line for line in value.splitlines() if _is_telling(line))
    yield from _escaped(value)
    yield from (data.hex(), data.hex().upper(), repr(data)[2:-1])
    for encoded in _encoded(data):
        yield from (encoded, _percent(encoded.encode()))
    wrapped = base64.encodebytes(data).decode().splitlines()
    yield from (line for line in wrapped if _is_telling(line))


def _is_telling(line: str) -> bool:
    """Whether a line alone gives something away: those that only frame a key do not."""
    return len(line) >= _SHORTEST_LINE and not line.startswith("-----")


def _escaped(value: str) -> Iterator[str]:
    for ascii_only in (True, False):
        once = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield from (once, once.replace("/", "\\/"))
        yield from (json.dumps(once, ensure_ascii=each)[1:-1] for each in (True, False))
    yield repr(value)[1:-1]
    for quoted in (html.escape(value), html.escape(value, quote=False)):
        yield from (quoted, quoted.replace("&#x27;", "&#39;"), quoted.replace("&#x27;", "&apos;"))
    data = value.encode("utf-8", "surrogatepass")
    for form in ("%{:02X}", "%{:02x}"):
        yield from (_percent(data, safe, form) for safe in _UNESCAPED)
        yield _percent(data, b" ", form).replace(" ", "+")


def _percent(data: bytes, safe: bytes = b"", form: str = "%{:02X}") -> str:
    """Bytes as they are written in a URL; not by the library, because pure layers may import nothing that can open one."""
    return "".join(map(_table(safe, form).__getitem__, data))


@cache
def _table(safe: bytes, form: str) -> tuple[str, ...]:
    return tuple(chr(byte) if byte in _PLAIN or byte in safe else form.format(byte) for byte in range(256))


def _encoded(data: bytes) -> Iterator[str]:
    """The characters of base64 that depend on `data` alone, wherever it stands in what was encoded."""
    for offset in range(3):
        first, end = -(-offset * 8 // 6), (offset + len(data)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(offset) + data).decode()[first:end]


CLEAN = Taint()
"""The taint of a call without secrets: nothing is masked."""
