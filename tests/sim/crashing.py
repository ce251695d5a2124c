"""A world in which the process dies at a chosen moment, and a new one goes on with what is in the tables.

The store is a real one and plays the disk: it survives. Drivers, claims and results in memory are made anew by every process.
Moments are counted over the calls that change something outside the process (commits, claims, effects): one at the beginning,
and one behind each of them. Whatever lies between two moments changes nothing that survives, so these are all there are.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from sim.waiting import answer
from wfnb.engine.children import child_run
from wfnb.engine.clock import SimulatedClock
from wfnb.engine.driver import Driver
from wfnb.engine.performers import InlinePerformer
from wfnb.engine.programs import Programs
from wfnb.engine.surroundings import Surroundings
from wfnb.machine.kinds import MACHINES
from wfnb.machine.state import initial_state
from wfnb.model.values import JsonValue
from wfnb.registry.actions import Action, ActionContext, ActionRegistry
from wfnb.store.port import Store, state_at
from wfnb.store.records import NewRun, RunRow

CHANGING = frozenset(
    {"create_run", "commit", "claim_run", "begin_attempt", "invocation", "renew_leases", "park", "submit"}
)
"""Calls of a store that may change it. `invocation` is one of them: it may take over a key that has become free."""

SEED = 3
_FOREVER_US = 2**50


class Crash(BaseException):
    """The end of the process: nothing may catch it, and nothing that is in memory outlives it."""


@dataclass(slots=True)
class Countdown:
    """Counts moments, and ends the process at number `fatal`; None lets it live."""

    fatal: int | None = None
    count: int = 0

    def moment(self) -> None:
        if self.count == self.fatal:
            raise Crash
        self.count += 1


class CrashingStore:
    """A store seen by one process: every call that changes something has a moment behind it."""

    def __init__(self, disk: Store, countdown: Countdown) -> None:
        self._disk = disk
        self._countdown = countdown

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._disk, name)
        return self._guarded(method) if name in CHANGING else method

    def _guarded(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            result = method(*args, **options)
            self._countdown.moment()
            return result

        return call


class CrashingPerformer:
    """Performs actions inline, with a moment between the effect of an action and its answer."""

    def __init__(self, countdown: Countdown) -> None:
        self._inner = InlinePerformer()
        self._countdown = countdown

    async def perform(self, action: Action, data: JsonValue, context: ActionContext) -> JsonValue:
        try:
            return await self._inner.perform(action, data, context)
        finally:
            self._countdown.moment()

    def close(self) -> None:
        self._inner.close()


@dataclass(slots=True)
class Outside:
    """The world that actions write to. It recognises a repetition by its key, as a good service does."""

    applied: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def apply(self, action: str, data: Any, context: ActionContext) -> None:
        self.calls.append((action, context.idempotency_key))
        earlier = self.applied.setdefault(context.idempotency_key, (action, data))
        assert earlier == (action, data), "one key stands for one effect"


class Process:
    """One life of a process: it goes on with every open run until all are over, or until it crashes."""

    def __init__(
        self, disk: Store, programs: Programs, actions: ActionRegistry, name: str, fatal: int | None
    ) -> None:
        self.countdown = Countdown(fatal)
        self._name = name
        self._store: Any = CrashingStore(disk, self.countdown)
        self._programs = programs
        self._clock = SimulatedClock("2026-01-01", seed=SEED)
        self._around = Surroundings(
            self._store, actions, self._clock, CrashingPerformer(self.countdown), SEED,
            self._child, self._standstill, lambda _state, _parked: None, programs,
        )  # fmt: skip

    def begin(self, workflow: str, payload: JsonValue) -> None:
        """Create the run, as often as it takes: its key lets it exist once."""
        state = initial_state(
            "run-0001", workflow_id=workflow, workflow_version=1, started_at_us=self._start_us, payload=payload, meta={}
        )  # fmt: skip
        program = self._programs.get(workflow, 1)
        run = NewRun("run-0001", workflow, 1, program.hash, state, self._start_us, key="once")
        self._store.create_run(run)

    @property
    def _start_us(self) -> int:
        return self._clock.start_us("run-0001", 1)

    def go_on(self) -> None:
        """Drive every run that can go on, as an engine does that finds them; then the world answers those that wait."""
        while True:
            # Whoever owns a run is dead, or it is this process, which is driving none now.
            owners = tuple(self._store.owners())
            ready = self._store.ready_runs(self._clock.ready_us(), _FOREVER_US, owners, 1)
            if ready:
                _finish(self._drive(ready[0], owners))
            elif not answer(self._store, self._clock):
                return

    async def _drive(self, run: RunRow, owners: tuple[str, ...]) -> None:
        claimed = self._store.claim_run(run.run_no, self._name, 0, _FOREVER_US, owners)
        assert claimed is not None
        program = self._programs.get(claimed.workflow_id, claimed.workflow_version)
        state = state_at(self._store, claimed)
        await Driver(self._around, MACHINES[claimed.kind], program, claimed, state).to_end()

    def _child(self, parent: RunRow, effect_id: str, pending: dict[str, Any]) -> RunRow:
        child: RunRow | None = self._store.child(parent.run_no, effect_id)
        if child is None:
            lease = (self._name, _FOREVER_US)
            new = child_run(
                parent, effect_id, pending, programs=self._programs, clock=self._clock, lease=lease
            )
            child, _ = self._store.create_run(new)
        return child

    async def _standstill(self, run: RunRow) -> RunRow:
        raise AssertionError("only a debugger waits for a child")


def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that waits for nothing but coroutines: no event loop, so that a crash goes straight through."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("The driver waited for something outside this world.")


def life(
    disk: Store,
    programs: Programs,
    actions: ActionRegistry,
    *,
    workflow: str,
    payload: JsonValue,
    crashes: tuple[int, ...] = (),
) -> int:
    """Live through `crashes`, one process after the other, then to the end; how many moments the last process had.

    Raises
    ------
    LookupError
        When a process came to the end before its crash.
    """
    for number, fatal in enumerate((*crashes, None)):
        process = Process(disk, programs, actions, f"process-{number}", fatal)
        try:
            process.countdown.moment()
            process.begin(workflow, payload)
            process.go_on()
        except Crash:
            continue
        if fatal is not None:
            raise LookupError(fatal)
    return process.countdown.count
