"""Opening a state file: is it one of ours, of which schema version, and what brings it up to date."""

from __future__ import annotations

from pathlib import Path

import apsw

from wfnb.errors import StoreError
from wfnb.store.checksums import SUMMED, check_header
from wfnb.store.connections import Connections
from wfnb.store.faults import foreign
from wfnb.store.statements import TRANSACTION, migrations
from wfnb.store.write_ahead import turn_on

__all__ = ["check_library", "prepare"]

_APPLICATION = 0x77666E62  # “wfnb” in ASCII: what stands in the header of a state file
_OLDEST_LIBRARY = (3, 51, 3)  # older ones can damage a file that several processes use: docs/adr/0002


def check_library(version: str) -> None:
    """Refuse a SQLite that cannot be trusted.

    Parameters
    ----------
    version
        Such as ``3.53.0``.

    Raises
    ------
    StoreError
        ``SQLITE_TOO_OLD``.
    """
    parts = tuple(int(part) for part in version.split(".")[:3])
    if parts < _OLDEST_LIBRARY:
        raise StoreError(
            f"SQLite {version} can damage files that several processes use; 3.51.3 or newer is needed.",
            code="SQLITE_TOO_OLD",
            hint="Install a newer apsw.",
        )


def prepare(connections: Connections, path: Path) -> None:
    """Make an empty file a state store, or bring an older one up to date.

    Raises
    ------
    StoreError
        ``STORE_FOREIGN`` when it is something else, ``STORE_TOO_NEW`` when a newer wfnb wrote it.
    """
    scripts = migrations()
    with connections.reading() as connection:
        version, summed = _version(connection, path, len(scripts))  # before anything in the file is changed
        turn_on(connection)
    if version < len(scripts):
        with connections.writing() as connection:
            # Another process may have been faster: look again, now that nobody else can write.
            for script in scripts[_version(connection, path, len(scripts))[0] :]:
                connection.execute(script)
            connection.execute(TRANSACTION.mark_application)
            if summed:
                connection.pragma("application_id", SUMMED)
            connection.pragma("user_version", len(scripts))
    connections.guard()


def _version(connection: apsw.Connection, path: Path, newest: int) -> tuple[int, bool]:
    """The schema version, and whether the file has checksums."""
    application = connection.execute(TRANSACTION.application_id).get
    version: int = connection.execute(TRANSACTION.schema_version).get
    if application not in (_APPLICATION, SUMMED) and (
        application or version or connection.execute(TRANSACTION.count_tables).get
    ):
        raise foreign(str(path))
    if version > newest:
        raise StoreError(
            f"The state file has schema version {version}; this wfnb knows up to {newest}.",
            code="STORE_TOO_NEW",
            where=str(path),
            hint="Install a newer wfnb, or name another folder.",
        )
    return version, check_header(connection, application, str(path))
