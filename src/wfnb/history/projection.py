"""The projection: a disposable DuckDB file, or the memory of this process, asked in short connections."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb

from wfnb.errors import QueryError
from wfnb.history.connect import Busy, open_file, open_memory
from wfnb.history.fill import Unusable, begin, catch_up, has_purged, pending, watermark
from wfnb.store.port import Store

__all__ = ["Progress", "Projection"]

Answer = TypeVar("Answer")
Question = Callable[[duckdb.DuckDBPyConnection], Answer]

# Another process has the file for milliseconds, unless a long question is asked there: then memory is quicker.
_PATIENCE_S = 1.0
_PAUSE_S = 0.02

_file_locks: dict[str, threading.RLock] = {}
_file_locks_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Progress:
    """What bringing the history up to date did.

    Parameters
    ----------
    rows
        Changed rows that were taken in.
    rev
        Revision of the store up to which everything is known now.
    place
        ``file``, or ``memory`` when there is no file or another process has it.
    rebuilt
        Whether the history was built from the beginning.
    """

    rows: int
    rev: int
    place: str
    rebuilt: bool


class Projection:
    """History as columns, always up to date when it is asked.

    Parameters
    ----------
    store
        Where the truth is.
    path
        File of the projection; in memory when absent. It may be deleted at any time.
    """

    def __init__(self, store: Store, path: Path | None) -> None:
        self._store = store
        self._path = path
        self._memory: duckdb.DuckDBPyConnection | None = None
        self._lock = _lock_of(path)

    def refresh(self) -> Progress:
        """Take in what changed since the last time."""
        return self.ask(lambda _connection: None)[1]

    def ask(self, question: Question[Answer]) -> tuple[Answer, Progress]:
        """Bring the projection up to date and put a question to it.

        The question gets a hardened connection, read-only when it is a file's. It may be put twice, when the file turns
        out to be damaged.
        """
        with self._lock:
            if self._path is not None:
                answered = self._ask_file(question, self._path)
                if answered is not None:
                    self._forget_memory()
                    return answered
            return self._ask_memory(question)

    def close(self) -> None:
        """Give the memory back. A later question builds it again."""
        with self._lock:
            self._forget_memory()

    def _ask_file(self, question: Question[Answer], path: Path) -> tuple[Answer, Progress] | None:
        """Answer from the file, built again once if need be; None when it cannot be used now."""
        rebuilt = not path.exists()
        for _ in range(2):
            try:
                current = self._ask_current(question, path)
                return current if current is not None else self._ask_updated(question, path, rebuilt=rebuilt)
            except Busy:
                return None
            except (Unusable, duckdb.Error):
                rebuilt = True
                if not _remove(path):
                    return None
        return None

    def _ask_current(self, question: Question[Answer], path: Path) -> tuple[Answer, Progress] | None:
        """Answer when nothing has changed since; readers do not exclude each other, and one opening is enough."""
        if not path.exists():
            return None
        with self._opened(path, read_only=True) as connection:
            mark = watermark(connection, self._store)
            if pending(self._store, mark).rev > mark or has_purged(connection, self._store):
                return None
            return question(connection), Progress(0, mark, "file", rebuilt=False)

    def _ask_updated(
        self, question: Question[Answer], path: Path, *, rebuilt: bool
    ) -> tuple[Answer, Progress]:
        with self._opened(path, read_only=False) as connection:
            path.chmod(0o600)
            _begin_if_empty(connection, self._store)
            rows = catch_up(connection, self._store)
        with self._opened(path, read_only=True) as connection:
            mark = watermark(connection, self._store)
            return question(connection), Progress(rows, mark, "file", rebuilt)

    @contextmanager
    def _opened(self, path: Path, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._open_patiently(path, read_only=read_only)
        try:
            yield connection
        finally:
            connection.close()

    def _open_patiently(self, path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + (_PATIENCE_S if self._memory is None else 0.0)
        while True:
            try:
                return open_file(path, read_only=read_only)
            except Busy:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_PAUSE_S)

    def _ask_memory(self, question: Question[Answer]) -> tuple[Answer, Progress]:
        rebuilt = self._memory is None
        for last in (False, True):
            try:
                if self._memory is None:
                    self._memory = open_memory()
                    begin(self._memory, self._store)
                rows = catch_up(self._memory, self._store)
                mark = watermark(self._memory, self._store)
                return question(self._memory), Progress(rows, mark, "memory", rebuilt)
            except (Unusable, duckdb.Error) as error:
                self._forget_memory()
                rebuilt = True
                if last:
                    raise QueryError(
                        "DuckDB failed on this question.",
                        code="QUERY_FAILED",
                        hint="Put the question in another way; the runs themselves are not affected.",
                    ) from error
        raise AssertionError("the second round answers or raises")

    def _forget_memory(self) -> None:
        if self._memory is not None:
            self._memory.close()
            self._memory = None


def _lock_of(path: Path | None) -> threading.RLock:
    """One lock per file and process: two connections of one process must not differ in their settings."""
    if path is None:
        return threading.RLock()
    with _file_locks_guard:
        return _file_locks.setdefault(os.path.realpath(path), threading.RLock())


def _begin_if_empty(connection: duckdb.DuckDBPyConnection, store: Store) -> None:
    """A file that was just made, or whose making was interrupted, has no tables yet."""
    if connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,):
        begin(connection, store)


def _remove(path: Path) -> bool:
    """Throw the file away; False when that is not allowed. Its log goes first: a log without its file is no history."""
    try:
        Path(f"{path}.wal").unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True
