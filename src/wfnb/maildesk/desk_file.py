"""The desk's SQLite file: one connection per thread, short transactions, and operations that happen once."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

from wfnb.errors import ActionError, TransientError
from wfnb.model.values import JsonValue

__all__ = ["DeskFile", "Row"]

Row = dict[str, JsonValue]
"""One row of a query: values by column name."""

_BUSY_MS = 5_000  # another process may be writing; its transactions take milliseconds
_BUSY_CODES = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_KEY_CHARS = 2_000  # keys hold a message id and a few words; more is a mistake of the caller

_FIND_OPERATION = "SELECT result FROM operations WHERE kind = ? AND idempotency_key = ?"
_ADD_OPERATION = "INSERT INTO operations (kind, idempotency_key, result) VALUES (?, ?, ?)"


class DeskFile:
    """A SQLite file that several threads and processes may use at once.

    Parameters
    ----------
    path
        The file; it is created, with its tables, when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        schema = resources.files("wfnb.maildesk").joinpath("desk.sql").read_text(encoding="utf-8")
        with _translated():
            connection = self._connection()
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(schema)

    def close(self) -> None:
        """Close the connections of all threads; the object opens new ones when it is used again."""
        with self._lock:
            connections, self._open = self._open, []
            self._local = threading.local()
        for connection in connections:
            connection.close()

    def all(self, sql: str, values: tuple[JsonValue, ...] = ()) -> list[Row]:
        """All rows of a query.

        Raises
        ------
        TransientError
            ``DESK_BUSY``.
        ActionError
            ``DESK_UNREADABLE``.
        """
        with _translated():
            return [dict(row) for row in self._connection().execute(sql, values)]

    def one(self, sql: str, values: tuple[JsonValue, ...] = ()) -> Row | None:
        """The first row of a query, or None; raises like `all`."""
        with _translated():
            row = self._connection().execute(sql, values).fetchone()
            return dict(row) if row is not None else None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end of the block, undone when the block raises."""
        with _translated():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def once(self, kind: str, key: str, work: Callable[[sqlite3.Connection], Row]) -> Row:
        """Do `work` in a transaction, unless it was done under the same key before.

        Parameters
        ----------
        kind
            Name of the operation; keys of different kinds do not meet.
        key
            Idempotency key. The key and the result are committed together with the work.
        work
            Writes through the connection and returns a JSON object.

        Returns
        -------
        Row
            What `work` returned, now or the first time.

        Raises
        ------
        ActionError
            ``MISSING_KEY`` for an empty or endless key, ``DESK_REFUSED`` when a row does not fit the desk's rules.
        TransientError
            ``DESK_BUSY``.
        """
        if not key or len(key) > _KEY_CHARS:
            raise ActionError(
                f"An idempotency key has 1 to {_KEY_CHARS:,} characters, not {len(key):,}.",
                code="MISSING_KEY",
                where=kind,
            )
        with self.transaction() as connection:
            done = connection.execute(_FIND_OPERATION, (kind, key)).fetchone()
            if done is not None:
                first: Row = json.loads(done["result"])
                return first
            result = work(connection)
            connection.execute(_ADD_OPERATION, (kind, key, json.dumps(result)))
            return result

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # Only `close` uses a connection from another thread.
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
            )
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            # What the desk has answered is on the disk: the workflow will not ask for it again.
            connection.execute("PRAGMA synchronous = FULL")
            self._local.connection = connection
            with self._lock:
                self._open.append(connection)
        return connection


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn SQLite's errors into ours: a busy file is worth another try, nothing else is."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise ActionError(
            f"The desk refuses the row: {error}.",
            code="DESK_REFUSED",
            hint="Name clients, contacts, choices and tickets that the desk knows.",
        ) from None
    except (sqlite3.DatabaseError, OverflowError, UnicodeEncodeError) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY_CODES:
            raise TransientError("Another process keeps the desk busy.", code="DESK_BUSY") from None
        raise ActionError(f"The desk cannot be read or written: {error}.", code="DESK_UNREADABLE") from None
