"""Plain SQL on the tables of the people who run the place: settings, drafts, secrets, schedules, workers, audit, logs.

These tables are not on the way of a step, so one set of statements serves every store: SQL that SQLite and PostgreSQL both
understand, with ``?`` for values.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeAlias

import apsw

from wfnb.store.connections import Connections
from wfnb.store.statements import migrations

__all__ = ["Database", "MemoryDatabase", "Session", "SqliteDatabase", "Values"]

Values: TypeAlias = Sequence[Any]


class Session(Protocol):
    """A transaction."""

    def execute(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Run one statement; its rows."""


class Database(Protocol):
    """Where the tables are."""

    def reading(self) -> AbstractContextManager[Session]:
        """A transaction that reads."""

    def writing(self) -> AbstractContextManager[Session]:
        """A transaction that is committed at the end of the block, and undone when the block raises."""


class _SqliteSession:
    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, tuple(values)).fetchall()


class SqliteDatabase:
    """The tables in a state file."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """See `Database.reading`."""
        with self._connections.snapshot() as connection:
            yield _SqliteSession(connection)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """See `Database.writing`."""
        with self._connections.writing() as connection:
            yield _SqliteSession(connection)


class MemoryDatabase:
    """The tables beside the store in memory: a SQLite of its own, one transaction after the other."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._connection = apsw.Connection(":memory:")
        for script in migrations():
            self._connection.execute(script)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """See `Database.reading`."""
        with self._lock:
            yield _SqliteSession(self._connection)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """See `Database.writing`."""
        with self._lock, self._connection:
            yield _SqliteSession(self._connection)
