"""Holds on runs in a schema."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

import psycopg

from wfnb.store import decode
from wfnb.store.postgres_clock import ServerClock
from wfnb.store.postgres_sessions import Link
from wfnb.store.postgres_statements import HOLDS, TRANSACTION
from wfnb.store.postgres_waits import PostgresWaits
from wfnb.store.records import RunRow

__all__ = ["PostgresHolds"]


class PostgresHolds(PostgresWaits):
    """The part of `wfnb.store.port.Store` that is about holds."""

    def now_us(self, clock_us: int) -> int:  # noqa: ARG002 - clients do not agree on it
        """The moment by which leases and holds are judged: the server's."""
        return self._server_clock.now_us()

    @cached_property
    def _server_clock(self) -> ServerClock:
        return ServerClock(lambda: cast("int", self._value(TRANSACTION.now)))

    def change_hold(self, run_no: int, seen: str | None, hold: str | None, stands_us: int | None) -> bool:
        """Put another hold in the place of the one that was seen; False when that is not there any more."""
        return self._change(HOLDS.change, (run_no, seen, hold, stands_us)) > 0

    def stand(  # noqa: PLR0917 - what is given back, what was seen, and what is to be true then
        self, run_no: int, epoch: int, seen: str, hold: str, stands_us: int, ready_us: int | None
    ) -> bool:
        """Give a run back until its hold lets it go on; False when the hold has changed, or the run has another owner."""

        def change(link: Link) -> psycopg.Cursor[tuple[Any, ...]]:
            link.execute(TRANSACTION.lock_run, (run_no,))
            return link.execute(HOLDS.stand, (run_no, epoch, seen, hold, stands_us, ready_us))

        return self._connections.write(change, repeat=True).rowcount > 0

    def held_runs(self) -> list[RunRow]:
        """Runs that are not over and have a hold, oldest first."""
        return self._all(decode.run_row, HOLDS.held)
