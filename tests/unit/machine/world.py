"""A world for the pure machine: runs a definition to its end with actions given as plain functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict

from wfnb.errors import WfnbError
from wfnb.machine.faults import error_data
from wfnb.machine.messages import (
    Advance,
    ChildScheduled,
    Command,
    Completed,
    Event,
    Failed,
    Fired,
    InvocationScheduled,
    Start,
    WaitOpened,
)
from wfnb.machine.pipeline import microsteps
from wfnb.machine.protocol import evaluate
from wfnb.machine.state import State, initial_state
from wfnb.model.definition import Definition
from wfnb.registry.email_nodes import EMAIL_NODES
from wfnb.validate.catalog import Catalog
from wfnb.validate.link import link
from wfnb.validate.program import Program


class Anything(BaseModel):
    """Input and output of actions in these tests."""

    model_config = ConfigDict(extra="allow")


def any_action(data: Anything) -> Anything:
    """Never called: the world calls the function it was given."""
    return data


class World:
    """One run of one definition."""

    def __init__(
        self,
        steps: list[dict[str, Any]],
        actions: dict[str, Callable[[Any], Any]] | None = None,
        payload: Any = None,
        retry: dict[str, Any] | None = None,
    ) -> None:
        self.actions = actions or {}
        catalog = Catalog()
        for node in EMAIL_NODES:
            catalog.nodes.add(node)
        for name in {*self.actions, "parse_email_reply", "convert_html_to_blocks"}:
            catalog.actions.add(any_action, id=name, retry=retry if name in self.actions else None)
        definition = Definition.model_validate({"id": "test", "name": "Test", "steps": steps})
        self.program: Program = link(definition, catalog)
        self.state: State = initial_state(
            "run-0001",
            workflow_id="test",
            workflow_version=1,
            started_at_us=0,
            payload=payload or {},
            meta={},
        )
        self.now = 0
        self.events: list[Event] = []
        self.macrosteps: list[tuple[Command, tuple[Event, ...]]] = []
        self.calls: list[tuple[str, Any, str]] = []

    def send(self, command: Command) -> tuple[Event, ...]:
        events = []
        for event, state in microsteps(self.program, self.state, command, evaluate):
            events.append(event)
            self.state = state
        self.events += events
        if events:
            self.macrosteps.append((command, tuple(events)))
        return tuple(events)

    def tick(self) -> int:
        self.now += 1000
        return self.now

    def run(self, limit: int = 10_000) -> World:
        if self.state.status == "PENDING":
            self.send(Start(at_us=self.tick()))
        for _ in range(limit):
            if self.state.terminal:
                return self
            self.once()
        raise AssertionError("the run does not end")

    def once(self) -> tuple[Event, ...]:
        if not self.state.pending:
            return self.send(Advance(at_us=self.tick()))
        effect_id, pending = next(iter(self.state.pending.items()))
        return self.send(self.answer(effect_id, pending))

    def answer(self, effect_id: str, pending: dict[str, Any]) -> Command:
        if pending["kind"] == "wait":
            return Fired(at_us=self.tick(), effect_id=effect_id)
        scheduled = next(
            e
            for e in reversed(self.events)
            if isinstance(e, InvocationScheduled | ChildScheduled) and e.effect_id == effect_id
        )
        try:
            if isinstance(scheduled, ChildScheduled):
                name, data, key = f"workflow:{scheduled.workflow_id}", scheduled.payload, ""
            else:
                name, data, key = scheduled.action_id, scheduled.input, scheduled.key
            self.calls.append((name, data, key))
            output = self.actions[name](data)
        except WfnbError as error:
            return Failed(at_us=self.tick(), effect_id=effect_id, error=error_data(error))
        return Completed(at_us=self.tick(), effect_id=effect_id, output=output)

    # what tests ask

    @property
    def vars(self) -> dict[str, Any]:
        return self.state.envelope["vars"]

    @property
    def payload(self) -> dict[str, Any]:
        return self.state.envelope["payload"]

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def instances(self) -> list[str]:
        from wfnb.machine.messages import StepStarted

        return [event.instance for event in self.of(StepStarted)]

    def waits(self) -> list[WaitOpened]:
        return [wait for wait in self.of(WaitOpened) if wait.wait_type != "child"]


def assign(step_id: str, **values: Any) -> dict[str, Any]:
    """A transform.assign step: ``assign("a", x="1 + 1")`` writes vars.x."""
    targets = {f"vars.{name}": {"$expr": text} for name, text in values.items()}
    return {"id": step_id, "type": "transform.assign", "config": {"assign": targets}}


def call(step_id: str, action: str, *, save_as: str | None = None, **extra: Any) -> dict[str, Any]:
    """An action.call step."""
    config: dict[str, Any] = {"actionId": action, "version": 1, **extra.pop("config", {})}
    if save_as:
        config["saveAs"] = save_as
    if "inputs" in extra:
        config["inputMapping"] = extra.pop("inputs")
    return {"id": step_id, "type": "action.call", "config": config, **extra}


def when(step_id: str, condition: str, then: list[Any], otherwise: list[Any] | None = None) -> dict[str, Any]:
    """A control.if step."""
    return {
        "id": step_id, "type": "control.if", "condition": {"$expr": condition}, "then": then, "else": otherwise or [],
    }  # fmt: skip


def each(step_id: str, items: str, body: list[Any], *, var: str = "item", **extra: Any) -> dict[str, Any]:
    """A control.forEach step."""
    return {
        "id": step_id,
        "type": "control.forEach",
        "items": {"$expr": items},
        "itemVar": var,
        "body": body,
        **extra,
    }


def attempt(step_id: str, body: list[Any], catch: list[Any], **extra: Any) -> dict[str, Any]:
    """A control.tryCatch step."""
    return {"id": step_id, "type": "control.tryCatch", "try": body, "catch": catch, **extra}


def done(step_id: str = "done") -> dict[str, Any]:
    """A control.return step."""
    return {"id": step_id, "type": "control.return"}


def state(step_id: str, label: str) -> dict[str, Any]:
    """A state.set step."""
    return {"id": step_id, "type": "state.set", "config": {"state": label}}
