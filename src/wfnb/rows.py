"""What lists of a run hold: public rows with ISO times, definition paths, and secrets masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from wfnb.model.paths import definition_path
from wfnb.model.times import iso
from wfnb.model.values import JsonValue
from wfnb.registry.actions import Action
from wfnb.registry.nodes import NodeType
from wfnb.security.escape import visible
from wfnb.security.redact import cap, redact
from wfnb.services.schedules import Schedule
from wfnb.store.records import EventRow, InboxRow, InvocationRow, RunRow, StepRow, Submitted, WaitRow

__all__ = [
    "ActionInfo",
    "Doubt",
    "EventReceipt",
    "EventRecord",
    "InboxRecord",
    "Invocation",
    "NodeInfo",
    "RunSummary",
    "ScheduleInfo",
    "Step",
    "Task",
    "Wait",
]

_NAMES = 300  # characters of the names of those who hold a run
_PREVIEW_BYTES = 32_768  # pipeline specification, 4.14: preview of an invocation


class _Row:
    """Base of rows."""

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Names of the fields, in order."""
        return tuple(field.name for field in fields(cls))  # type: ignore[arg-type]  # every row is a dataclass


def _span_ms(start_us: int, end_us: int | None) -> float | None:
    return None if end_us is None else round((end_us - start_us) / 1000, 3)


@dataclass(frozen=True)
class RunSummary(_Row):
    """A run in a list. Times are ISO text, the duration is in milliseconds; `held_by` names who keeps it standing."""

    run: str
    workflow: str
    version: int
    status: str
    state: str | None
    started_at: str
    duration_ms: float | None
    error: str | None
    held_by: str | None = None

    @classmethod
    def of(cls, row: RunRow, held_by: Sequence[str] = ()) -> RunSummary:
        """From the tables."""
        error = str(row.error["message"]) if row.error else None
        span = _span_ms(row.started_us, row.completed_us)
        started = iso(row.started_us)
        return cls(
            row.run_id, row.workflow_id, row.workflow_version, row.status, row.label, started, span, error,
            visible(", ".join(held_by), _NAMES) if held_by else None,
        )  # fmt: skip


@dataclass(frozen=True)
class Step(_Row):
    """One attempt at one execution of a step.

    `path` is the place in the definition, `instance` the execution with loop indices; `seq` the macrostep that ended it (for
    `Run.at`), or the one that began it while it is under way.
    """

    seq: int
    id: str
    type: str
    status: str
    attempt: int
    branch: str | None
    path: str
    instance: str
    started_at: str
    duration_ms: float | None
    error: dict[str, JsonValue] | None
    handled_by: str | None

    @classmethod
    def of(cls, row: StepRow) -> Step:
        """From the tables."""
        return cls(
            row.end_seq if row.end_seq is not None else row.seq,
            row.step_id,
            row.type,
            row.status,
            row.attempt,
            row.branch,
            definition_path(row.instance),
            row.instance,
            iso(row.started_us),
            _span_ms(row.started_us, row.ended_us),
            row.error,
            row.handled_by,
        )


@dataclass(frozen=True)
class Invocation(_Row):
    """One call of an action. `shared`: the result was taken over from an earlier call with the same idempotency key.

    `source`, when it was not called: ``recorded``, ``recorded-changed`` (asked otherwise), ``fixture``, ``sampled``, ``supplied``.
    """

    action: str
    version: int
    status: str
    attempt: int
    shared: bool
    instance: str
    input: JsonValue
    output: JsonValue
    error: dict[str, JsonValue] | None
    started_at: str
    duration_ms: float | None
    source: str | None = None

    @classmethod
    def of(cls, row: InvocationRow) -> Invocation:
        """From the tables; input and output are masked and capped."""
        return cls(
            row.action_id,
            row.action_version,
            row.status,
            row.attempt,
            row.shared_with is not None,
            row.instance,
            cap(redact(row.input), _PREVIEW_BYTES),
            cap(redact(row.output), _PREVIEW_BYTES),
            row.error,
            iso(row.scheduled_us),
            _span_ms(row.scheduled_us, row.ended_us),
            row.source,
        )


@dataclass(frozen=True)
class Wait(_Row):
    """A wait of a run: for an event with a key, a person, a moment, another attempt, or a called run; `source` as of `Invocation`."""

    type: str
    status: str
    instance: str
    event: str | None
    key: str | None
    opened_at: str
    due_at: str | None
    resolved_at: str | None
    source: str | None = None

    @classmethod
    def of(cls, row: WaitRow) -> Wait:
        """From the tables."""
        due = iso(row.due_us) if row.due_us is not None else None
        resolved = iso(row.resolved_us) if row.resolved_us is not None else None
        opened = iso(row.created_us)
        told = (row.event_name, row.key, opened, due, resolved, row.source)
        return cls(row.wait_type, row.status, row.instance, *told)


@dataclass(frozen=True)
class Task(_Row):
    """What a person is asked; `id` is what `Workspace.complete_task` takes, `form` a JSON Schema."""

    id: str
    type: str
    title: str | None
    priority: str
    assignee: str | None
    run: str
    opened_at: str
    due_at: str | None
    description: str | None
    context: JsonValue
    form: JsonValue

    @classmethod
    def of(cls, row: WaitRow, run_id: str) -> Task:
        """From the tables; what the task is about is masked and capped."""
        task = row.task or {}
        return cls(
            row.key or "",
            str(task.get("taskType")),
            task.get("title"),
            str(task.get("priority")),
            task.get("assignee"),
            run_id,
            iso(row.created_us),
            iso(row.due_us) if row.due_us is not None else None,
            task.get("description"),
            cap(redact(task.get("context")), _PREVIEW_BYTES),
            task.get("form"),
        )


@dataclass(frozen=True)
class Doubt(_Row):
    """A call of which nobody knows whether it was done; `id` is what `Workspace.settle` takes."""

    id: str
    run: str
    action: str
    version: int
    attempt: int
    instance: str
    since: str
    key: str
    input: JsonValue

    @classmethod
    def of(cls, wait: WaitRow, call: InvocationRow, run_id: str) -> Doubt:
        """From the tables; the input is masked and capped."""
        shown = cap(redact(call.input), _PREVIEW_BYTES)
        return cls(
            wait.key or "", run_id, call.action_id, call.action_version, call.attempt, call.instance,
            iso(wait.created_us), call.key, shown,
        )  # fmt: skip


@dataclass(frozen=True)
class ScheduleInfo(_Row):
    """When a workflow starts by itself, and what became of the last time."""

    workflow: str
    name: str
    when: str
    timezone: str | None
    catch_up: str
    next_at: str | None
    last_at: str | None
    last_run: str | None
    last_error: str | None

    @classmethod
    def of(cls, row: Schedule) -> ScheduleInfo:
        """From the tables."""
        next_at, last_at, run_at = (
            None if moment is None else iso(moment) for moment in (row.next_us, row.last_us, row.run_at_us)
        )
        when = row.cron or run_at or ""
        return cls(
            row.workflow_id, row.name, when, row.timezone, row.catch_up, next_at, last_at, row.last_run_id, row.last_error
        )  # fmt: skip


@dataclass(frozen=True)
class InboxRecord(_Row):
    """An event that was submitted: the run that it woke, and the ids of the runs that it started."""

    number: int
    name: str
    key: str | None
    status: str
    run: str | None
    started: tuple[str, ...]
    received_at: str
    source: str
    error: str | None
    payload: JsonValue

    @classmethod
    def of(cls, row: InboxRow, run_id: str | None) -> InboxRecord:
        """From the tables; the payload is masked and capped."""
        matched = run_id is not None or row.started
        return cls(
            row.inbox_no,
            row.name,
            row.key,
            "error" if row.error else "matched" if matched else "unmatched",
            run_id,
            row.started,
            iso(row.received_us),
            row.source,
            row.error,
            cap(redact(row.payload), _PREVIEW_BYTES),
        )


@dataclass(frozen=True)
class EventReceipt:
    """What came of a submitted event.

    `run` is the id of the run that went on, `started` are the ids of runs that began; `duplicate` says that it had been
    submitted before, and `error` why a workflow did not start.
    """

    number: int
    name: str
    run: str | None
    started: tuple[str, ...]
    duplicate: bool
    error: str | None

    @classmethod
    def of(cls, done: Submitted, run_id: str | None) -> EventReceipt:
        """From the tables."""
        row = done.row
        return cls(row.inbox_no, row.name, run_id, row.started, not done.new, row.error)

    @property
    def status(self) -> str:
        """``resumed`` when a run went on, ``started`` when runs began, ``error`` or ``unmatched`` otherwise."""
        if self.run is not None:
            return "resumed"
        return "started" if self.started else "error" if self.error else "unmatched"

    @property
    def matched(self) -> bool:
        """Whether anything came of it."""
        return self.status in ("resumed", "started")


@dataclass(frozen=True)
class EventRecord(_Row):
    """Something that happened to a run as a whole."""

    at: str
    kind: str
    seq: int
    data: JsonValue

    @classmethod
    def of(cls, row: EventRow) -> EventRecord:
        """From the tables."""
        return cls(iso(row.at_us), row.kind, row.seq, redact(row.data))


@dataclass(frozen=True)
class ActionInfo(_Row):
    """A registered action, with the JSON Schemas of what it takes and gives.

    `idempotency` is ``"engine"`` or ``"action"``, whoever makes the key, or None; `retry` the policy for steps that give none.
    """

    id: str
    version: int
    label: str
    category: str
    side_effect: bool
    description: str
    input_schema: dict[str, JsonValue]
    output_schema: dict[str, JsonValue]
    idempotency: str | None
    retry: dict[str, JsonValue] | None
    examples: tuple[JsonValue, ...]

    @classmethod
    def of(cls, action: Action) -> ActionInfo:
        """From the registry."""
        retry = action.retry.model_dump(mode="json", by_alias=True) if action.retry else None
        return cls(
            action.id,
            action.version,
            action.label,
            action.category,
            action.side_effect,
            action.description,
            action.input_schema(),
            action.output_schema(),
            "action" if callable(action.idempotency) else action.idempotency,
            retry,
            action.examples,
        )


@dataclass(frozen=True)
class NodeInfo(_Row):
    """A node type, with the JSON Schema of its configuration."""

    type: str
    label: str
    category: str
    description: str
    config_schema: dict[str, JsonValue]
    examples: tuple[JsonValue, ...]

    @classmethod
    def of(cls, node: NodeType) -> NodeInfo:
        """From the registry."""
        return cls(
            node.name, node.label, node.category, node.description, node.config_schema(), node.examples
        )
