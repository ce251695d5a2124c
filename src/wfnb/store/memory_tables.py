"""Tables in memory: rows by key, in the order in which they came, and a log of which row changed at which revision.

A row is a dictionary of columns that is changed in place, with JSON as text: so nobody outside holds a part of it, and changing
three columns of a run does not copy the other twenty.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Any, Generic, TypeAlias, TypeVar

__all__ = ["Cells", "Log", "Table"]

Cells: TypeAlias = dict[str, Any]
K = TypeVar("K", bound=Hashable)


class Log:
    """Revisions, and the rows that each of them changed."""

    def __init__(self) -> None:
        self.rev = 0
        self._entries: list[tuple[int, Table[Any], Hashable]] = []

    def next_revision(self) -> int:
        """Begin a revision."""
        self.rev += 1
        return self.rev

    def note(self, table: Table[Any], key: Hashable) -> None:
        """The current revision changed a row."""
        self._entries.append((self.rev, table, key))

    def after(self, rev: int, limit: int) -> tuple[int, dict[str, list[Cells]]]:
        """Rows that changed last after a revision, by table, and the revision up to which these are all.

        Whole revisions only: the one in which row number `limit` changed is the last.
        """
        found: dict[tuple[Table[Any], Hashable], Cells] = {}
        upto: int | None = None
        for number in range(bisect_right(self._entries, rev, key=_revision), len(self._entries)):
            at, table, key = self._entries[number]
            if upto is not None and at > upto:
                break
            row = table.rows[key]
            if row["rev"] == at:  # otherwise a later entry stands for it
                found[table, key] = row
                upto = at if len(found) >= limit else None
        rows: dict[str, list[Cells]] = defaultdict(list)
        for (table, _), row in sorted(found.items(), key=_place):
            rows[table.name].append(row)
        return self.rev if upto is None else upto, rows


def _revision(entry: tuple[int, Table[Any], Hashable]) -> int:
    return entry[0]


def _place(item: tuple[tuple[Table[Any], Any], Cells]) -> tuple[int, Any]:
    (table, key), row = item
    return row["rev"], (table.name, key)


class Table(Generic[K]):
    """Rows of one kind.

    Parameters
    ----------
    name
        What the rows are called in `Log.after`.
    log
        Notes each change.
    """

    def __init__(self, name: str, log: Log) -> None:
        self.name = name
        self.rows: dict[K, Cells] = {}
        self._log = log
        self._keys: defaultdict[int, list[K]] = defaultdict(list)

    def add(self, key: K, run_no: int, cells: Cells) -> None:
        """Add a row of a run, at the current revision."""
        cells["run_no"] = run_no
        cells["rev"] = self._log.rev
        self.rows[key] = cells
        self._keys[run_no].append(key)
        self._log.note(self, key)

    def change(self, key: K, **cells: Any) -> None:
        """Change columns of a row, at the current revision."""
        row = self.rows[key]
        row.update(cells)
        row["rev"] = self._log.rev
        self._log.note(self, key)

    def of_run(self, run_no: int) -> Iterable[Cells]:
        """Rows of a run in the order in which they were added."""
        return (self.rows[key] for key in self._keys.get(run_no, ()))
