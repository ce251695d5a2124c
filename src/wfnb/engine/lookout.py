"""The lookout: finds runs that can go on and that nobody drives, and hands them over, for as long as an engine lives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from wfnb.engine.clock import Clock
from wfnb.engine.owner import is_dead
from wfnb.engine.pace import Pace
from wfnb.store.port import Store
from wfnb.store.records import RunRow

__all__ = ["Crew", "Lookout", "dead_owners"]

_LOST = 2_000  # own runs that one look goes through: more than a kernel drives at once
_PASSES = 20  # of one look: other engines may be quicker with a run, again and again


class Crew(Protocol):
    """Who drives what the lookout finds."""

    @property
    def owner(self) -> str:
        """The name under which it holds leases."""

    @property
    def pace(self) -> Pace:
        """How often to look."""

    def room(self) -> int:
        """How many more runs it can drive now."""

    def left_out(self) -> int:
        """How many runs it could not drive."""

    def try_again(self) -> None:
        """Forget which runs it could not drive."""

    def wants(self, run_no: int) -> bool:
        """Whether it would drive this run: not one that it drives already, or could not drive."""

    def take_up(self, run: RunRow) -> None:
        """Drive a run, if nobody was quicker."""

    def renew(self) -> None:
        """Renew its leases."""


def dead_owners(store: Store, but: str | None = None) -> tuple[str, ...]:
    """Owners of runs whose process has ended on this machine; `but` is never one of them."""
    return tuple(owner for owner in store.owners() if owner != but and is_dead(owner))


class Lookout:
    """Looks for runs on the thread of its engine.

    Parameters
    ----------
    loop, store, clock
        The engine's.
    crew
        Who drives what is found.
    fire
        Starts what is scheduled for now; gives the moment at which something is next.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        store: Store,
        clock: Clock,
        crew: Crew,
        fire: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._fire = fire
        self._fires_us: int | None = 0
        self._loop = loop
        self._store = store
        self._clock = clock
        self._crew = crew
        self._dead: tuple[str, ...] = ()
        self._alarm: asyncio.TimerHandle | None = None
        self._closed = False
        self._called = False
        self._wide = False

    async def keep(self) -> None:
        """Renew leases, look for abandoned runs and for runs that can go on, for as long as the engine lives."""
        while not self._closed:
            pace = self._crew.pace
            self.quietly(self._crew.renew)
            self.quietly(self.look_around)
            for _ in range(max(1, round(pace.round_s / pace.look_s))):
                await asyncio.sleep(pace.look_s)
                self.quietly(self.look)

    def quietly(self, look: Callable[[], None]) -> None:
        """Look after runs, as far as the tables and the clock answer: who keeps them must outlive every fault of theirs."""
        if not self._closed:
            with suppress(Exception):
                look()

    def soon(self, *, around: bool = False) -> None:
        """Look before long; however many ask for it until then, it is one look. Any thread may ask."""
        self._wide |= around
        if not self._called:
            self._called = True
            self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        self._called = False
        wide, self._wide = self._wide, False
        self.quietly(self.look_around if wide else self.look)

    def look_around(self) -> None:
        """Also look at runs of owners that have died, and at runs that could not be driven before."""
        self._dead = dead_owners(self._store, self._crew.owner)
        self._fires_us = 0  # schedules may have changed, here or elsewhere
        left_out = self._crew.left_out()
        self._crew.try_again()
        self._look_for_lost()
        self.look(left_out)

    def _look_for_lost(self) -> None:
        """Hand over runs that the crew owns and does not know: a call that took one was done, and told as failed."""
        mine = (self._crew.owner,)
        found = self._store.ready_runs(self._clock.ready_us(), self._clock.lease_us(), mine, _LOST)
        for run in found:
            if run.owner in mine and self._crew.room() > 0 and self._crew.wants(run.run_no):
                self._crew.take_up(run)

    def look(self, extra: int = 0) -> None:
        """Hand over runs that can go on and that nobody drives, oldest first, as many as there is room for.

        Those that could not be driven stand in the way of nobody: so many more are asked for, and `extra`.
        """
        if self._fires_us is not None and self._fires_us <= self._clock.ready_us():
            self._fires_us = self._fire()
        for _ in range(_PASSES):
            room = self._crew.room()
            if self._closed or room <= 0:
                return
            now_us, lease_us = self._clock.ready_us(), self._clock.lease_us()
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

    def close(self) -> None:
        """Look no more."""
        self._closed = True
