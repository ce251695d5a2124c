"""Content-addressed bytes in a folder, and file names that are safe to show and to store."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
from pathlib import Path

from wfnb.errors import ActionError, LimitExceeded, PathOutsideRootError

__all__ = ["BlobFolder", "safe_file_name"]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME_BYTES = 150  # file systems allow 255; room for prefixes and suffixes of whoever saves the file
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def safe_file_name(name: str, *, fallback: str = "attachment") -> str:
    r"""A file name without folders, control characters and other surprises.

    Parameters
    ----------
    name
        File name as a sender wrote it.
    fallback
        Used when nothing is left.

    Examples
    --------
    >>> safe_file_name("../../etc/passwd")
    'passwd'
    >>> safe_file_name("C:\\temp\\bill?.pdf")
    'bill_.pdf'
    >>> safe_file_name("..")
    'attachment'
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(char for char in last if unicodedata.category(char)[0] != "C")
    clean = _FORBIDDEN.sub("_", visible).strip().strip(".").strip()
    if _RESERVED.match(clean):
        clean = f"_{clean}"
    stem, dot, suffix = clean.rpartition(".")
    if not dot or len(suffix) > 20:
        stem, suffix = clean, ""
    ending = f".{suffix}" if suffix else ""
    room = _NAME_BYTES - len(ending.encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    return f"{stem}{ending}" if stem else fallback


class BlobFolder:
    """Bytes under their SHA-256: the same content is stored once, and never changes.

    Parameters
    ----------
    folder
        Where the bytes lie; it is created when it is not there.
    max_bytes
        Largest content.
    """

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, content: bytes) -> str:
        """Store bytes and return their SHA-256 in hexadecimal digits.

        Raises
        ------
        LimitExceeded
            ``ATTACHMENT_TOO_LARGE``.
        ActionError
            ``STORAGE_FAILED`` when the file system refuses.
        """
        if len(content) > self._max_bytes:
            raise LimitExceeded(
                f"The content has {len(content):,} bytes; {self._max_bytes:,} are allowed.",
                code="ATTACHMENT_TOO_LARGE",
            )
        digest = hashlib.sha256(content).hexdigest()
        target = self._path(digest)
        try:
            if not target.exists():
                target.parent.mkdir(exist_ok=True)
                _write_whole(target, content)
        except OSError as error:
            raise ActionError(
                f"The content cannot be stored: {error.strerror}.", code="STORAGE_FAILED"
            ) from None
        return digest

    def get(self, digest: str) -> bytes | None:
        """The bytes, or None when there are none under this SHA-256.

        Raises
        ------
        PathOutsideRootError
            When `digest` is not a SHA-256: nothing else may become part of a path.
        ActionError
            ``CONTENT_DAMAGED`` when the file is not what was stored.
        """
        try:
            content = self._path(digest).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ActionError(
                f"The content cannot be read: {error.strerror}.", code="STORAGE_FAILED"
            ) from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise ActionError("The stored content has been changed.", code="CONTENT_DAMAGED", where=digest)
        return content

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise PathOutsideRootError("A stored content is named by its SHA-256 in hexadecimal digits.")
        return self._folder / digest[:2] / digest


def _write_whole(target: Path, content: bytes) -> None:
    """Write so that a reader sees the whole file or none."""
    handle, name = tempfile.mkstemp(dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
