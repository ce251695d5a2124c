"""Passages: what each attempt at a step did, in a form in which a record and a replay can be compared.

A passage is collected from the events of a replay. Those of a record come from replaying it against its own program; when that
cannot be had they are read from its rows, which tell a little less. What was asked of the world is `given`: the input of a call,
the payload of a run that was called, what a wait is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from wfnb.machine.messages import (
    ChildScheduled,
    Error,
    Event,
    InvocationScheduled,
    StepCanceled,
    StepFailed,
    StepStarted,
    StepSucceeded,
    WaitOpened,
)
from wfnb.machine.record import Ask, Attempt, Record
from wfnb.machine.replay import Replayer
from wfnb.model.paths import definition_path
from wfnb.model.values import DELETE, JsonValue, Path

__all__ = ["UNKNOWN", "Passage", "Passages", "iterations", "recorded_passages"]

UNKNOWN: Final = object()
"""What was asked is not in the record any more, because a later attempt took the row over."""

_ITERATION = re.compile(r"\{(\d+)\}")
_STEP_WAITS = ("time", "event", "human")


@dataclass(slots=True)
class Passage:
    """One attempt at one execution of a step.

    Parameters
    ----------
    seq
        The macrostep that began it; in a replay its number there.
    action
        What was called: ``reserve@1``, ``workflow:invoice@2``, or what was waited for.
    given
        What was asked; None when nothing was.
    key
        The idempotency key of a call.
    loose
        What was written is known together with what the blocks wrote that ended with the step.
    source
        Where the answer came from in a replay: ``recorded``, or what stood in for it.
    """

    seq: int
    instance: str
    step_id: str
    type: str
    attempt: int
    status: str = "STARTED"
    action: str | None = None
    given: Any = None
    key: str | None = None
    branch: str | None = None
    error: Error | None = None
    handled_by: str | None = None
    retry_at_us: int | None = None
    wrote: list[tuple[Path, JsonValue]] = field(default_factory=list)
    loose: bool = False
    source: str | None = None
    output: JsonValue = None
    end_seq: int | None = None

    @property
    def path(self) -> str:
        """Definition path."""
        return definition_path(self.instance)


def iterations(instance: str) -> tuple[int, ...]:
    """The iterations that an instance path goes through, outermost first.

    Examples
    --------
    >>> iterations("root.steps[2].body{3}.steps[1]")
    (3,)
    """
    return tuple(map(int, _ITERATION.findall(instance)))


def recorded_passages(record: Record, own: Replayer | None) -> list[Passage]:
    """The passages of a record, in the order in which they began; without its own program the record must hold all its steps."""
    if own is not None and not record.edited:  # an edit may end a step
        collected = Passages()
        if own.replay(record, lambda given, events, _: collected.note(given.seq, events)).identical:
            return collected.all
    written = {given.seq: given for given in record.macrosteps}
    return [_recorded(record, row, written) for row in record.tape.attempts]


def _recorded(record: Record, row: Attempt, written: Mapping[int, Any]) -> Passage:
    made = Passage(row.seq, row.instance, row.step_id, row.type, row.attempt, row.status, branch=row.branch)
    made.loose = True
    made.handled_by, made.end_seq = row.handled_by, row.end_seq
    made.error = record.failures.get((row.instance, row.attempt))
    effect_id = f"{row.instance}#{row.attempt}"
    writes = record.writes(written[row.seq])
    asked = next((value[0] for path, *value in writes if path[-1] == effect_id and value), None)
    call, wait = record.calls.get(effect_id), record.waits.get(effect_id)
    if asked is not None and asked["kind"] == "action":
        made.action = f"{call.action_id}@{call.action_version}" if call else None
        made.given = record.value(call.input) if call else UNKNOWN
        made.key = call.key if call else None
    elif asked is not None and asked["kind"] == "child":
        made.action = f"workflow:{asked['workflowId']}@{asked['workflowVersion']}"
        made.given = asked["payload"]
    elif wait is not None and wait.wait_type in _STEP_WAITS:
        made.action, made.given = f"wait:{wait.wait_type}", _waited(record, wait)
    again = record.waits.get(f"{row.instance}#retry{row.attempt}")
    made.retry_at_us = again.due_us if again else None
    if row.end_seq is not None:
        made.wrote = _envelope(record.writes(written[row.end_seq]))
    return made


def _waited(record: Record, wait: Ask) -> dict[str, JsonValue]:
    return _asked(
        wait.due_us,
        wait.event_name,
        wait.key if wait.wait_type == "event" else None,
        None if wait.filters is None else record.value(wait.filters),
        None if wait.task is None else record.value(wait.task),
    )


def _asked(
    due_us: int | None, event_name: str | None, key: str | None, filters: JsonValue, task: JsonValue
) -> dict[str, JsonValue]:
    facts = {"dueAt": due_us, "eventName": event_name, "key": key, "filters": filters, "task": task}
    return {name: value for name, value in facts.items() if value is not None}


def _envelope(writes: Iterable[Sequence[Any]]) -> list[tuple[Path, JsonValue]]:
    """Writes on the envelope, of the run or of the item they were made in; an error is compared by itself."""
    found: list[tuple[Path, JsonValue]] = []
    for written, *value in writes:
        path = list(written)
        while len(path) > 5 and path[0] == "frames" and path[2:4] == ["lanes", "open"]:
            path = path[5:]
        if len(path) > 1 and path[0] == "envelope" and path[1] != "error":
            found.append((tuple(path[1:]), value[0] if value else DELETE))
    return found


class Passages:
    """Collects the passages of a replay from its events."""

    def __init__(self) -> None:
        self.all: list[Passage] = []
        self._open: dict[str, Passage] = {}  # by instance path

    def of(self, instance: str) -> Passage | None:
        """The last passage of an execution."""
        return self._open.get(instance)

    def note(self, number: int, events: Iterable[Event]) -> None:
        """Take in macrostep `number` of the replay."""
        for event in events:
            if isinstance(event, StepStarted):
                made = Passage(number, event.instance, event.step_id, event.type, event.attempt)
                self.all.append(made)
                self._open[event.instance] = made
            else:
                passage = self._open.get(getattr(event, "instance", ""))
                if passage is not None:
                    _take(passage, number, event)


def _take(passage: Passage, number: int, event: Event) -> None:
    """What an event says of the passage it belongs to."""
    match event:
        case InvocationScheduled():
            passage.action = f"{event.action_id}@{event.action_version}"
            passage.given, passage.key = event.input, event.key
        case ChildScheduled():
            passage.action = f"workflow:{event.workflow_id}@{event.workflow_version}"
            passage.given = event.payload
        case WaitOpened(wait_type="retry"):
            passage.retry_at_us = event.due_at_us
        case WaitOpened() if event.wait_type in _STEP_WAITS:
            key = event.key if event.wait_type == "event" else None
            passage.action = f"wait:{event.wait_type}"
            passage.given = _asked(event.due_at_us, event.event_name, key, event.filters, event.task)
        case StepSucceeded() | StepFailed() | StepCanceled():
            _end(passage, number, event)
        case _:
            pass


def _end(passage: Passage, number: int, event: StepSucceeded | StepFailed | StepCanceled) -> None:
    passage.end_seq = number
    passage.wrote = _envelope(write.to_json() for write in event.writes)
    match event:
        case StepSucceeded():
            passage.status, passage.branch, passage.handled_by = "SUCCEEDED", event.branch, event.handled_by
            passage.error = event.error
        case StepFailed():
            passage.status = "RETRY_SCHEDULED" if event.handled_by == "retry" else "FAILED"
            passage.error, passage.handled_by = event.error, event.handled_by
        case StepCanceled():
            passage.status = "CANCELED"
    if passage.error is not None:
        passage.error = {key: value for key, value in passage.error.items() if key != "nodePath"}
