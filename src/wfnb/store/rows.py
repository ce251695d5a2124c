"""From a commit to the rows it changes: pure, and the same for every store, so that stores cannot disagree.

Rows are named tuples and not dataclasses, because a store binds them to its statements as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from wfnb.errors import CommandError
from wfnb.limits import LIMITS
from wfnb.machine.messages import (
    ChildScheduled,
    InvocationCanceled,
    InvocationFailed,
    InvocationScheduled,
    InvocationSucceeded,
    RunCanceled,
    RunEdited,
    RunFailed,
    RunReopened,
    RunStarted,
    RunSucceeded,
    StepCanceled,
    StepFailed,
    StepStarted,
    StepSucceeded,
    WaitOpened,
    WaitResolved,
)
from wfnb.machine.state import State, compact
from wfnb.model.times import iso
from wfnb.model.values import JsonValue
from wfnb.store.records import Commit, Macrostep
from wfnb.store.text import dump

__all__ = [
    "Call",
    "CallEnded",
    "Happening",
    "OpenedWait",
    "ResolvedWait",
    "RowChanges",
    "StepBegun",
    "StepEnded",
    "StoredMacrostep",
    "label_of",
    "row_changes",
]


class StoredMacrostep(NamedTuple):
    """A row of ``macrosteps`` without its run."""

    seq: int
    at_us: int
    command: str
    writes: str


class StepEnded(NamedTuple):
    """How an attempt at a step ended that an earlier commit began."""

    status: str
    branch: str | None
    error: str | None
    handled_by: str | None
    end_seq: int
    ended_us: int
    instance: str
    attempt: int


class StepBegun(NamedTuple):
    """A new row of ``steps`` without its run; what ended in the same commit stands in it as ended."""

    seq: int
    instance: str
    step_id: str
    type: str
    attempt: int
    status: str
    branch: str | None
    error: str | None
    handled_by: str | None
    end_seq: int | None
    started_us: int
    ended_us: int | None


class Call(NamedTuple):
    """An action that is to be performed: its invocation is claimed by its key."""

    effect_id: str
    instance: str
    action_id: str
    action_version: int
    key: str
    input: str
    at_us: int


class CallEnded(NamedTuple):
    """How the open invocation of an effect ended. An effect without one (a child run) changes no row."""

    status: str
    output: str | None
    error: str | None
    ended_us: int
    source: str | None
    effect_id: str


class OpenedWait(NamedTuple):
    """A new row of ``waits`` without its run."""

    effect_id: str
    instance: str
    wait_type: str
    due_us: int | None
    created_us: int
    event_name: str | None
    key: str | None
    filters: str | None
    task: str | None


class ResolvedWait(NamedTuple):
    """How an open wait ended; `expired` when its time ran out, which only holds while no answer has come."""

    status: str
    resolved_us: int
    effect_id: str
    expired: bool
    source: str | None
    answer: str | None


class Happening(NamedTuple):
    """A new row of ``events`` without its run."""

    seq: int
    at_us: int
    kind: str
    data: str


@dataclass(slots=True)
class RowChanges:
    """All rows that one commit changes.

    `calls` and `waits` are in the order of their events. `checkpoint` is the text of the state tree when one is due;
    `canceled_us` the moment at which all open invocations of the run are given up; `error` the error the run failed with.
    """

    seq: int
    status: str
    label: str | None
    updated_us: int
    completed_us: int | None
    error: str | None = None
    canceled_us: int | None = None
    checkpoint: str | None = None
    macrosteps: list[StoredMacrostep] = field(default_factory=list)
    begun: list[StepBegun] = field(default_factory=list)
    ended: list[StepEnded] = field(default_factory=list)
    calls: list[Call | CallEnded] = field(default_factory=list)
    waits: list[OpenedWait | ResolvedWait] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)


_Under: TypeAlias = dict[tuple[str, int], tuple[int, StepStarted]]
"""Attempts that began in this commit and have not ended in it, with their macrosteps."""


def row_changes(commit: Commit) -> RowChanges:
    """The rows that a commit changes.

    Raises
    ------
    ValidationError
        ``NOT_JSON`` when a value in it cannot be stored.
    LimitExceeded
        ``TOO_DEEP``.
    CommandError
        When it holds no macrostep.
    """
    if not commit.macrosteps:
        raise CommandError("A commit holds one macrostep at least.")
    state = commit.state
    last = commit.expected_seq + len(commit.macrosteps)
    updated_us = commit.macrosteps[-1].at_us
    completed_us = updated_us if state.terminal else None
    rows = RowChanges(last, state.status, label_of(state), updated_us, completed_us)
    under: _Under = {}
    for seq, macrostep in enumerate(commit.macrosteps, commit.expected_seq + 1):
        _take(rows, under, seq, macrostep)
    rows.begun.extend(_step(seq, step) for seq, step in under.values())
    every = LIMITS.checkpoint_every
    if last // every != commit.expected_seq // every:
        rows.checkpoint = _checkpoint(state, last // every)
    return rows


def _checkpoint(state: State, number: int) -> str | None:
    """The state as checkpoint `number`, or None when it is so large that this one is left out."""
    text = dump(state.tree)
    stride = min(LIMITS.checkpoint_stride, 1 + len(text) // LIMITS.checkpoint_size_bytes)
    return text if number % stride == 0 else None


def label_of(state: State) -> str | None:
    """What lists show as the state of a run: ``meta.state``, when it is text."""
    meta = state.envelope.get("meta")
    label = meta.get("state") if isinstance(meta, dict) else None
    return label if isinstance(label, str) else None


def _take(rows: RowChanges, under: _Under, seq: int, macrostep: Macrostep) -> None:
    made = (write for event in macrostep.events for write in event.writes)
    writes = [write.to_json() for write in compact(made)]
    rows.macrosteps.append(StoredMacrostep(seq, macrostep.at_us, macrostep.command, dump(writes)))
    for event in macrostep.events:
        take = _TAKES.get(type(event))
        if take is not None:
            take(rows, under, seq, event)


def _step(seq: int, step: StepStarted, ended: StepEnded | None = None) -> StepBegun:
    head = (seq, step.instance, step.step_id, step.type, step.attempt)
    if ended is None:
        return StepBegun(*head, "STARTED", None, None, None, None, step.at_us, None)
    status, branch, error, handled_by, end_seq, ended_us, _, _ = ended
    return StepBegun(*head, status, branch, error, handled_by, end_seq, step.at_us, ended_us)


def _end(rows: RowChanges, under: _Under, ended: StepEnded) -> None:
    """A step that began in this commit becomes one row with its end; any other row is changed."""
    begun = under.pop((ended.instance, ended.attempt), None)
    if begun is None:
        rows.ended.append(ended)
    else:
        rows.begun.append(_step(*begun, ended))


def _step_started(_: RowChanges, under: _Under, seq: int, event: StepStarted) -> None:
    under[event.instance, event.attempt] = (seq, event)


def _step_succeeded(rows: RowChanges, under: _Under, seq: int, event: StepSucceeded) -> None:
    error = None if event.error is None else dump(event.error)
    ended = StepEnded(
        "SUCCEEDED", event.branch, error, event.handled_by, seq, event.at_us, event.instance, event.attempt
    )
    _end(rows, under, ended)


def _step_failed(rows: RowChanges, under: _Under, seq: int, event: StepFailed) -> None:
    status = "RETRY_SCHEDULED" if event.handled_by == "retry" else "FAILED"
    error = dump(event.error)
    _end(
        rows,
        under,
        StepEnded(status, None, error, event.handled_by, seq, event.at_us, event.instance, event.attempt),
    )
    if event.retry_at_us is not None:
        data: JsonValue = {
            "instance": event.instance,
            "attempt": event.attempt,
            "dueAt": iso(event.retry_at_us),
            "error": event.error,
        }
        rows.happenings.append(Happening(seq, event.at_us, "retry.scheduled", dump(data)))


def _step_canceled(rows: RowChanges, under: _Under, seq: int, event: StepCanceled) -> None:
    _end(
        rows,
        under,
        StepEnded("CANCELED", None, None, None, seq, event.at_us, event.instance, event.attempt),
    )


def _run_started(rows: RowChanges, _: _Under, seq: int, event: RunStarted) -> None:
    rows.happenings.append(Happening(seq, event.at_us, "run.started", "{}"))


def _run_succeeded(rows: RowChanges, _: _Under, seq: int, event: RunSucceeded) -> None:
    rows.happenings.append(Happening(seq, event.at_us, "run.succeeded", "{}"))


def _run_failed(rows: RowChanges, _: _Under, seq: int, event: RunFailed) -> None:
    rows.error = dump(event.error)
    rows.happenings.append(Happening(seq, event.at_us, "run.failed", dump({"error": event.error})))


def _run_canceled(rows: RowChanges, _: _Under, seq: int, event: RunCanceled) -> None:
    rows.canceled_us = event.at_us
    data = {"reason": event.reason, "actor": event.actor}
    rows.happenings.append(Happening(seq, event.at_us, "run.canceled", dump(data)))


def _run_reopened(rows: RowChanges, _: _Under, seq: int, event: RunReopened) -> None:
    data = {"reason": event.reason, "actor": event.actor, "instance": event.instance}
    rows.happenings.append(Happening(seq, event.at_us, "run.reopened", dump(data)))


def _run_edited(rows: RowChanges, _: _Under, seq: int, event: RunEdited) -> None:
    names = ("kind", "instance", "path", "changes", "reason", "actor")
    data = {name: getattr(event, name) for name in names if getattr(event, name) is not None}
    rows.happenings.append(Happening(seq, event.at_us, "run.edited", dump(data)))


def _invocation_scheduled(rows: RowChanges, _: _Under, __: int, event: InvocationScheduled) -> None:
    rows.calls.append(
        Call(
            event.effect_id,
            event.instance,
            event.action_id,
            event.action_version,
            event.key,
            dump(event.input),
            event.at_us,
        )
    )


def _invocation_succeeded(rows: RowChanges, _: _Under, __: int, event: InvocationSucceeded) -> None:
    output = dump(event.output)
    rows.calls.append(CallEnded("SUCCEEDED", output, None, event.at_us, event.source, event.effect_id))


def _invocation_failed(rows: RowChanges, _: _Under, __: int, event: InvocationFailed) -> None:
    error = dump(event.error)
    rows.calls.append(CallEnded("FAILED", None, error, event.at_us, event.source, event.effect_id))


def _invocation_canceled(rows: RowChanges, _: _Under, __: int, event: InvocationCanceled) -> None:
    rows.calls.append(CallEnded("CANCELED", None, None, event.at_us, None, event.effect_id))


def _child_scheduled(rows: RowChanges, _: _Under, seq: int, event: ChildScheduled) -> None:
    data = {
        "instance": event.instance,
        "workflowId": event.workflow_id,
        "workflowVersion": event.workflow_version,
    }
    rows.happenings.append(Happening(seq, event.at_us, "child.scheduled", dump(data)))


def _wait_opened(rows: RowChanges, _: _Under, __: int, event: WaitOpened) -> None:
    filters = None if event.filters is None else dump(event.filters)
    task = None if event.task is None else dump(event.task)
    rows.waits.append(
        OpenedWait(
            event.effect_id,
            event.instance,
            event.wait_type,
            event.due_at_us,
            event.at_us,
            event.event_name,
            event.key,
            filters,
            task,
        )
    )


def _wait_resolved(rows: RowChanges, _: _Under, __: int, event: WaitResolved) -> None:
    expired = event.by == "time" and event.source is None
    answer = None if event.answer is None else dump(event.answer)
    over = (event.status, event.at_us, event.effect_id, expired, event.source, answer)
    rows.waits.append(ResolvedWait(*over))


_TAKES: dict[type, Callable[[RowChanges, _Under, int, Any], None]] = {
    ChildScheduled: _child_scheduled,
    InvocationCanceled: _invocation_canceled,
    InvocationFailed: _invocation_failed,
    InvocationScheduled: _invocation_scheduled,
    InvocationSucceeded: _invocation_succeeded,
    RunCanceled: _run_canceled,
    RunEdited: _run_edited,
    RunFailed: _run_failed,
    RunReopened: _run_reopened,
    RunStarted: _run_started,
    RunSucceeded: _run_succeeded,
    StepCanceled: _step_canceled,
    StepFailed: _step_failed,
    StepStarted: _step_started,
    StepSucceeded: _step_succeeded,
    WaitOpened: _wait_opened,
    WaitResolved: _wait_resolved,
}
"""What each event changes; the others (``ControlMoved``) change the state alone."""
