"""What every part of the store in memory rests on: the tables, one transaction after the other, and rows as values."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from wfnb.store.database import Database, MemoryDatabase
from wfnb.store.memory_tables import Cells
from wfnb.store.memory_write import Tables
from wfnb.store.records import InboxRow, RunRow, WaitRow
from wfnb.store.refusals import closed
from wfnb.store.text import load

__all__ = ["MemoryBase", "inbox_of", "read_cells", "run_of", "wait_of"]


class MemoryBase:
    """Tables, and whose turn it is to use them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._tables = Tables()
        self._database: Database | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def location(self) -> str:
        """Where the tables are, for people."""
        return "memory"

    @property
    def database(self) -> Database:
        """The tables that are not on the way of a step; made when they are asked for."""
        with self._lock:
            if self._database is None:
                self._database = MemoryDatabase()
            return self._database

    def close(self) -> None:
        """Forget everything. Further calls fail."""
        with self._lock:
            self._closed = True

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One transaction after the other."""
        with self._lock:
            if self._closed:
                raise closed(self.location)
            yield


def read_cells(cells: Cells, *columns: str) -> Cells:
    """A copy with the JSON text in some columns read."""
    return {**cells, **{column: load(cells[column]) for column in columns}}


def run_of(cells: Cells) -> RunRow:
    """A run as a value."""
    return RunRow(**read_cells(cells, "error", "edits", "fixtures"))


def wait_of(cells: Cells) -> WaitRow:
    """A wait as a value."""
    return WaitRow(**read_cells(cells, "filters", "task", "answer"))


def inbox_of(cells: Cells) -> InboxRow:
    """A submission as a value."""
    return InboxRow(**read_cells(cells, "payload"))
