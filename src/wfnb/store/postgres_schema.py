"""Opening a schema on a server: is it one of ours, of which version, and what brings it up to date."""

from __future__ import annotations

from wfnb.errors import StoreError
from wfnb.store.postgres_address import Address
from wfnb.store.postgres_connections import Connections
from wfnb.store.postgres_faults import foreign
from wfnb.store.postgres_sessions import Link
from wfnb.store.postgres_statements import MIGRATIONS, SCHEMA, TRANSACTION

__all__ = ["prepare"]

_OLDEST_SERVER = 140_000  # version 14: what older ones do is not tested


def prepare(connections: Connections) -> None:
    """Make an empty schema a state store, or bring an older one up to date.

    Raises
    ------
    StoreError
        ``POSTGRES_TOO_OLD``; ``STORE_FOREIGN`` when the schema holds something else, ``STORE_TOO_NEW`` when a newer wfnb
        wrote it.
    """
    address = connections.address
    version = connections.read(lambda link: _version(link, address))
    if version < len(MIGRATIONS):
        with connections.block(TRANSACTION.begin_write) as link:
            _migrate(link, address)


def _migrate(link: Link, address: Address) -> None:
    link.execute(SCHEMA.lock, (address.schema,))
    link.execute(SCHEMA.name, (address.schema,))
    link.execute(SCHEMA.create)
    # Another process may have been faster: look again, now that nobody else can.
    for number in range(_version(link, address), len(MIGRATIONS)):
        link.execute(MIGRATIONS[number], prepare=False)  # a script of many statements cannot be prepared
        link.execute(SCHEMA.migrated, (number + 1,))


def _version(link: Link, address: Address) -> int:
    (number, name, _), *_ = link.execute(SCHEMA.server).fetchall()
    if number < _OLDEST_SERVER:
        raise StoreError(
            f"PostgreSQL {name} is too old; 14 or newer is needed.",
            code="POSTGRES_TOO_OLD",
            where=address.where,
        )
    (marked,), *_ = link.execute(SCHEMA.marked, (address.schema,)).fetchall()
    if not marked:
        (tables,), *_ = link.execute(SCHEMA.count_tables, (address.schema,)).fetchall()
        if tables:
            raise foreign(address.where)
        return 0
    (version,), *_ = link.execute(SCHEMA.version).fetchall()
    if version is None:
        raise foreign(address.where)
    if version > len(MIGRATIONS):
        raise StoreError(
            f"The store has schema version {version}; this wfnb knows up to {len(MIGRATIONS)}.",
            code="STORE_TOO_NEW",
            where=address.where,
            hint="Install a newer wfnb, or name another schema.",
        )
    return int(version)
