"""The engine: a daemon thread with its own event loop that drives runs, so that a kernel never waits for one.

Cells and callbacks only hand in commands. A run is driven by whoever holds its lease; a dispatcher finds what to drive next.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from wfnb.engine.attending import Attending
from wfnb.engine.children import child_run, is_orphan
from wfnb.engine.clock import Clock
from wfnb.engine.dispatch import Dispatch, Dispatcher
from wfnb.engine.driver import Driver
from wfnb.engine.holds import Holds
from wfnb.engine.ids import Ids
from wfnb.engine.lookout import Lookout
from wfnb.engine.loop_thread import LoopThread
from wfnb.engine.owner import is_dead, new_owner
from wfnb.engine.pace import KERNEL, Pace
from wfnb.engine.performers import Performer
from wfnb.engine.programs import Programs
from wfnb.engine.refusals import engine_fault, run_held, run_waits
from wfnb.engine.secrets import NO_SECRETS, Secrets
from wfnb.engine.standing import is_parked, needs_an_answer
from wfnb.engine.surroundings import Surroundings
from wfnb.engine.turns import Turns
from wfnb.errors import CommandError, NotFoundError, StaleWriterError, StoreError, WfnbError
from wfnb.machine import kinds
from wfnb.machine.state import TERMINAL, State
from wfnb.model.values import JsonValue
from wfnb.registry.actions import ActionRegistry
from wfnb.store.port import Store, state_at
from wfnb.store.records import NewRun, RunRow

__all__ = ["Engine"]

_POLL_S = 0.2  # how often a waiting kernel looks at a run that another process drives
_BATCH = 1_000  # runs that one look takes up at most


class Engine(Attending):
    """Drives the runs of one store in this process.

    Parameters
    ----------
    store, programs, actions
        The tables, the linked versions, the functions.
    clock, performer, ids, seed, failed, secrets, fire
        Time, how actions are called, how runs are named, what places jitter, who hears of the workflow of every failed run,
        who gives out secrets, and who starts what is scheduled.
    pace
        How many runs it drives at once; in simulated time any number, because there they take turns anyway.
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
        failed: Callable[[str], None] = lambda _workflow: None,
        secrets: Secrets = NO_SECRETS,
        fire: Callable[[], int | None] = lambda: None,
        pace: Pace | None = None,
    ) -> None:
        self.owner = new_owner()
        self.pace = pace or (replace(KERNEL, runs=None) if clock.simulated else KERNEL)
        self.finished = 0
        self.clock = clock
        self.ids = ids
        self._store = store
        self.programs = programs
        self._performer = performer
        calls = (self._child, self._standstill, self._committed)
        self._around = Surroundings(store, actions, clock, performer, seed, *calls, programs, secrets)
        self.attached = Holds(store, clock, self.owner, lambda: self.pace.lease_ms)
        self._failed = failed
        self._drivers: dict[int, Driver] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self._held: dict[int, Driver] = {}
        self._faults: dict[int, WfnbError] = {}
        self._turns = Turns(one_at_a_time=clock.simulated)
        self._changed = threading.Condition()
        self._closed = False
        self._thread = LoopThread("wfnb-engine")
        self._loop = self._thread.loop
        self._place = (self._loop, store, clock, self, fire)
        self._dispatcher: Dispatcher = Lookout(*self._place)
        self._keeper = self._thread.call(self._keep)
        self._listener = self._thread.call(lambda: self._loop.create_task(self.listen()))

    # --- what other threads call

    def start(self, run: NewRun, *, hold: bool = False) -> tuple[RunRow, bool]:
        """Create a run and begin to drive it, unless it is held for a debugger; the run, and whether it is new."""
        return self._thread.call(lambda: self._start(run, hold=hold))

    def lease(self) -> tuple[str, int]:
        """The name of this engine and the moment until which a lease taken now holds."""
        return self.owner, self.attached.now_us() + self.pace.lease_ms * 1000

    def drive(self, pace: Pace, dispatch: Dispatch = Lookout) -> None:
        """Go on at another pace from now on, with runs that are found in this way."""
        self._thread.call(lambda: self._change(pace, dispatch))

    def retire(self, within_s: float) -> int:
        """Take up nothing more, let every run come to the end of its step and give it back; how many did not in time."""
        return self._thread.wait_for(self._retire(within_s))

    @property
    def running(self) -> int:
        """How many runs are driven here now."""
        return len(self.tasks)

    def cancel(self, run_id: str, reason: str, actor: str) -> RunRow:
        """End a run, whoever drives it; a run that is over stays as it is."""
        return self._thread.call(lambda: self._cancel(run_id, reason, actor))

    def scan(self) -> None:
        """Look for open runs that nobody drives, soon, also for those that could not be driven: something was registered."""
        if not self._closed:
            self._dispatcher.soon(around=True)

    def wake(self) -> None:
        """Look for runs that can go on, soon: something was submitted."""
        if not self._closed:
            self._dispatcher.soon()

    def wait(self, run_id: str, timeout_s: float | None, *, parked: bool = False) -> RunRow:
        """Wait until a run is over, or with `parked` also until it stands still.

        Raises
        ------
        TimeoutError
            When it is not over after `timeout_s` seconds.
        CommandError
            ``RUN_WAITS`` without a time limit, when the run goes on only after an answer.
        WfnbError
            What keeps this engine from driving it.
        """
        deadline = None if timeout_s is None else self._loop.time() + timeout_s
        if self._row(run_id).run_no in self._faults:
            self._thread.call(self._dispatcher.look)  # what was missing may have been registered since
        while True:
            with self._changed:  # no change slips in between looking and waiting
                run = self._row(run_id)
                if run.status in TERMINAL or (parked and is_parked(self._store, self.clock, run)):
                    return run
                if run.run_no in self._faults and run.run_no not in self.tasks:
                    raise self._faults[run.run_no]
                if timeout_s is None and needs_an_answer(self._store, self.clock, run):
                    raise run_waits(run_id)
                if timeout_s is None and self.attached.mine(run) and self.attached.stands(run):
                    raise run_held(run_id)
                left = _POLL_S if deadline is None else min(_POLL_S, deadline - self._loop.time())
                if left <= 0:
                    raise TimeoutError(f"The run {run_id} is {run.status} after {timeout_s} s.")
                self._changed.wait(left)

    def close(self) -> None:
        """Stop driving, give the leases back, and end the thread. Runs under way go on where a store is opened next."""
        if self._closed:
            return
        self._closed = True
        self.attached.close()
        try:
            self._thread.wait_for(self._stop())
        finally:  # also when the leases could not be given back: they run out by themselves
            self._thread.stop()
            self._performer.close()

    # --- the loop's thread

    def _keep(self) -> asyncio.Task[None]:
        return self._loop.create_task(self._dispatcher.keep())

    def _change(self, pace: Pace, dispatch: Dispatch) -> None:
        self.pace = pace
        self._performer.widen(pace.runs or 0)
        self._keeper.cancel()
        self._dispatcher.close()
        self._dispatcher = dispatch(*self._place)
        self._keeper = self._keep()

    async def _retire(self, within_s: float) -> int:
        self.pace = replace(self.pace, runs=0)
        self._dispatcher.retire()
        for driver in self._drivers.values():
            driver.leave()
        under_way = list(self.tasks.values())
        late = (await asyncio.wait(under_way, timeout=within_s))[1] if under_way else ()
        await asyncio.sleep(0)  # those that have just ended are taken off the list
        return len(late)

    # --- what the dispatcher calls

    def room(self) -> int:
        """See `Crew.room`."""
        return _BATCH if self.pace.runs is None else min(_BATCH, self.pace.runs - len(self.tasks))

    def left_out(self) -> int:
        """See `Crew.left_out`."""
        return len(self._faults)

    def try_again(self) -> None:
        """See `Crew.try_again`."""
        self._faults.clear()

    def wants(self, run_no: int) -> bool:
        """See `Crew.wants`."""
        return not any(run_no in known for known in (self.tasks, self._held, self._faults))

    def renew(self) -> None:
        """See `Crew.renew`."""
        try:
            self._store.renew_leases(self.owner, self.lease()[1])
            self.attached.keep()
        except StoreError as error:
            self._faults |= dict.fromkeys(self.tasks, error)

    def take_up(self, run: RunRow) -> None:
        """See `Crew.take_up`. A run that cannot be linked here stays free, and the reason is remembered."""
        try:
            if is_orphan(self._store, run):
                self._cancel(run.run_id, "The run that called it was cancelled.", "engine")
                return
            self.programs.get(run.workflow_id, run.workflow_version)
            dead = (run.owner,) if run.owner and is_dead(run.owner) else ()
            owner, until_us = self.lease()
            claimed = self._store.claim_run(run.run_no, owner, self.attached.now_us(), until_us, dead)
            if claimed is not None:
                self._spawn(claimed, self._load(claimed))
        except WfnbError as error:
            self._faults[run.run_no] = error

    # --- driving

    def _start(self, new: NewRun, *, hold: bool) -> tuple[RunRow, bool]:
        if not hold and self.room() <= 0:
            new = replace(new, owner=None, lease_until_us=None)  # for whoever has room first
        run, created = self._store.create_run(new)
        if not created:
            self.ids.unused(new.run_id)
        if created and hold:
            self._held[run.run_no] = self._load(run, held=True)
        elif created and run.owner is not None:
            self._spawn(run, self._load(run))
        return run, created

    def _load(self, run: RunRow, *, held: bool = False) -> Driver:
        program = self.programs.get(run.workflow_id, run.workflow_version)
        machine, state = kinds.MACHINES[run.kind], state_at(self._store, run)
        return Driver(self._around, machine, program, run, state, held=held)

    def _spawn(self, run: RunRow, driver: Driver) -> None:
        self._faults.pop(run.run_no, None)
        self._drivers[run.run_no] = driver
        task = self._loop.create_task(self._to_end(driver), name=run.run_id)
        self.tasks[run.run_no] = task
        task.add_done_callback(lambda done: self._ended(run.run_no, done))

    async def _to_end(self, driver: Driver) -> None:
        async with self._turns.mine():
            await driver.to_end()
        if driver.left:
            self._give_back(driver.run.run_no)

    async def _step(self, driver: Driver) -> None:
        async with self._turns.mine():
            await driver.to_step_end()

    def _ended(self, run_no: int, task: asyncio.Task[None]) -> None:
        self.tasks.pop(run_no, None)
        self._drivers.pop(run_no, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._give_back(run_no)
        if isinstance(error, WfnbError) and not isinstance(error, StaleWriterError):
            self._faults[run_no] = error
        elif error is not None and not isinstance(error, StaleWriterError):
            self._faults[run_no] = engine_fault(error)
        with self._changed:
            self._changed.notify_all()
        if not self._closed:
            self._dispatcher.soon()  # there is room, and the run that called it may go on now

    def _give_back(self, run_no: int) -> None:
        """Let go of a run that is not driven on here, so that it is looked at again."""
        with suppress(StoreError):
            run = self._store.run_by_no(run_no)
            if run is not None and run.owner == self.owner and not self._closed:
                self._store.park(run_no, run.epoch, self.clock.ready_us())

    def _release_held(self, driver: Driver) -> None:
        self._held.pop(driver.run.run_no, None)
        driver.held = False
        if self.room() <= 0:
            self._give_back(driver.run.run_no)
        elif not driver.state.terminal:
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
            for child in self._store.children(run.run_no):
                self._cancel(child.run_id, reason, actor)
            return self._row(run_id)
        raise CommandError("The run moves on faster than it can be cancelled.", where=run_id)

    def _stop_driving(self, run_no: int) -> None:
        self._held.pop(run_no, None)
        task = self.tasks.get(run_no)
        if task is not None and task is not asyncio.current_task(self._loop):
            task.cancel()

    async def _stop(self) -> None:
        self._dispatcher.close()
        tasks = [self._keeper, self._listener, *self.tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._dispatcher.gone()
        self._store.release_leases(self.owner)

    # --- what drivers call

    def _child(self, parent: RunRow, effect_id: str, pending: dict[str, JsonValue]) -> RunRow:
        child = self._store.child(parent.run_no, effect_id)
        if child is None:
            new = child_run(
                parent, effect_id, pending, programs=self.programs, clock=self.clock, lease=self.lease()
            )
            child, _ = self._start(new, hold=False)
        return child

    async def _standstill(self, run: RunRow) -> RunRow:
        """Wait until a run is over or waits itself; one that is driven elsewhere is looked at again a little later."""
        async with self._turns.lent():
            while not run.over and not is_parked(self._store, self.clock, run):
                task = self.tasks.get(run.run_no)
                await (asyncio.wait([task]) if task is not None else asyncio.sleep(_POLL_S))
                run = self._row(run.run_id)
        return run

    def _committed(self, state: State, parked: bool) -> None:
        if state.status == "FAILED":
            with suppress(WfnbError):  # the run has failed, whatever becomes of its workflow
                self._failed(state.envelope["run"]["workflowId"])
        self.finished += state.terminal
        # Kernels wait for the end; waking them at every step would take their time from the steps.
        if state.terminal or parked:
            with self._changed:
                self._changed.notify_all()

    def _row(self, run_id: str) -> RunRow:
        run = self._store.run(run_id)
        if run is None:
            raise NotFoundError(f"There is no run {run_id}.", code="NO_SUCH_RUN")
        return run
