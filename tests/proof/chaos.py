"""A world made from a seed: processes that share a store while time jumps, calls fail, hang and come late, and processes die.

Virtual time, one thread, no event loop: what happens next is the earliest thing on a list, so a seed gives the same world again.
After some minutes of chaos nothing goes wrong any more, and every run must come to its end.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any

from proof.marks import Marks
from sim.crashing import CHANGING, Crash, Outside
from wfnb.engine.children import child_run
from wfnb.engine.driver import Driver
from wfnb.engine.performers import InlinePerformer
from wfnb.engine.programs import Programs
from wfnb.engine.surroundings import Surroundings
from wfnb.errors import StaleWriterError, StoreError, TransientError, WfnbError
from wfnb.machine.kinds import MACHINES
from wfnb.model.values import JsonValue
from wfnb.registry.actions import Action, ActionContext, ActionRegistry
from wfnb.store.memory import MemoryStore
from wfnb.store.port import Store, state_at
from wfnb.store.records import RunRow

START_US = 1_767_225_600_000_000
SECOND = 1_000_000
LEASE_US = 30 * SECOND
CHAOS_US = 300 * SECOND
LATEST_US = 48 * 3600 * SECOND
EVENTS = 60_000  # things that may happen in one world: one that goes round in circles ends here
RARE = frozenset({"create_run", "begin_attempt", "park"})
WRITES = CHANGING - {"invocation"}


class Pause:
    """Waiting in virtual time."""

    def __init__(self, span_us: int) -> None:
        self.span_us = span_us

    def __await__(self) -> Generator[int, None, None]:
        yield self.span_us


@dataclass(slots=True)
class SkewedClock:
    """A process's clock: the world's time, and how far it is off."""

    world: World
    skew_us: int = 0
    simulated: bool = False

    def lease_us(self) -> int:
        return self.world.now_us + self.skew_us

    def start_us(self, run_id: str, number: int) -> int:
        return self.lease_us()

    def moment_us(self, run_id: str, seq: int, after_us: int, *, acted: bool) -> int:
        if self.lease_us() < after_us:
            self.world.marks.hit("a run's time stands still while a clock is behind")
        return max(self.lease_us(), after_us)

    def due_now_us(self, due_us: int) -> int | None:
        return self.lease_us() if self.lease_us() >= due_us else None

    expired_us = due_now_us
    ready_us = lease_us


class World:
    """Time, the list of what happens next, the disk, and everything outside."""

    def __init__(self, seed: int, marks: Marks, *, calm: bool = False) -> None:
        self.chance = random.Random(seed)
        self.marks = marks
        self.now_us = START_US
        self.disk: Store = MemoryStore()
        self.outside = Outside()
        self.begun = 0
        self._calm = calm
        self._next: list[tuple[int, int, Callable[[], None], Node | None]] = []
        self._count = 0
        self._depth = 0

    @property
    def chaos(self) -> bool:
        """Whether things go wrong now."""
        return not self._calm and self.now_us < START_US + CHAOS_US

    def fate(self, chance: float) -> bool:
        """Whether something that is as likely as this goes wrong."""
        return self.chaos and self.chance.random() < chance

    def span(self, longest_s: float) -> int:
        """Some time, mostly a short one."""
        return round(self.chance.random() ** 3 * longest_s * SECOND) + 1

    def at(self, span_us: int, what: Callable[[], None], node: Node | None = None) -> None:
        """Something happens after a while, in a process or outside of all."""
        self._count += 1
        heapq.heappush(self._next, (self.now_us + span_us, self._count, what, node))

    def run(self, done: Callable[[], bool]) -> None:
        """Until it is done."""
        while self._count % 8 or not done():
            assert self._next, "nothing happens any more"
            assert self._count < EVENTS, "it goes round in circles"
            assert self.now_us < START_US + LATEST_US, "it does not come to an end"
            self._happen(None)

    def meanwhile(self, node: Node) -> None:
        """The others go on while a call of this process hangs."""
        if self._depth:
            return
        self._depth += 1
        until_us = self.now_us + self.span(90)
        while self._next and self._next[0][0] <= until_us:
            self._happen(node)
        self.now_us = max(self.now_us, until_us)
        self._depth -= 1
        self.marks.hit("a call hung")

    def _happen(self, hanging: Node | None) -> None:
        at_us, _, what, node = heapq.heappop(self._next)
        self.now_us = max(self.now_us, at_us)
        if node is not None and (node is hanging or node.stopped_until_us > self.now_us):
            self.at(max(SECOND, node.stopped_until_us - self.now_us), what, node)
        elif node is None or node.alive:
            what()


class Task:
    """A run that is driven to its end, from pause to pause."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._work: Coroutine[Any, Any, None] | None = None

    def go_on(self) -> int | None:
        """The time until it can go on again.

        Raises
        ------
        StopIteration
            When it is over or parked.
        """
        if self._work is None:  # not before, because a process may die before it comes to it
            self._work = self._driver.to_end()
        span_us: int | None = self._work.send(None)
        return span_us


class ChaosStore:
    """The disk as one process sees it."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._node.world.disk, name)

        def call(*args: Any, **options: Any) -> Any:
            return self._node.call(name, method, args, options)

        return call


class Node:
    """A process: it looks for runs, drives them, renews its leases, and may die and come back under another name."""

    def __init__(self, world: World, programs: Programs, actions: ActionRegistry, number: int) -> None:
        self.world = world
        self.alive = True
        self.stopped_until_us = 0
        self.clock = SkewedClock(world)
        self.store: Any = ChaosStore(self)
        self._programs, self._actions, self._number = programs, actions, number
        self._name = f"process-{number}"
        self._tasks: dict[int, Task] = {}
        self._around = Surroundings(
            self.store,
            actions,
            self.clock,
            ChaosPerformer(self),
            0,
            self._child,
            self._never,
            lambda *_: None,
            programs,
        )
        world.at(world.span(1), self._look, self)

    def call(self, name: str, method: Callable[..., Any], args: Any, options: Any) -> Any:
        """A call of the store, and what becomes of it."""
        world, marks = self.world, self.world.marks
        if world.fate(0.01):
            self._die("a process died before a call")
        if world.fate(0.01):
            world.meanwhile(self)
        if world.fate(0.02):
            code = world.chance.choice(("STORE_BUSY", "STORE_FULL") if name in WRITES else ("STORE_BUSY",))
            marks.hit(f"{code} on a {'write' if name in WRITES else 'read'}")
            raise StoreError("The state file cannot be used.", code=code)
        try:
            result = method(*args, **options)
        except StaleWriterError:
            marks.hit("a late writer was refused")
            raise
        if name in CHANGING and world.fate(0.01):
            self._die("a process died after a write")
        if name in CHANGING and world.fate(0.25 if name in RARE else 0.02):
            marks.hit(f"{name} was done and told as failed")
            raise StoreError("The state file cannot be used.", code="STORE_BUSY")
        if name == "invocation" and result is not None:
            marks.hit(f"a pending call was looked up: {result[1].mode}")
        return result

    def _die(self, how: str) -> None:
        """The end of this process; another one begins some time later."""
        self.alive = False
        self.world.marks.hit(how)
        heir = (self.world, self._programs, self._actions, self._number + 10)
        self.world.at(self.world.span(60), lambda: Node(*heir) and None)
        raise Crash

    # --- what an engine does

    def _look(self) -> None:
        """Renew the leases, look for runs that can go on, and do so again a little later."""
        try:
            self._trouble()
            self._renew_and_scan()
        except Crash:
            return
        except WfnbError:
            self.world.marks.hit("a look failed")
        self.world.at(self.world.span(6 if self.world.chaos else 300) + SECOND // 4, self._look, self)

    def _trouble(self) -> None:
        world = self.world
        if not world.chaos:
            self.clock.skew_us = 0
        elif world.fate(0.03):
            self.clock.skew_us = world.chance.choice((-3600, -60, 60, 3600)) * SECOND
            world.marks.hit("a clock jumped ahead" if self.clock.skew_us > 0 else "a clock jumped back")
        if world.fate(0.02):
            self.stopped_until_us = world.now_us + world.span(120)
            if self.stopped_until_us > world.now_us + LEASE_US and self._tasks:
                world.marks.hit("a process was stopped for longer than its leases")
        if world.fate(0.02):
            self._die("a process was killed")

    def _renew_and_scan(self) -> None:
        now_us = self.clock.lease_us()
        self.store.renew_leases(self._name, now_us + LEASE_US)
        for run in self.store.ready_runs(self.clock.ready_us(), now_us, (self._name,), 100):
            if run.run_no not in self._tasks:
                if run.owner == self._name:
                    self.world.marks.hit("a run was taken and told as not taken")
                self._take(run)

    def _take(self, run: RunRow) -> None:
        now_us = self.clock.lease_us()
        claimed = self.store.claim_run(run.run_no, self._name, now_us, now_us + LEASE_US, ())
        if claimed is None:
            self.world.marks.hit("somebody else was faster")
            return
        if run.owner not in (None, self._name):
            self.world.marks.hit("a run was taken over")
        program = self._programs.get(claimed.workflow_id, claimed.workflow_version)
        state = state_at(self.store, claimed)
        driver = Driver(self._around, MACHINES[claimed.kind], program, claimed, state)
        self._tasks[claimed.run_no] = Task(driver)
        self._go_on(claimed)

    def _go_on(self, run: RunRow) -> None:
        try:
            span_us = self._tasks[run.run_no].go_on()
        except (StopIteration, Crash):
            self._tasks.pop(run.run_no, None)
        except WfnbError as error:
            self._tasks.pop(run.run_no, None)
            self._give_back(run, error)
        else:
            self.world.at(span_us or 1, lambda: self._go_on(run), self)

    def _give_back(self, run: RunRow, error: WfnbError) -> None:
        """As an engine does with a run that it could not drive on."""
        self.world.marks.hit(f"driving ended with {error.code}")
        if isinstance(error, StaleWriterError):
            return
        assert isinstance(error, StoreError), error
        try:
            self.store.park(run.run_no, run.epoch, self.clock.ready_us())
        except (StoreError, Crash):
            return

    def _child(self, parent: RunRow, effect_id: str, pending: dict[str, Any]) -> RunRow:
        child: RunRow | None = self.store.child(parent.run_no, effect_id)
        if child is not None:
            return child
        lease = (self._name, self.clock.lease_us() + LEASE_US)
        new = child_run(parent, effect_id, pending, programs=self._programs, clock=self.clock, lease=lease)
        child, created = self.store.create_run(new)
        if created:
            program = self._programs.get(child.workflow_id, 1)
            self._tasks[child.run_no] = Task(
                Driver(self._around, MACHINES[child.kind], program, child, new.state)
            )
            self.world.at(1, lambda: self._go_on(child), self)
        return child

    async def _never(self, run: RunRow) -> RunRow:
        raise AssertionError("only a debugger waits for a child")


class ChaosPerformer:
    """Calls that take their time, fail, arrive twice, or arrive when their caller is dead."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._inner = InlinePerformer()

    async def perform(self, action: Action, data: JsonValue, context: ActionContext) -> JsonValue:
        """See `Performer.perform`."""
        world, marks = self._node.world, self._node.world.marks
        await Pause(world.span(45))
        if world.fate(0.05):
            marks.hit("a call was lost")
            raise TransientError("No connection.")
        if context.attempt > 1:
            marks.hit("a call was repeated")
        if world.fate(0.05):
            marks.hit("a call arrived twice")
            world.at(world.span(600), lambda: self._arrive(action, data, context))
        output: JsonValue = None
        fault: WfnbError | None = None
        try:
            output = await self._inner.perform(action, data, context)
        except WfnbError as error:
            fault = error
        if world.fate(0.5):
            await Pause(world.span(45))
            marks.hit("an answer came late")
        if world.fate(0.05):
            marks.hit("an answer was lost")
            raise TransientError("No answer.")
        if fault is not None:
            raise fault
        return output

    def _arrive(self, action: Action, data: JsonValue, context: ActionContext) -> None:
        work = self._inner.perform(action, data, context)
        try:
            work.send(None)
        except (StopIteration, WfnbError):
            return

    def close(self) -> None:
        self._inner.close()


def applied(outside: Outside) -> Counter[str]:
    """Effects, whatever their keys: the ids of child runs depend on what went wrong before them."""
    return Counter(repr(effect) for effect in outside.applied.values())
