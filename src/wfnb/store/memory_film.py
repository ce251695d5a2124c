"""What a debugger reads of a run of any length, from memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter

from wfnb.store.memory_base import MemoryBase, read_cells
from wfnb.store.memory_tables import Cells
from wfnb.store.records import StepRow, StepTally

__all__ = ["MemoryFilm"]

_WAITS = ("event.wait", "time.wait", "human.task")


class MemoryFilm(MemoryBase):
    """The part of the store that debuggers read."""

    def step_ends(self, run_no: int, from_seq: int, limit: int) -> list[tuple[int, int | None, int]]:
        """See `wfnb.store.port.Store.step_ends`."""
        with self._turn():
            chosen = islice((row for row in self._steps(run_no) if row["seq"] >= from_seq), limit)
            return [(row["seq"], row["end_seq"], _mark(row)) for row in chosen]

    def steps_at(self, run_no: int, seqs: Sequence[int]) -> list[StepRow]:
        """Steps that began at these macrosteps, in that order."""
        wanted = set(seqs)
        with self._turn():
            return [
                StepRow(**read_cells(row, "error")) for row in self._steps(run_no) if row["seq"] in wanted
            ]

    def tallies(self, run_no: int, after: int, upto: int, width: int) -> list[StepTally]:
        """See `wfnb.store.port.Store.tallies`."""
        groups: dict[tuple[int, str, str], list[Cells]] = {}
        with self._turn():
            for row in self._steps(run_no):
                if row["end_seq"] is not None and after < row["end_seq"] <= upto:
                    stretch = (row["end_seq"] - after - 1) // width
                    groups.setdefault((stretch, row["step_id"], row["branch"] or ""), []).append(row)
            return [_tally(key[0], groups[key]) for key in sorted(groups)]

    def _steps(self, run_no: int) -> Iterator[Cells]:
        return iter(sorted(self._tables.steps.of_run(run_no), key=itemgetter("seq")))


def _mark(row: Cells) -> int:
    if row["error"] is not None:
        return 1 if row["handled_by"] == "retry" else 2
    return 3 if row["type"] in _WAITS else 0


def _tally(stretch: int, rows: list[Cells]) -> StepTally:
    last = max(rows, key=itemgetter("end_seq"))
    handlers = [row["handled_by"] for row in rows if row["handled_by"] and row["handled_by"].endswith(".try")]
    return StepTally(
        stretch,
        last["step_id"],
        last["branch"],
        min(row["instance"] for row in rows),
        max(handlers, default=None),
        last["status"],
        len(rows),
        sum(row["ended_us"] - row["started_us"] for row in rows),
        last["end_seq"],
    )
