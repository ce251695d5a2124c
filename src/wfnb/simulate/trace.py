"""The trace of a simulation: one entry for every step that began, made from the machine's events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from wfnb.machine.messages import (
    ChildScheduled,
    ControlMoved,
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


class Trace:
    """Collects entries, in the order in which steps began.

    Parameters
    ----------
    program
        What is simulated.
    """

    def __init__(self, program: Program) -> None:
        self.taken: set[tuple[str, str]] = set()
        """Branches that were taken: definition path of the step, name of the block."""
        self._program = program
        self._entries: list[TraceEntry] = []
        self._places: dict[str, int] = {}  # of entries, by instance path
        self._callers: dict[str, str] = {}  # instance paths by effect id
        self._loose: list[str] = []  # instance paths of errors of which it is not known yet who takes them

    def note(self, event: Event) -> None:
        """Take in an event."""
        match event:
            case StepStarted():
                path = definition_path(event.instance)
                self._places[event.instance] = len(self._entries)
                self._entries.append(TraceEntry(event.step_id, path, event.instance, event.type))
            case InvocationScheduled():
                self._called(event, event.input)
            case ChildScheduled():
                self._called(event, event.payload)
            case WaitOpened(wait_type="time" | "event" | "human"):
                self._called(event, _asked(event))
            case InvocationSucceeded():
                self._change(self._callers[event.effect_id], output=event.output)
            case InvocationFailed():
                self._change(self._callers[event.effect_id], message=str(event.error["message"]))
            case StepSucceeded():
                self._succeeded(event)
            case StepFailed():
                self._failed(event)
            case ControlMoved():
                self._moved(event)
            case _:
                pass

    def would_wait(self, instance: str, message: str) -> None:
        """A wait stays open."""
        self._change(instance, outcome="would-wait", message=message)

    @property
    def entries(self) -> tuple[TraceEntry, ...]:
        """Everything so far."""
        return tuple(self._entries)

    def _called(self, event: InvocationScheduled | ChildScheduled | WaitOpened, given: JsonValue) -> None:
        self._callers[event.effect_id] = event.instance
        self._change(event.instance, outcome="stubbed", input=given)

    def _change(self, instance: str, **facts: object) -> None:
        place = self._places[instance]
        self._entries[place] = replace(self._entries[place], **facts)  # type: ignore[arg-type]  # facts are named by the callers here

    def _succeeded(self, event: StepSucceeded) -> None:
        entry = self._entries[self._places[event.instance]]
        step = self._program.step(entry.path)
        if step is None:
            return
        if event.error is not None:
            message = str(event.error["message"])
            self._change(event.instance, outcome="error", handled_by="onError-continue", message=message)
        elif event.branch is not None:
            self.taken.add((entry.path, event.branch))
            items = _items(event) if step.kind == "forEach" else None
            self._change(event.instance, branch=event.branch, input=items)
        else:
            self._change(event.instance, **dict(_done(step, entry, event)))

    def _failed(self, event: StepFailed) -> None:
        handler = event.handled_by
        handled = None if handler is None else "tryCatch" if handler.endswith(".try") else "forEach-continue"
        if handler is None:
            self._loose.append(event.instance)
        self._change(event.instance, outcome="error", handled_by=handled, message=str(event.error["message"]))

    def _moved(self, event: ControlMoved) -> None:
        """Execution enters a catch, or a parallel item ends with an error: only now it is known who takes that."""
        block, _, name = definition_path(event.instance).rpartition(".")
        if event.move == "enter" and name == "catch":
            self.taken.add((block, "catch"))
            for instance in self._loose:
                self._change(instance, handled_by="tryCatch")
            self._loose.clear()
        elif event.move == "unwind" and name == "body":
            loop = self._program.step(block)
            if loop is not None and loop.continue_on_item_error and self._loose:
                self._change(self._loose.pop(), handled_by="forEach-continue")


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


def _items(event: StepSucceeded) -> JsonValue:
    """The items of the loop that was entered; they stand in the frame that it wrote."""
    frames = (write.value for write in event.writes if isinstance(write.value, dict))
    return next(frame[kind]["items"] for frame in frames for kind in ("loop", "lanes") if kind in frame)
