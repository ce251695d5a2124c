"""A run told by hand: events as a machine would give them, committed to any store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count

from wfnb.machine.messages import (
    Event,
    InvocationFailed,
    InvocationScheduled,
    InvocationSucceeded,
    RunCanceled,
    RunFailed,
    RunStarted,
    RunSucceeded,
    StepFailed,
    StepStarted,
    StepSucceeded,
    WaitOpened,
    WaitResolved,
)
from wfnb.machine.state import State, evolve, initial_state
from wfnb.model.values import JsonValue, Write
from wfnb.store.port import Store
from wfnb.store.records import Claim, Commit, Macrostep, NewRun, RunRow, VersionRow

START_US = 1_790_000_000_000_000
STEP = "root.steps[0]"
ERROR = {"category": "ActionError", "code": "NO", "message": "It did not work."}


def version(number: int = 1, workflow_id: str = "orders") -> VersionRow:
    """A published version."""
    return VersionRow(
        workflow_id,
        number,
        "Orders",
        {"steps": [], "name": "Bestellungen – süß"},
        "hash",
        "payload.Order.v1",
        {"type": "object"},
        None,
        "anna",
        START_US,
    )


def new_run(run_id: str = "run-1", **changes: object) -> NewRun:
    """A run before it is created."""
    workflow_id = str(changes.get("workflow_id", "orders"))
    state = initial_state(
        run_id,
        workflow_id=workflow_id,
        workflow_version=1,
        started_at_us=START_US,
        payload={"no": 7},
        meta={"state": "NEW"},
    )
    run = NewRun(run_id, workflow_id, 1, "hash", state, START_US)
    return replace(run, **changes)  # type: ignore[arg-type]  # tests give the right ones


class Story:
    """One run and its state, moved on by events."""

    def __init__(self, store: Store, run_id: str = "run-1", **changes: object) -> None:
        new = new_run(run_id, **changes)
        self._begin(store, new, store.create_run(new)[0])

    @classmethod
    def of(cls, store: Store, new: NewRun, row: RunRow) -> Story:
        """The story of a run that was created already."""
        story = cls.__new__(cls)
        story._begin(store, new, row)
        return story

    def _begin(self, store: Store, new: NewRun, row: RunRow) -> None:
        self.store, self.new, self.row = store, new, row
        self.state = new.state
        self._ticks = count(START_US + 1000, 1000)

    def now(self) -> int:
        """The next moment."""
        return next(self._ticks)

    def plan(self, *macrosteps: tuple[Event, ...], release: bool = False) -> Commit:
        """A commit of macrosteps that is not made yet."""
        state: State = self.state
        for events in macrosteps:
            for event in events:
                state = evolve(state, event)
        steps = tuple(Macrostep(events[-1].at_us, "Advance", events) for events in macrosteps)
        cursor = None if state.terminal else STEP
        return Commit(self.row.run_no, self.row.epoch, self.row.seq, steps, state, cursor, release=release)

    def commit(self, *macrosteps: tuple[Event, ...], release: bool = False) -> Mapping[str, Claim]:
        """Commit macrosteps."""
        plan = self.plan(*macrosteps, release=release)
        claims = self.store.commit(plan).claims
        self.state = plan.state
        self.row = self.reload()
        return claims

    def reload(self) -> RunRow:
        """The run as the store has it."""
        row = self.store.run(self.row.run_id)
        assert row is not None
        return row

    # --- macrosteps

    def start(self) -> tuple[Event, ...]:
        """The run begins."""
        return (RunStarted(at_us=self.now(), writes=(Write(("status",), "RUNNING"),)),)

    def pure(self, value: JsonValue = 1, instance: str = STEP, attempt: int = 1) -> tuple[Event, ...]:
        """A step that needs nothing of the world."""
        at_us = self.now()
        write = Write(("envelope", "vars", "value"), value)
        return (
            StepStarted(
                at_us=at_us, instance=instance, step_id="set", type="transform.assign", attempt=attempt
            ),
            StepSucceeded(at_us=at_us, instance=instance, attempt=attempt, writes=(write,)),
        )

    def call(self, key: str = "key", instance: str = STEP, attempt: int = 1) -> tuple[Event, ...]:
        """A step that schedules an action."""
        at_us = self.now()
        effect_id = f"{instance}#{attempt}"
        pending = Write(("pending", effect_id), {"kind": "action", "instance": instance})
        return (
            StepStarted(at_us=at_us, instance=instance, step_id="pay", type="action.call", attempt=attempt),
            InvocationScheduled(
                at_us=at_us,
                effect_id=effect_id,
                instance=instance,
                action_id="pay",
                action_version=1,
                key=key,
                input={"amount": attempt},
                attempt=attempt,
                writes=(pending,),
            ),
        )

    def answer(
        self, output: JsonValue = "done", instance: str = STEP, attempt: int = 1, *, cached: bool = False
    ) -> tuple[Event, ...]:
        """The action gave its output and the step ends."""
        at_us = self.now()
        effect_id = f"{instance}#{attempt}"
        return (
            InvocationSucceeded(
                at_us=at_us,
                effect_id=effect_id,
                output=output,
                cached=cached,
                writes=(Write(("pending", effect_id)),),
            ),
            StepSucceeded(at_us=at_us, instance=instance, attempt=attempt),
        )

    def failure(
        self, instance: str = STEP, attempt: int = 1, *, handled_by: str | None = None
    ) -> tuple[Event, ...]:
        """The action failed, and the step with it."""
        at_us = self.now()
        effect_id = f"{instance}#{attempt}"
        due = at_us + 5_000 if handled_by == "retry" else None
        return (
            InvocationFailed(
                at_us=at_us, effect_id=effect_id, error=ERROR, writes=(Write(("pending", effect_id)),)
            ),
            StepFailed(
                at_us=at_us,
                instance=instance,
                attempt=attempt,
                error=ERROR,
                handled_by=handled_by,
                retry_at_us=due,
            ),
        )

    def wait(self, effect_id: str = "wait") -> tuple[Event, ...]:
        """The run waits."""
        at_us = self.now()
        return (
            WaitOpened(
                at_us=at_us,
                effect_id=effect_id,
                instance=STEP,
                wait_type="retry",
                due_at_us=at_us + 5_000,
                writes=(Write(("status",), "WAITING"),),
            ),
        )

    def go_on(self, effect_id: str = "wait") -> tuple[Event, ...]:
        """The wait is over."""
        writes = (Write(("status",), "RUNNING"),)
        return (
            WaitResolved(at_us=self.now(), effect_id=effect_id, status="RESOLVED", by="time", writes=writes),
        )

    def succeed(self) -> tuple[Event, ...]:
        """The run reaches its end."""
        return (RunSucceeded(at_us=self.now(), writes=(Write(("status",), "SUCCEEDED"),)),)

    def fail(self) -> tuple[Event, ...]:
        """The run fails."""
        return (RunFailed(at_us=self.now(), error=ERROR, writes=(Write(("status",), "FAILED"),)),)

    def cancel(self) -> tuple[Event, ...]:
        """The run is ended from outside."""
        writes = (Write(("status",), "CANCELED"), Write(("pending",), {}))
        return (RunCanceled(at_us=self.now(), reason="enough", actor="anna", writes=writes),)
