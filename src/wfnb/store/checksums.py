"""Checksums over the pages of a state file: a value that was changed on the disk is refused, and never taken for data.

SQLite brings a shim for this, and apsw brings that along. Each page ends with eight bytes that are written when the log is
copied into the file, and looked at whenever the page is read. It is for files that were begun with room for them; others it
leaves as they are. A program that copies the log without the shim leaves pages behind that do not fit: docs/adr/0018.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import apsw

from wfnb.errors import StoreError
from wfnb.store.faults import damaged
from wfnb.store.statements import TRANSACTION
from wfnb.store.write_ahead import turn_on

__all__ = ["SUMMED", "are_overlooked", "begin", "check_header", "use"]

SUMMED = (
    0x77666E63  # “wfnc” in ASCII: what stands in the header of a file with checksums, in the place of “wfnb”
)
_ROOM = 8  # bytes at the end of each page; the shim knows no other number
_BUSY_MS = 30_000


@cache
def _loaded() -> bool:
    """Load the shim; whether that worked. It becomes the default for all connections of this process."""
    from apsw import sqlite_extra

    connection = apsw.Connection(":memory:")
    try:
        sqlite_extra.load(connection, "cksumvfs")
    except (LookupError, sqlite_extra.NotAvailable, apsw.ExtensionLoadingError):
        return False
    finally:
        connection.close()
    return True


def use(where: str) -> None:
    """From now on connections look at checksums.

    Raises
    ------
    StoreError
        ``CHECKSUMS_MISSING`` when this SQLite has none.
    """
    if not _loaded():
        raise StoreError(
            "The state file has checksums, and this installation of apsw cannot keep them.",
            code="CHECKSUMS_MISSING",
            where=where,
            hint="Install apsw from its wheel, which brings SQLite's extensions along.",
        )


def begin(path: Path) -> None:
    """Give a file that is empty its first page, with room for checksums; one that is not stays as it is.

    By a connection of its own: one that has seen the file without that page would go on without checksums.
    """
    if path.stat().st_size:
        return
    use(str(path))
    connection = apsw.Connection(str(path))
    try:
        connection.set_busy_timeout(_BUSY_MS)
        connection.reserve_bytes(reserve=_ROOM)
        turn_on(connection)
    finally:
        connection.close()


def are_overlooked(connection: apsw.Connection) -> bool:
    """Whether the file has checksums that this connection does not look at."""
    connection.execute(TRANSACTION.schema_version).fetchall()  # reads the first page, if there is one
    return connection.reserve_bytes() == _ROOM and not connection.pragma("checksum_verification")


def check_header(connection: apsw.Connection, application: int, where: str) -> bool:
    """Whether the file has checksums. A header that says so here and not there is damaged.

    Raises
    ------
    StoreError
        ``STORE_DAMAGED``.
    """
    room = connection.reserve_bytes() == _ROOM
    if application == SUMMED and not room:
        raise damaged(where, "its header does not say what its pages are like")
    return room
