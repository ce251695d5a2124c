"""Holds on runs, in memory: the same promises as in a state file."""

from __future__ import annotations

from wfnb.store.memory_base import run_of
from wfnb.store.memory_waits import MemoryWaits
from wfnb.store.records import RunRow

__all__ = ["MemoryHolds"]


class MemoryHolds(MemoryWaits):
    """The part of `wfnb.store.port.Store` that is about holds."""

    def now_us(self, clock_us: int) -> int:
        """The moment by which leases and holds are judged: the caller's."""
        return clock_us

    def change_hold(self, run_no: int, seen: str | None, hold: str | None, stands_us: int | None) -> bool:
        """Put another hold in the place of the one that was seen; False when that is not there any more."""
        with self._turn():
            run = self._tables.runs.rows.get(run_no)
            if run is None or run["hold"] != seen:
                return False
            run["hold"] = hold
            self._tables.stand(run_no, stands_us)
            return True

    def stand(  # noqa: PLR0917 - what is given back, what was seen, and what is to be true then
        self, run_no: int, epoch: int, seen: str, hold: str, stands_us: int, ready_us: int | None
    ) -> bool:
        """Give a run back until its hold lets it go on; False when the hold has changed, or the run has another owner."""
        with self._turn():
            run = self._tables.open.get(run_no)
            if run is None or (run["epoch"], run["hold"]) != (epoch, seen):
                return False
            run["hold"] = hold
            self._tables.stand(run_no, stands_us)
            self._tables.park(run_no, epoch, ready_us)
            return True

    def held_runs(self) -> list[RunRow]:
        """Runs that are not over and have a hold, oldest first."""
        with self._turn():
            return [run_of(row) for row in self._tables.open.values() if row["hold"] is not None]
