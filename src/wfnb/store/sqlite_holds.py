"""Holds on runs in a state file."""

from __future__ import annotations

from wfnb.store import decode
from wfnb.store.records import RunRow
from wfnb.store.sqlite_waits import SqliteWaits
from wfnb.store.statements import HOLDS

__all__ = ["SqliteHolds"]


class SqliteHolds(SqliteWaits):
    """The part of `wfnb.store.port.Store` that is about holds."""

    def now_us(self, clock_us: int) -> int:
        """The moment by which leases and holds are judged: the caller's, because whoever uses a file is on one machine."""
        return clock_us

    def change_hold(self, run_no: int, seen: str | None, hold: str | None, stands_us: int | None) -> bool:
        """Put another hold in the place of the one that was seen; False when that is not there any more."""
        return self._change(HOLDS.change, (run_no, seen, hold, stands_us)) > 0

    def stand(  # noqa: PLR0917 - what is given back, what was seen, and what is to be true then
        self, run_no: int, epoch: int, seen: str, hold: str, stands_us: int, ready_us: int | None
    ) -> bool:
        """Give a run back until its hold lets it go on; False when the hold has changed, or the run has another owner."""
        return self._change(HOLDS.stand, (run_no, epoch, seen, hold, stands_us, ready_us)) > 0

    def held_runs(self) -> list[RunRow]:
        """Runs that are not over and have a hold, oldest first."""
        return self._all(decode.run_row, HOLDS.held)
