"""Messages of a mailbox: a folder of .eml files, a Maildir, or an mbox file."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wfnb.errors import LimitExceeded, NotFoundError
from wfnb.maildesk.mail import MESSAGE_BYTES

__all__ = ["MailboxMessage", "read_mailbox"]

_MAILDIR = ("cur", "new")


class MailboxMessage(NamedTuple):
    """A message and where it lies.

    Parameters
    ----------
    label
        File name, or number in the mbox file, counted from 1.
    content
        The message as it came.
    """

    label: str
    content: bytes


def read_mailbox(path: str | Path) -> Iterator[MailboxMessage]:
    """Read the messages of a mailbox, one at a time.

    A folder with ``cur`` and ``new`` is a Maildir, any other folder holds ``.eml`` files, and a file is an mbox. Files are
    read in the order of their names. Links that lead out of the folder are left out.

    Parameters
    ----------
    path
        Folder or file.

    Yields
    ------
    MailboxMessage
        A message.

    Raises
    ------
    NotFoundError
        ``MAILBOX_NOT_FOUND``; ``MAILBOX_UNREADABLE`` for a file that cannot be read or is not an mbox.
    LimitExceeded
        ``MESSAGE_TOO_LARGE``.
    """
    root = Path(path)
    try:
        if not root.exists():
            raise NotFoundError(f"There is no mailbox {root.name}.", code="MAILBOX_NOT_FOUND")
        yield from _read_folder(root) if root.is_dir() else _read_mbox(root)
    except OSError as error:
        raise NotFoundError(
            f"The mailbox {root.name} cannot be read: {error.strerror}.", code="MAILBOX_UNREADABLE"
        ) from None


def _read_folder(root: Path) -> Iterator[MailboxMessage]:
    if all((root / name).is_dir() for name in _MAILDIR):
        files = [
            file for name in _MAILDIR for file in (root / name).iterdir() if not file.name.startswith(".")
        ]
    else:
        files = list(root.glob("*.eml"))
    inside = root.resolve()
    for file in sorted(files, key=lambda file: file.name):
        if file.is_file() and file.resolve().is_relative_to(inside):
            _check_size(file.stat().st_size, file.name)
            yield MailboxMessage(file.name, file.read_bytes())


def _read_mbox(file: Path) -> Iterator[MailboxMessage]:
    with file.open("rb") as lines:
        if lines.read(5) not in (b"From ", b""):
            raise NotFoundError(
                f"The file {file.name} is not an mbox.",
                code="MAILBOX_UNREADABLE",
                hint="An mbox begins with “From ”. Put single messages into a folder, as .eml files.",
            )
    box = mailbox.mbox(file, create=False)
    try:
        for number, key in enumerate(box.iterkeys(), start=1):
            with box.get_file(key) as stored:
                content = stored.read(MESSAGE_BYTES + 1)
            _check_size(len(content), f"{file.name}, message {number}")
            yield MailboxMessage(f"{file.name}:{number}", _unescape(content))
    finally:
        box.close()


def _unescape(content: bytes) -> bytes:
    """An mbox marks lines that begin with “From ” by ``>``."""
    return b"\n".join(
        line[1:] if line.lstrip(b">").startswith(b"From ") and line.startswith(b">") else line
        for line in content.split(b"\n")
    )


def _check_size(size: int, where: str) -> None:
    if size > MESSAGE_BYTES:
        raise LimitExceeded(
            f"The message has {size:,} bytes; {MESSAGE_BYTES:,} are allowed.",
            code="MESSAGE_TOO_LARGE",
            where=where,
        )
