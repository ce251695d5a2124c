"""What every part of the PostgreSQL store rests on: the connections, and reading rows into values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from wfnb.store.database import Database
from wfnb.store.postgres_address import address_of
from wfnb.store.postgres_connections import Connections
from wfnb.store.postgres_database import PostgresDatabase
from wfnb.store.postgres_jobs import JobQueue
from wfnb.store.postgres_schema import prepare

__all__ = ["PostgresBase"]

T = TypeVar("T")


class PostgresBase:
    """A schema on a server, opened and brought up to date."""

    def __init__(self, url: str, *, schema: str | None = None, patience_s: float = 10.0) -> None:
        self._connections = Connections(address_of(url, schema), patience_s)
        self._database = PostgresDatabase(self._connections)
        self.jobs = JobQueue(self._connections)
        try:
            prepare(self._connections)
        except BaseException:
            self._connections.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.location}>"

    @property
    def location(self) -> str:
        """Address of the database, without the password."""
        return self._connections.where

    @property
    def address(self) -> str:
        """What another process opens this store by; it may hold a password and is shown to nobody."""
        return self._connections.address.url

    @property
    def database(self) -> Database:
        """The tables that are not on the way of a step."""
        return self._database

    def close(self) -> None:
        """Close the connections of all threads; any thread may call it, also twice. Further calls fail."""
        self._connections.close()

    def _all(self, make: Callable[[Sequence[Any]], T], sql: str, values: tuple[Any, ...] = ()) -> list[T]:
        return self._connections.read(
            lambda link: [make(row) for row in link.execute(sql, values).fetchall()]
        )

    def _one(self, make: Callable[[Sequence[Any]], T], sql: str, values: tuple[Any, ...]) -> T | None:
        found = self._all(make, sql, values)
        return found[0] if found else None

    def _value(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        found = self._all(tuple, sql, values)
        return found[0][0] if found else None

    def _change(self, sql: str, values: tuple[Any, ...]) -> int:
        """How many rows a statement changed that may be repeated."""
        return self._connections.write(lambda link: link.execute(sql, values), repeat=True).rowcount
