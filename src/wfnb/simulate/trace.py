"""The trace of a simulation: one entry for every step that began, made from the machine's events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from wfnb.machine.messages import (
    ChildScheduled,
    Error,
    Event,
    InvocationFailed,
    InvocationScheduled,
    InvocationSucceeded,
    StepFailed,
    StepStarted,
    StepSucceeded,
    WaitOpened,
)
from wfnb.machine.state import State
from wfnb.model.paths import definition_path
from wfnb.model.times import iso
from wfnb.model.values import JsonValue
from wfnb.validate.program import LinkedStep, Program

__all__ = ["Source", "StubbedCall", "Trace", "TraceEntry"]

Source: TypeAlias = Literal["fixture", "schema", "empty"]
"""Where an output came from: a fixture, a sample of the output schema, or nowhere."""


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One execution of a step.

    Parameters
    ----------
    step_id, path, instance, type
        The step, its place in the definition, and this execution of it with loop indices.
    outcome
        ``executed`` by the machine itself; ``stubbed``: answered instead of the world; ``skipped``: there was nothing to do;
        ``error``; ``would-wait``: it waits and nothing answers.
    input, output
        What the call was given and what it gave; the items of a loop; the values of assignments by target.
    branch
        The block that was entered.
    saved_as
        Where the output was written.
    handled_by
        Who took an error: ``onError-continue``, ``tryCatch``, ``forEach-continue`` or ``fallback`` (a node's own answer).
    message
        The error, or what is waited for.
    """

    step_id: str
    path: str
    instance: str
    type: str
    outcome: Literal["executed", "stubbed", "skipped", "error", "would-wait"] = "executed"
    input: JsonValue = None
    output: JsonValue = None
    branch: str | None = None
    saved_as: str | None = None
    handled_by: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class StubbedCall:
    """A call of an action that was answered instead of performed. `output_source` is None when its input does not fit."""

    step_id: str
    path: str
    instance: str
    action: str
    version: int
    input: JsonValue
    output: JsonValue
    output_source: Source | None
    error: Error | None = None


@dataclass(slots=True)
class Trace:
    """Collects entries, and the branches that were taken as (definition path of the step, name of the block)."""

    program: Program
    taken: set[tuple[str, str]] = field(default_factory=set)
    _ended: list[TraceEntry] = field(default_factory=list)
    _open: TraceEntry | None = None

    def note(self, event: Event, after: State) -> None:
        """Take in an event with the state after it."""
        match event:
            case StepStarted():
                path = definition_path(event.instance)
                self._open = TraceEntry(event.step_id, path, event.instance, event.type)
            case InvocationScheduled():
                self._change(outcome="stubbed", input=event.input)
            case ChildScheduled():
                self._change(outcome="stubbed", input=event.payload)
            case WaitOpened(wait_type="time" | "event" | "human"):
                self._change(outcome="stubbed", input=_asked(event))
            case InvocationSucceeded():
                self._change(output=event.output)
            case InvocationFailed():
                self._change(message=str(event.error["message"]))
            case StepSucceeded():
                self._succeeded(event, after)
            case StepFailed():
                self._failed(event)
            case _:
                pass

    def break_off(self, message: str, *, waiting: bool = False) -> None:
        """The simulation ends inside a step, or before the next one."""
        self._change(outcome="would-wait" if waiting else "error", message=message)
        self._end()

    @property
    def entries(self) -> tuple[TraceEntry, ...]:
        """Everything so far."""
        return (*self._ended, *([self._open] if self._open else ()))

    def _step(self) -> LinkedStep | None:
        return self.program.step(self._open.path) if self._open else None

    def _change(self, **facts: object) -> None:
        if self._open is not None:
            self._open = replace(self._open, **facts)  # type: ignore[arg-type]  # facts are named by the callers here

    def _end(self) -> None:
        if self._open is not None:
            self._ended.append(self._open)
        self._open = None

    def _succeeded(self, event: StepSucceeded, after: State) -> None:
        step, entry = self._step(), self._open
        if step is None or entry is None:
            return
        if event.error is not None:
            message = str(event.error["message"])
            self._change(outcome="error", handled_by="onError-continue", message=message)
        elif event.branch is not None:
            self.taken.add((entry.path, event.branch))
            self._change(branch=event.branch, input=_items(after) if step.kind == "forEach" else None)
        else:
            self._change(**dict(_done(step, entry, event)))
        self._end()

    def _failed(self, event: StepFailed) -> None:
        handler = event.handled_by
        caught = handler is not None and handler.endswith(".try")
        if handler is not None and caught:
            self.taken.add((definition_path(handler).removesuffix(".try"), "catch"))
        handled = None if handler is None else "tryCatch" if caught else "forEach-continue"
        self._change(outcome="error", handled_by=handled, message=str(event.error["message"]))
        self._end()


def _done(step: LinkedStep, entry: TraceEntry, event: StepSucceeded) -> Iterator[tuple[str, JsonValue]]:
    """Facts of a step that ended well."""
    called = entry.outcome == "stubbed"
    if step.kind == "assign":
        written = zip(step.targets, event.writes, strict=False)  # what follows moves execution on
        yield "output", {target.name: write.value for target, write in written}
    elif step.kind == "wait":
        yield "output", event.writes[0].value  # what arrived, or when the pause ended
    elif step.kind == "call" and step.save_as:
        yield "saved_as", ".".join(map(str, step.save_as))
        yield "output", event.writes[0].value
    if step.kind == "forEach" or (step.kind == "call" and not called):
        yield "outcome", "skipped"
    elif called and entry.message is not None:
        yield "handled_by", "fallback"


def _asked(opened: WaitOpened) -> JsonValue:
    """What a wait is for."""
    if opened.task is not None:
        return opened.task
    facts = {
        "eventName": opened.event_name,
        "key": opened.key,
        "filters": opened.filters,
        "dueAt": None if opened.due_at_us is None else iso(opened.due_at_us),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _items(after: State) -> JsonValue:
    return after.frames[-1]["loop"]["items"]
