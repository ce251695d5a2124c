"""The tables beside the runs, for plain SQL on a PostgreSQL server.

The statements are those of `wfnb.store.database`: ``?`` stands for a value, whatever its type. Values are put into the text by
the driver, which knows how, and not by the server, which would have to guess the types of values that are null.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.rows import tuple_row

from wfnb.store.database import Session, Values
from wfnb.store.postgres_connections import Connections
from wfnb.store.postgres_sessions import Link
from wfnb.store.postgres_statements import TRANSACTION

__all__ = ["PostgresDatabase", "with_driver_marks"]

# Strings, quoted names and comments are left alone.
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|\?|%")


@lru_cache(maxsize=512)
def with_driver_marks(sql: str) -> str:
    """The statement with the driver's marks for values in the place of ``?``.

    Examples
    --------
    >>> with_driver_marks("SELECT '?' FROM t WHERE a = ? AND b % 2 = 1")
    "SELECT '?' FROM t WHERE a = %s AND b %% 2 = 1"
    """
    return _TOKEN.sub(lambda token: "%s" if token[0] == "?" else token[0].replace("%", "%%"), sql)


class _NumericLoader(Loader):
    """Sums of whole numbers are whole numbers, as in SQLite."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return float(text) if "." in text or "N" in text else int(text)


class _PostgresSession:
    def __init__(self, link: Link) -> None:
        self._cursor = psycopg.ClientCursor(link, row_factory=tuple_row)
        self._cursor.adapters.register_loader("numeric", _NumericLoader)

    def execute(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        found = self._cursor.execute(with_driver_marks(sql), tuple(map(_plain, values)))
        return found.fetchall() if found.description else []


class PostgresDatabase:
    """The tables in a schema."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """See `Database.reading`."""
        with self._connections.block(TRANSACTION.begin_read) as link:
            yield _PostgresSession(link)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """See `Database.writing`. One after the other, as in a file: what was read in it is true until its end."""
        with self._connections.block(TRANSACTION.begin_write) as link:
            link.execute(TRANSACTION.lock_tables)
            yield _PostgresSession(link)


def _plain(value: Any) -> Any:
    """Truth is a number in these tables."""
    return int(value) if isinstance(value, bool) else value
