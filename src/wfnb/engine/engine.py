"""The engine: a daemon thread with its own event loop that drives runs, so that a kernel never waits for one.

Cells and callbacks only hand in commands; all driving happens here. A run is driven by whoever holds its lease: at start, when
something new is registered, and every few seconds the engine looks for open runs whose owner is gone, and goes on with them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from wfnb.engine.children import child_run
from wfnb.engine.clock import Clock
from wfnb.engine.driver import Driver, Surroundings
from wfnb.engine.ids import Ids
from wfnb.engine.owner import is_dead, new_owner
from wfnb.engine.performers import Performer
from wfnb.engine.programs import Programs
from wfnb.engine.turns import Turns
from wfnb.errors import CommandError, NotFoundError, StaleWriterError, StoreError, WfnbError
from wfnb.limits import LIMITS
from wfnb.machine import kinds
from wfnb.machine.state import TERMINAL, State
from wfnb.model.values import JsonValue
from wfnb.registry.actions import ActionRegistry
from wfnb.store.port import Store, state_at
from wfnb.store.records import NewRun, RunRow

__all__ = ["Engine"]

_SCAN_S = 5.0  # how often runs of dead owners are looked for (pipeline specification, 4.14)
_POLL_S = 0.2  # how often a waiting kernel looks at a run that another process drives
T = TypeVar("T")


class Engine:
    """Drives the runs of one store in this process.

    Parameters
    ----------
    store, programs, actions
        The tables, the linked versions, the functions.
    clock, performer, ids, seed
        Time, how actions are called, how runs are named, and what places jitter.
    """

    def __init__(
        self,
        store: Store,
        programs: Programs,
        actions: ActionRegistry,
        *,
        clock: Clock,
        performer: Performer,
        ids: Ids,
        seed: int | None = None,
    ) -> None:
        self.owner = new_owner()
        self.clock = clock
        self.ids = ids
        self._store = store
        self._programs = programs
        self._performer = performer
        self._around = Surroundings(
            store, actions, clock, performer, seed, self._child, self._sleep_until, self._committed
        )
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._held: dict[int, Driver] = {}
        self._faults: dict[int, WfnbError] = {}
        self._turns = Turns(one_at_a_time=clock.simulated)
        self._changed = threading.Condition()
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="wfnb-engine", daemon=True)
        self._thread.start()

    # --- what other threads call

    def start(self, run: NewRun, *, hold: bool = False) -> tuple[RunRow, bool]:
        """Create a run and begin to drive it, unless it is held for a debugger; the run, and whether it is new."""
        return self._on_loop(lambda: self._start(run, hold=hold))

    def lease(self) -> tuple[str, int]:
        """The name of this engine and the moment until which a lease taken now holds."""
        return self.owner, self.clock.lease_us() + LIMITS.lease_ms * 1000

    def step(self, run_id: str) -> RunRow:
        """Drive a held run until one step has ended.

        Raises
        ------
        CommandError
            ``NOT_HELD`` when the run is not held here.
        """
        driver = self._driver(run_id)
        if not driver.state.terminal:
            self._wait_for(self._step(driver))
        return driver.run

    def let_go(self, run_id: str) -> None:
        """Drive a held run on to its end, without holding it any longer."""
        driver = self._driver(run_id)
        self._on_loop(lambda: self._release_held(driver))

    def holds(self, run_id: str) -> bool:
        """Whether a run is held here."""
        return any(driver.run.run_id == run_id for driver in self._held.values())

    def next_step(self, run_id: str) -> tuple[str, str, str] | None:
        """Id, instance path and type of the step at which a held run stands."""
        return self._driver(run_id).next_step()

    def cancel(self, run_id: str, reason: str, actor: str) -> RunRow:
        """End a run, whoever drives it; a run that is over stays as it is."""
        return self._on_loop(lambda: self._cancel(run_id, reason, actor))

    def scan(self) -> None:
        """Look for open runs that nobody drives, soon: something new was registered."""
        if not self._closed:
            self._loop.call_soon_threadsafe(self._scan)

    def wait(self, run_id: str, timeout_s: float | None) -> RunRow:
        """Wait until a run is over.

        Raises
        ------
        TimeoutError
            When it is not over after `timeout_s` seconds.
        WfnbError
            What keeps this engine from driving it.
        """
        deadline = None if timeout_s is None else self._loop.time() + timeout_s
        if self._row(run_id).run_no in self._faults:
            self._on_loop(self._scan)  # what was missing may have been registered since
        while True:
            with (
                self._changed
            ):  # looked at under the lock, so that no change slips in between looking and waiting
                run = self._row(run_id)
                if run.status in TERMINAL:
                    return run
                if run.run_no in self._faults and run.run_no not in self._tasks:
                    raise self._faults[run.run_no]
                left = _POLL_S if deadline is None else min(_POLL_S, deadline - self._loop.time())
                if left <= 0:
                    raise TimeoutError(f"The run {run_id} is {run.status} after {timeout_s} s.")
                self._changed.wait(left)

    def close(self) -> None:
        """Stop driving, give the leases back, and end the thread. Runs under way go on where a store is opened next."""
        if self._closed:
            return
        self._closed = True
        self._wait_for(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._performer.close()

    # --- the loop's thread

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._keeper = self._loop.create_task(self._keep())
        self._loop.run_forever()
        self._loop.close()

    async def _keep(self) -> None:
        """Renew leases and look for abandoned runs, for as long as the engine lives."""
        while not self._closed:
            self._renew()
            self._scan()
            await asyncio.sleep(_SCAN_S)

    def _renew(self) -> None:
        try:
            self._store.renew_leases(self.owner, self.lease()[1])
        except StoreError as error:
            for run_no in self._tasks:
                self._faults[run_no] = error

    def _scan(self) -> None:
        if self._closed:
            return
        for run in self._store.open_runs():
            if run.run_no not in self._tasks and run.run_no not in self._held and self._is_free(run):
                self._drive(run)

    def _is_free(self, run: RunRow) -> bool:
        if run.owner is None or run.owner == self.owner or is_dead(run.owner):
            return True
        return run.lease_until_us is not None and run.lease_until_us < self.clock.lease_us()

    def _start(self, new: NewRun, *, hold: bool) -> tuple[RunRow, bool]:
        run, created = self._store.create_run(new)
        if not created:
            self.ids.unused(new.run_id)
        if created and hold:
            self._held[run.run_no] = self._load(run)
        elif created:
            self._spawn(run, self._load(run))
        return run, created

    def _drive(self, run: RunRow) -> None:
        """Take over an open run and drive it; when it cannot be linked here, remember why and leave it free."""
        try:
            self._programs.get(run.workflow_id, run.workflow_version)
            dead = (run.owner,) if run.owner and is_dead(run.owner) else ()
            claimed = self._store.claim_run(
                run.run_no, self.owner, self.clock.lease_us(), self.lease()[1], dead
            )
            if claimed is not None:
                self._spawn(claimed, self._load(claimed))
        except WfnbError as error:
            self._faults[run.run_no] = error

    def _load(self, run: RunRow) -> Driver:
        program = self._programs.get(run.workflow_id, run.workflow_version)
        return Driver(self._around, kinds.MACHINES[run.kind], program, run, state_at(self._store, run))

    def _spawn(self, run: RunRow, driver: Driver) -> None:
        self._faults.pop(run.run_no, None)
        task = self._loop.create_task(self._to_end(driver), name=run.run_id)
        self._tasks[run.run_no] = task
        task.add_done_callback(lambda done: self._ended(run.run_no, done))

    async def _to_end(self, driver: Driver) -> None:
        async with self._turns.mine():
            await driver.to_end()

    async def _step(self, driver: Driver) -> None:
        async with self._turns.mine():
            await driver.to_step_end()

    def _ended(self, run_no: int, task: asyncio.Task[None]) -> None:
        self._tasks.pop(run_no, None)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, WfnbError) and not isinstance(error, StaleWriterError):
            self._faults[run_no] = error
        elif error is not None and not isinstance(error, StaleWriterError):
            self._faults[run_no] = WfnbError(
                f"The engine failed: {type(error).__name__}: {error}", code="ENGINE_FAULT"
            )
        with self._changed:
            self._changed.notify_all()

    def _release_held(self, driver: Driver) -> None:
        self._held.pop(driver.run.run_no, None)
        if not driver.state.terminal:
            self._spawn(driver.run, driver)

    def _cancel(self, run_id: str, reason: str, actor: str) -> RunRow:
        """Cancel with the owner's epoch: its next commit finds the run moved on, and it stops."""
        for _ in range(100):
            run = self._row(run_id)
            if run.status in TERMINAL:
                return run
            try:
                self._load(run).cancel(reason, actor)
            except StaleWriterError:
                continue
            self._stop_driving(run.run_no)
            for child in self._store.open_runs():
                if child.parent_run_no == run.run_no:
                    self._cancel(child.run_id, reason, actor)
            return self._row(run_id)
        raise CommandError("The run moves on faster than it can be cancelled.", where=run_id)

    def _stop_driving(self, run_no: int) -> None:
        self._held.pop(run_no, None)
        task = self._tasks.get(run_no)
        if task is not None and task is not asyncio.current_task(self._loop):
            task.cancel()

    async def _stop(self) -> None:
        tasks = [self._keeper, *self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._store.release_leases(self.owner)

    # --- what drivers call

    async def _child(
        self, parent: RunRow, effect_id: str, pending: dict[str, JsonValue]
    ) -> tuple[RunRow, State]:
        child = self._store.child(parent.run_no, effect_id)
        if child is None:
            new = child_run(
                parent, effect_id, pending, programs=self._programs, clock=self.clock, lease=self.lease()
            )
            child, _ = self._start(new, hold=False)
        async with self._turns.lent():
            while child.status not in TERMINAL:
                await self._until_moved(child)
                child = self._row(child.run_id)
        return child, state_at(self._store, child)

    async def _until_moved(self, run: RunRow) -> None:
        """Wait for a run that is driven here, or look at one that is driven elsewhere a little later."""
        task = self._tasks.get(run.run_no)
        if task is None:
            self._scan()
            task = self._tasks.get(run.run_no)
        await (asyncio.wait([task]) if task is not None else asyncio.sleep(_POLL_S))

    async def _sleep_until(self, run: RunRow, due_us: int) -> int:
        del run  # every run has the same clock; its own time is in what the clock is asked
        while (now := self.clock.due_now_us(due_us)) is None:  # noqa: ASYNC110 - the clock is the event
            await asyncio.sleep(max(0.0, (due_us - self.clock.lease_us()) / 1_000_000))
        return now

    def _committed(self, state: State) -> None:
        # Kernels wait for the end; waking them at every step would take their time from the steps.
        if state.terminal:
            with self._changed:
                self._changed.notify_all()

    # --- small things

    def _row(self, run_id: str) -> RunRow:
        run = self._store.run(run_id)
        if run is None:
            raise NotFoundError(f"There is no run {run_id}.", code="NO_SUCH_RUN")
        return run

    def _driver(self, run_id: str) -> Driver:
        for driver in self._held.values():
            if driver.run.run_id == run_id:
                return driver
        raise CommandError("The run is not held by a debugger here.", code="NOT_HELD", where=run_id)

    def _on_loop(self, call: Callable[[], T]) -> T:
        async def run() -> T:
            return call()

        return self._wait_for(run())

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result()
