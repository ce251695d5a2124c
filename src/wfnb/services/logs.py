"""The log of a run: what the tables know of it as lines in the order of time, and between them what actions wrote down.

Nothing is written for the first kind: a line "step failed" is the row of the step, told in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from wfnb.model.values import JsonValue, size_bytes
from wfnb.security.redact import redact
from wfnb.store import logs
from wfnb.store.port import Store
from wfnb.store.records import EventRow, InvocationRow, RunRow, StepRow, WaitRow

__all__ = ["Line", "of_run"]

_LEVELS = {
    "run.failed": "ERROR",
    "run.canceled": "WARN",
    "run.reopened": "WARN",
    "retry.scheduled": "WARN",
    "attempt.repeated": "WARN",
}
_WORDS = {
    "run.started": "The run started.",
    "run.succeeded": "The run succeeded.",
    "run.failed": "The run failed.",
    "run.canceled": "The run was cancelled.",
    "run.reopened": "The run was retried by a person.",
    "retry.scheduled": "Another attempt was scheduled.",
    "attempt.repeated": "An attempt was repeated after a crash.",
    "child.scheduled": "Another workflow was called.",
}


class Line(NamedTuple):
    """A line of the log of one run; `rank` puts lines of one moment into the order in which they make sense."""

    at_us: int
    rank: int
    level: str
    source: str
    message: str
    instance: str | None
    context: dict[str, JsonValue]


def of_run(store: Store, run: RunRow) -> list[Line]:
    """All lines about a run, in order."""
    told = chain(
        map(_event, store.events(run.run_no)),
        chain.from_iterable(map(_step, store.steps(run.run_no))),
        chain.from_iterable(map(_call, store.invocations(run.run_no))),
        chain.from_iterable(map(_wait, store.waits(run.run_no))),
        (
            Line(row.at_us, 3, row.level, row.source, row.message, row.instance, row.context)
            for row in logs.of_run(store.database, run.run_no)
        ),
    )
    return sorted(told, key=lambda line: line[:2])


def _event(row: EventRow) -> Line:
    level = _LEVELS.get(row.kind, "INFO")
    rank = {"run.started": 0, "run.reopened": 0}.get(row.kind, 7)
    instance = row.data.get("instance")
    place = instance if isinstance(instance, str) else None
    return Line(
        row.at_us,
        rank,
        level,
        "engine",
        _WORDS.get(row.kind, row.kind),
        place,
        {"kind": row.kind, **redact(row.data)},
    )


def _step(row: StepRow) -> Iterator[Line]:
    facts: dict[str, JsonValue] = {"step": row.step_id, "type": row.type, "attempt": row.attempt}
    yield Line(
        row.started_us,
        1,
        "DEBUG",
        "engine",
        f"Step {row.step_id} started.",
        row.instance,
        {"kind": "step.started", **facts},
    )
    if row.ended_us is not None:
        level = "ERROR" if row.status == "FAILED" else "WARN" if row.error is not None else "DEBUG"
        kind = "step." + row.status.lower()
        told = {"kind": kind, **facts, **({"error": row.error} if row.error is not None else {})}
        words = f"Step {row.step_id} ended: {row.status}."
        yield Line(row.ended_us, 6, level, "engine", words, row.instance, told)


def _call(row: InvocationRow) -> Iterator[Line]:
    name = f"{row.action_id}@{row.action_version}"
    facts: dict[str, JsonValue] = {"action": name, "attempt": row.attempt}
    started = {"kind": "call.started", **facts, "inputBytes": size_bytes(row.input)}
    yield Line(row.scheduled_us, 2, "DEBUG", "engine", f"{name} was called.", row.instance, started)
    if row.ended_us is not None:
        ended = {"kind": f"call.{row.status.lower()}", **facts}
        ended |= {"error": row.error} if row.error is not None else {"outputBytes": size_bytes(row.output)}
        level = "WARN" if row.status == "FAILED" else "DEBUG"
        words = f"{name} ended: {row.status}."
        yield Line(row.ended_us, 4, level, "engine", words, row.instance, ended)


def _wait(row: WaitRow) -> Iterator[Line]:
    facts: dict[str, JsonValue] = {"wait": row.wait_type, "event": row.event_name, "key": row.key}
    known = {name: value for name, value in facts.items() if value is not None}
    words = {"event": "an event", "human": "a person", "child": "another run", "retry": "another attempt"}
    what = words.get(row.wait_type, "a moment")
    yield Line(
        row.created_us,
        5,
        "INFO",
        "engine",
        f"The run waits for {what}.",
        row.instance,
        {"kind": "wait.opened", **known},
    )
    if row.resolved_us is not None:
        ended = {"kind": f"wait.{row.status.lower()}", **known}
        yield Line(row.resolved_us, 5, "INFO", "engine", f"The wait for {what} is over.", row.instance, ended)
