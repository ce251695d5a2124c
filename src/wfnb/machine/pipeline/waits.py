"""Waits: for a moment, for an event, for a person; what opens them, and what happens when they are answered or run out.

A wait that is answered puts what came into ``vars`` and makes its assignments; one that runs out fails with a TimeoutError,
which is routed like every other error (pipeline specification, 4.8 and 4.12).
"""

from __future__ import annotations

from wfnb.errors import ExpressionError, StepTimeoutError, ValidationError, WfnbError
from wfnb.machine.faults import error_data
from wfnb.machine.messages import (
    Completed,
    Failed,
    Fired,
    Signaled,
    Source,
    WaitOpened,
    WaitResolved,
    WaitType,
)
from wfnb.machine.pipeline.control import succeed
from wfnb.machine.pipeline.doubts import settled
from wfnb.machine.pipeline.errors import route
from wfnb.machine.pipeline.turn import Turn
from wfnb.model.times import iso, parse_iso
from wfnb.model.values import JsonValue, Write, canonical_json
from wfnb.validate.program import LinkedStep, WaitPlan
from wfnb.validate.template import Template

__all__ = ["RESUMED", "TASK_COMPLETED", "begin_wait", "fire", "signal"]

TASK_COMPLETED = "HUMAN_TASK_COMPLETED"
"""Name of the event that answers a human task."""

RESUMED = "ADMIN_RESUME"
"""Name of the event with which a person lets a run go on without what it waits for."""

_LATEST_US = parse_iso("9000-01-01")


def begin_wait(turn: Turn, step: LinkedStep) -> None:
    """Open the wait of a step.

    Raises
    ------
    ExpressionError, ValidationError
        When the key, the moment or the task cannot be made.
    """
    plan = _plan(step)
    match plan.wait_type:
        case "time":
            _open(turn, "time", _moment(turn, plan), {"mode": "until" if plan.until else "duration"})
        case "event":
            _open(
                turn,
                "event",
                _timeout(turn, plan),
                event_name=plan.event_name,
                key=_key(turn, plan),
                filters=list(plan.filters) or None,
            )
        case "human":
            key = f"{turn.state.run_id}/{turn.instance}#{turn.attempt}"
            task = _task(turn, plan)
            _open(turn, "human", _timeout(turn, plan), event_name=TASK_COMPLETED, key=key, task=task)


def fire(turn: Turn, command: Fired) -> None:
    """The moment of a wait has come: a retry or a pause goes on, anything else has run out."""
    pending = turn.state.pending.get(command.effect_id)
    if pending is None or pending["kind"] != "wait":
        return
    _resolve(turn, command.effect_id, by="time", source=command.source)
    if pending["waitType"] == "time":
        facts = {"mode": pending["mode"], "dueAt": iso(pending["dueAt"]), "resumedAt": iso(turn.at_us)}
        _go_on(turn, (Write(("envelope", "vars", "timeWait"), facts),))
    elif pending["waitType"] != "retry":
        what = "the task" if pending["waitType"] == "human" else "the event"
        fault = StepTimeoutError(f"The time for {what} ran out.", code="WAIT_TIMEOUT")
        route(turn, error_data(fault))


def signal(turn: Turn, command: Signaled) -> Completed | Failed | None:
    """What a wait was for has come, or a person lets the run go on without it; what became of a call that was in doubt."""
    pending = turn.state.pending.get(command.effect_id)
    if pending is None or pending["kind"] != "wait":
        return None
    if pending["waitType"] == "doubt":
        writes, known = settled(command, pending)
        _resolve(turn, command.effect_id, by="answer", extra=writes, source=command.source)
        return known
    kept = None if command.source is None else {"name": command.name, "payload": command.payload}
    _resolve(turn, command.effect_id, by="answer", source=command.source, answer=kept)
    if pending["waitType"] == "retry":
        return None
    arrived = (
        Write(("envelope", "vars", "event"), command.payload),
        Write(("envelope", "vars", "eventName"), command.name),
    )
    _go_on(turn, arrived, assign=not command.override)
    return None


def _go_on(turn: Turn, arrived: tuple[Write, ...], *, assign: bool = True) -> None:
    """End the step: what arrived, then its assignments, which may read it."""
    try:
        made = turn.assignments(turn.step.targets, arrived) if assign else []
    except WfnbError as error:
        route(turn, error_data(error))
    else:
        succeed(turn, (*arrived, *made))


def _open(
    turn: Turn,
    wait_type: WaitType,
    due_us: int | None,
    facts: dict[str, JsonValue] | None = None,
    *,
    event_name: str | None = None,
    key: str | None = None,
    filters: list[JsonValue] | None = None,
    task: dict[str, JsonValue] | None = None,
) -> None:
    effect_id = f"{turn.instance}#{turn.attempt}"
    pending = {"kind": "wait", "waitType": wait_type, "instance": turn.instance, **(facts or {})}
    if due_us is not None:
        pending["dueAt"] = due_us
    turn.emit(
        WaitOpened(
            at_us=turn.at_us,
            effect_id=effect_id,
            instance=turn.instance,
            wait_type=wait_type,
            due_at_us=due_us,
            event_name=event_name,
            key=key,
            filters=filters,
            task=task,
            writes=(Write(("status",), "WAITING"), Write(("pending", effect_id), pending)),
        )
    )


def _resolve(
    turn: Turn,
    effect_id: str,
    *,
    by: str,
    extra: tuple[Write, ...] = (),
    source: Source | None = None,
    answer: JsonValue = None,
) -> None:
    writes = (Write(("pending", effect_id)), Write(("status",), "RUNNING"), *extra)
    turn.emit(
        WaitResolved(
            at_us=turn.at_us,
            effect_id=effect_id,
            status="RESOLVED",
            by="time" if by == "time" else "answer",
            source=source,
            answer=answer,
            writes=writes,
        )
    )


def _plan(step: LinkedStep) -> WaitPlan:
    if step.wait is None:
        raise AssertionError("a wait is linked with its plan")
    return step.wait


def _timeout(turn: Turn, plan: WaitPlan) -> int | None:
    return None if plan.timeout_ms is None else turn.at_us + plan.timeout_ms * 1000


def _moment(turn: Turn, plan: WaitPlan) -> int:
    """When a pause ends. A moment that has passed ends it at once."""
    if plan.until is None:
        return turn.at_us + (plan.timeout_ms or 0) * 1000
    value = turn.value(plan.until)
    try:
        moment = parse_iso(value) if isinstance(value, str) else None
    except ValidationError:  # its text quotes the value, which may be secret
        moment = None
    if moment is None or moment >= _LATEST_US:
        raise ValidationError(
            "The time to wait until is no ISO 8601 moment.",
            code="INVALID_TIME",
            where="until",
            hint="Give text such as 2026-01-31T09:00:00Z.",
        )
    return max(moment, turn.at_us)


def _key(turn: Turn, plan: WaitPlan) -> str:
    """The correlation key as text; null is the empty key."""
    value = turn.value(plan.key) if plan.key is not None else None
    if isinstance(value, dict | list):
        raise ExpressionError(
            "The correlation key is not text or a number",
            code="INVALID_CORRELATION_KEY",
            field="correlationKey",
        )
    if value is None:
        return ""
    return value if isinstance(value, str) else canonical_json(value)


def _task(turn: Turn, plan: WaitPlan) -> dict[str, JsonValue]:
    """What a person is asked."""
    task: dict[str, JsonValue] = {"taskType": plan.task_type, "priority": plan.priority}
    for name, template in (
        ("title", plan.title),
        ("description", plan.description),
        ("assignee", plan.assignee),
        ("context", plan.context),
    ):
        if template is not None:
            task[name] = _said(turn, name, template)
    if plan.form is not None:
        task["form"] = plan.form
    return task


def _said(turn: Turn, name: str, template: Template) -> JsonValue:
    value = turn.value(template)
    if name != "context" and value is not None and not isinstance(value, str):
        raise ValidationError(f"The {name} of the task is not text.", where=name)
    return value
