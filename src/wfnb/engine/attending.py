"""The part of an engine that attends to held runs: what it holds itself, waiting for what comes of it, and performing a step itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from wfnb.engine.driver import Driver
from wfnb.engine.holds import Holds
from wfnb.engine.loop_thread import LoopThread
from wfnb.engine.pace import Pace
from wfnb.engine.refusals import not_held
from wfnb.errors import StoreError, WfnbError
from wfnb.machine.messages import Command
from wfnb.store.port import Store
from wfnb.store.records import RunRow

__all__ = ["Attending"]

_FIRST_S, _LONGEST_S = 0.005, 0.2  # between two looks at a run that another process drives


class Attending:
    """The part of an engine that attends to held runs."""

    attached: Holds
    pace: Pace
    _changed: threading.Condition
    _drivers: dict[int, Driver]
    _faults: dict[int, WfnbError]
    _held: dict[int, Driver]
    _loop: asyncio.AbstractEventLoop
    _store: Store
    _thread: LoopThread

    def wants(self, run_no: int) -> bool:
        """Whether it would drive this run."""
        raise NotImplementedError

    def take_up(self, run: RunRow) -> None:
        """Drive a run, if nobody was quicker."""
        raise NotImplementedError

    def _row(self, run_id: str) -> RunRow:
        raise NotImplementedError

    def _load(self, run: RunRow) -> Driver:
        raise NotImplementedError

    def _step(self, driver: Driver) -> Coroutine[Any, Any, None]:
        raise NotImplementedError

    def _release_held(self, driver: Driver) -> None:
        raise NotImplementedError

    # --- runs that are held in this process

    def step(self, run_id: str) -> RunRow:
        """Drive a held run until one step has ended.

        Raises
        ------
        CommandError
            ``NOT_HELD`` when the run is not held here.
        """
        driver = self._driver(run_id)
        if not driver.state.terminal:
            self._thread.wait_for(self._step(driver))
        return driver.run

    def let_go(self, run_id: str) -> None:
        """Drive a held run on to its end, without holding it any longer."""
        driver = self._driver(run_id)
        self._thread.call(lambda: self._release_held(driver))

    def give(self, run_id: str, command: Command) -> RunRow:
        """Have a held run take in what a person does to it.

        Raises
        ------
        CommandError
            ``NOT_HELD``; what the machine has against the command.
        """
        driver = self._driver(run_id)
        self._thread.call(lambda: driver.give(command))
        return driver.run

    def holds(self, run_id: str) -> bool:
        """Whether a run is held here."""
        return any(driver.state.run_id == run_id for driver in self._held.values())

    def next_step(self, run_id: str) -> tuple[str, str, str] | None:
        """Id, instance path and type of the step at which a held run stands."""
        return self._driver(run_id).next_step()

    def ahead(self, run_id: str) -> tuple[str, str, str] | None:
        """The same for a run that this engine holds, whoever drives it; None for any other."""
        if self.holds(run_id):
            return self.next_step(run_id)
        run = self._row(run_id)
        return self._load(run).next_step() if self.attached.mine(run) and not run.over else None

    def _driver(self, run_id: str) -> Driver:
        for driver in self._held.values():
            if driver.state.run_id == run_id:
                return driver
        raise not_held(run_id)

    # --- runs that are held wherever they are

    async def listen(self) -> None:
        """Tell drivers of holds, so that one that is at work on a long call begins nothing behind it."""
        while True:
            await asyncio.sleep(self.pace.look_s)
            with suppress(StoreError):
                for run in self._store.held_runs() if self._drivers else ():
                    if run.run_no in self._drivers and run.owner == self.attached.key:
                        self._drivers[run.run_no].hear(run.hold)

    def until(self, run_id: str, true: Callable[[RunRow], bool], timeout_s: float) -> RunRow | None:
        """Wait for something to be true of a run, whoever drives it; None when it is not within `timeout_s`."""
        deadline = self._loop.time() + timeout_s
        pause = _FIRST_S
        while True:
            with self._changed:
                run = self._row(run_id)
                if true(run):
                    return run
                left = deadline - self._loop.time()
                if left <= 0:
                    return None
                self._changed.wait(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_S)

    def perform(self, run_id: str) -> WfnbError | None:
        """Drive a run here that nobody else drives, also when this engine drives nothing; what keeps it from that."""

        def take() -> WfnbError | None:
            run = self._row(run_id)
            self._faults.pop(run.run_no, None)
            if self.wants(run.run_no) and not run.over:
                self.take_up(run)
            return self._faults.get(run.run_no)

        return self._thread.call(take)
