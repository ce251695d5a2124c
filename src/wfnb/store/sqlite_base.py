"""What every part of the SQLite store rests on: the connections, and reading rows into values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import apsw

from wfnb.store.connections import Connections
from wfnb.store.database import Database, SqliteDatabase
from wfnb.store.schema import check_library, prepare

__all__ = ["SqliteBase"]

T = TypeVar("T")


class SqliteBase:
    """A state file, opened and brought up to date."""

    def __init__(self, path: str | Path, *, checksums: bool = False) -> None:
        check_library(apsw.sqlite_lib_version())
        self._path = Path(path).absolute()
        self._connections = Connections(self._path, summed=checksums)
        self._database = SqliteDatabase(self._connections)
        try:
            prepare(self._connections, self._path)
        except BaseException:
            self._connections.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def location(self) -> str:
        """Path of the file."""
        return str(self._path)

    @property
    def address(self) -> str:
        """What another process opens this store by."""
        return str(self._path)

    @property
    def database(self) -> Database:
        """The tables that are not on the way of a step."""
        return self._database

    def close(self) -> None:
        """Close the connections of all threads; any thread may call it, also twice. Further calls fail."""
        self._connections.close()

    def _all(self, make: Callable[[Sequence[Any]], T], sql: str, values: tuple[Any, ...] = ()) -> list[T]:
        with self._connections.reading() as db:
            return [make(row) for row in db.execute(sql, values)]

    def _one(self, make: Callable[[Sequence[Any]], T], sql: str, values: tuple[Any, ...]) -> T | None:
        with self._connections.reading() as db:
            found = db.execute(sql, values).fetchall()
            return make(found[0]) if found else None

    def _change(self, sql: str, values: tuple[Any, ...]) -> int:
        with self._connections.writing() as db:
            db.execute(sql, values)
            return db.changes()
