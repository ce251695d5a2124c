"""Dispatch: how an engine comes by the runs that it drives, and the rounds that every way of it makes.

There are two: the lookout looks into the tables (`wfnb.engine.lookout`), and beyond one machine Procrastinate hands out jobs
(`wfnb.engine.jobs`). Both only find runs. Whether a run is this engine's to drive is told by its lease and its epoch.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol, TypeAlias

from wfnb.engine.clock import Clock
from wfnb.engine.owner import is_dead
from wfnb.engine.pace import Pace
from wfnb.store.port import Store
from wfnb.store.records import RunRow

__all__ = ["Crew", "Dispatch", "Dispatcher", "dead_owners"]

_LOST = 2_000  # own runs that one look goes through: more than a kernel drives at once


class Crew(Protocol):
    """Who drives what is found."""

    @property
    def owner(self) -> str:
        """The name under which it holds leases."""

    @property
    def pace(self) -> Pace:
        """How often to look."""

    @property
    def tasks(self) -> Mapping[int, asyncio.Task[None]]:
        """What it drives now, by the number of the run."""

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


class Dispatcher(ABC):
    """Finds runs for a crew, on the thread of its engine.

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
        self._closed = self._leaving = False
        self._called = False
        self._wide = False

    async def keep(self) -> None:
        """Renew leases, look for abandoned runs and for runs that can go on, for as long as the engine lives."""
        while not self._closed:
            pace = self._crew.pace
            self.quietly(self._crew.renew)
            self.quietly(self.look_around)
            pause_s = min(pace.look_s, pace.round_s)  # leases run out, however seldom it looks
            for _ in range(max(1, round(pace.round_s / pause_s))):
                await asyncio.sleep(pause_s)
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
        lease_us = self._store.now_us(self._clock.lease_us())
        found = self._store.ready_runs(self._clock.ready_us(), lease_us, mine, _LOST)
        for run in found:
            if run.owner in mine and self._crew.room() > 0 and self._crew.wants(run.run_no):
                self._crew.take_up(run)

    @abstractmethod
    def look(self, extra: int = 0) -> None:
        """Start what is scheduled, and see to the runs that can go on; `extra` of them could not be driven before."""

    def _fire_due(self) -> None:
        if self._fires_us is not None and self._fires_us <= self._clock.ready_us():
            self._fires_us = self._fire()

    def retire(self) -> None:
        """Find nothing more for the crew."""
        self._leaving = True

    def close(self) -> None:
        """Look no more."""
        self._closed = True

    async def gone(self) -> None:
        """Wait, after `close`, until nothing of it is left; what the crew drove has ended."""
        await asyncio.sleep(0)


Dispatch: TypeAlias = Callable[
    [asyncio.AbstractEventLoop, Store, Clock, Crew, Callable[[], int | None]], Dispatcher
]
"""Makes a dispatcher."""
