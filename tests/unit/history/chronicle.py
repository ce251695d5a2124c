"""Writes runs into a store as the engine does: macrosteps with events, committed one after the other."""

from __future__ import annotations

from typing import Any

from wfnb.machine.messages import (
    Event,
    InvocationFailed,
    InvocationScheduled,
    InvocationSucceeded,
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
from wfnb.store.records import Commit, Macrostep, NewRun, VersionRow

BEGIN_US = 1_767_225_600_000_000  # 2026-01-01
MS = 1_000


def publish(store: Store, workflow: str = "orders", version: int = 1) -> None:
    store.save_version(
        VersionRow(
            workflow,
            version,
            workflow.title(),
            {"id": workflow},
            f"hash-{version}",
            None,
            None,
            None,
            "ann",
            0,
        )
    )


class Chronicle:
    """A run as its owner writes it down. `at_us` is its clock; every method is one commit."""

    def __init__(
        self,
        store: Store,
        run_id: str,
        *,
        workflow: str = "orders",
        version: int = 1,
        at_us: int = BEGIN_US,
        parent: int | None = None,
    ) -> None:
        self.store = store
        self.at_us = at_us
        self.state = initial_state(
            run_id, workflow_id=workflow, workflow_version=version, started_at_us=at_us, payload={}, meta={}
        )
        created, _ = store.create_run(
            NewRun(
                run_id,
                workflow,
                version,
                f"hash-{version}",
                self.state,
                at_us,
                owner="test",
                lease_until_us=at_us + 10**12,
                parent_run_no=parent,
                parent_effect=None if parent is None else f"{run_id}#1",
            )
        )
        self.run_no, self.epoch, self.seq = created.run_no, created.epoch, created.seq
        self._commit(RunStarted(at_us=at_us, writes=(Write(("status",), "RUNNING"),)))

    def begin(self, step: str, index: int = 0, *, attempt: int = 1, **call: Any) -> None:
        """Start a step; `call` schedules an action: `action`, `key`, `input`."""
        place = _place(index)
        type = "action.call" if call else "transform.assign"
        events: list[Event] = [
            StepStarted(at_us=self.at_us, instance=place, step_id=step, type=type, attempt=attempt)
        ]
        if call:
            effect = f"{place}#{attempt}"
            events.append(
                InvocationScheduled(
                    at_us=self.at_us,
                    effect_id=effect,
                    instance=place,
                    action_id=call.get("action", "send"),
                    action_version=1,
                    key=call.get("key", f"{self.state.run_id}:{effect}"),
                    input=call.get("input", {}),
                    attempt=attempt,
                    writes=(Write(("pending", effect), {"kind": "action", "instance": place}),),
                )
            )
        self._commit(*events)

    def end(
        self,
        index: int = 0,
        *,
        attempt: int = 1,
        took_ms: float = 0.0,
        branch: str | None = None,
        output: JsonValue = None,
        called: bool = False,
    ) -> None:
        """End a step well."""
        self.at_us += round(took_ms * MS)
        place = _place(index)
        events: list[Event] = [
            StepSucceeded(at_us=self.at_us, instance=place, attempt=attempt, branch=branch)
        ]
        if called:
            effect = f"{place}#{attempt}"
            events.insert(0, InvocationSucceeded(at_us=self.at_us, effect_id=effect, output=output))
        self._commit(*events)

    def step(self, step: str, index: int = 0, *, took_ms: float = 0.0, branch: str | None = None) -> None:
        """Begin and end a step."""
        self.begin(step, index)
        self.end(index, took_ms=took_ms, branch=branch)

    def fail(
        self,
        index: int = 0,
        *,
        attempt: int = 1,
        took_ms: float = 0.0,
        code: str = "BROKEN",
        handled_by: str | None = None,
        called: bool = False,
    ) -> None:
        """End a step badly, and the run with it unless somebody handles the error."""
        self.at_us += round(took_ms * MS)
        place = _place(index)
        error = {"category": "ActionError", "code": code, "message": f"It is {code.lower()}."}
        events: list[Event] = [
            StepFailed(at_us=self.at_us, instance=place, attempt=attempt, error=error, handled_by=handled_by)
        ]
        if called:
            events.insert(0, InvocationFailed(at_us=self.at_us, effect_id=f"{place}#{attempt}", error=error))
        if handled_by is None:
            events.append(RunFailed(at_us=self.at_us, error=error, writes=(Write(("status",), "FAILED"),)))
        elif handled_by == "retry":
            due = self.at_us + 1_000 * MS
            events.append(
                WaitOpened(
                    at_us=self.at_us,
                    effect_id=f"{place}#retry{attempt}",
                    instance=place,
                    wait_type="retry",
                    due_at_us=due,
                    writes=(Write(("status",), "WAITING"),),
                )
            )
        self._commit(*events)

    def retry(
        self, step: str, index: int = 0, *, attempt: int, waited_ms: float = 1_000.0, **call: Any
    ) -> None:
        """Go on after the wait, with the next attempt."""
        self.at_us += round(waited_ms * MS)
        self._commit(
            WaitResolved(
                at_us=self.at_us,
                effect_id=f"{_place(index)}#retry{attempt - 1}",
                status="RESOLVED",
                by="time",
                writes=(Write(("status",), "RUNNING"),),
            )
        )
        self.begin(step, index, attempt=attempt, **call)

    def succeed(self, took_ms: float = 0.0) -> None:
        """End the run well."""
        self.at_us += round(took_ms * MS)
        self._commit(RunSucceeded(at_us=self.at_us, writes=(Write(("status",), "SUCCEEDED"),)))

    def _commit(self, *events: Event) -> None:
        state: State = self.state
        for event in events:
            state = evolve(state, event)
        macrostep = Macrostep(self.at_us, "test", tuple(events))
        self.store.commit(Commit(self.run_no, self.epoch, self.seq, (macrostep,), state, None))
        self.state = state
        self.seq += 1


def _place(index: int) -> str:
    return f"root.steps[{index}]"
