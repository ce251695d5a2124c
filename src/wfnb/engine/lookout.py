"""The lookout: finds runs that can go on and that nobody drives in the tables, and hands them over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wfnb.engine.clock import Clock
from wfnb.engine.dispatch import Crew, Dispatcher
from wfnb.store.port import Store

__all__ = ["Lookout"]

_PASSES = 20  # of one look: other engines may be quicker with a run, again and again


class Lookout(Dispatcher):
    """Looks for runs in the tables. See `Dispatcher` for its parameters."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        store: Store,
        clock: Clock,
        crew: Crew,
        fire: Callable[[], int | None] = lambda: None,
    ) -> None:
        super().__init__(loop, store, clock, crew, fire)
        self._alarm: asyncio.TimerHandle | None = None

    def look(self, extra: int = 0) -> None:
        """Hand over runs that can go on and that nobody drives, oldest first, as many as there is room for.

        Those that could not be driven stand in the way of nobody: so many more are asked for, and `extra`.
        """
        self._fire_due()
        for _ in range(_PASSES):
            room = self._crew.room()
            if self._closed or room <= 0:
                return
            now_us, lease_us = self._clock.ready_us(), self._store.now_us(self._clock.lease_us())
            limit = room + max(extra, self._crew.left_out())
            found = self._store.ready_runs(now_us, lease_us, self._dead, limit)
            wanted = [run for run in found if self._crew.wants(run.run_no)]
            for run in wanted[:room]:
                self._crew.take_up(run)
            if len(wanted) < room:
                break
        self._set_alarm()

    def _set_alarm(self) -> None:
        """Look again when the next parked run is due."""
        if self._clock.simulated:
            return
        now_us = self._clock.ready_us()
        moments = (self._store.next_ready_us(now_us), self._fires_us)
        due_us = min((moment for moment in moments if moment is not None), default=None)
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if due_us is not None and due_us < now_us + self._crew.pace.round_s * 1_000_000:
            wait_s = max(0.001, (due_us - now_us) / 1_000_000)
            self._alarm = self._loop.call_later(wait_s, self.quietly, self.look)
