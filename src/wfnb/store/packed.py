"""Rows of packed runs, written into a SQLite file of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from wfnb.errors import ValidationError
from wfnb.model.values import JsonValue
from wfnb.store.database import Session
from wfnb.store.records import VersionRow
from wfnb.store.sqlite import SqliteStore
from wfnb.store.statements import PACKED
from wfnb.store.text import dump

__all__ = ["PackedRows", "write_packed"]


@dataclass(frozen=True, slots=True)
class PackedRows:
    """A run as it is packed, with its checkpoints and macrosteps as values of rows."""

    run: Any
    checkpoints: Sequence[tuple[Any, ...]]
    macrosteps: Sequence[tuple[Any, ...]]


def write_packed(store: SqliteStore, versions: Sequence[VersionRow], runs: Iterable[PackedRows]) -> None:
    """Write versions and runs into an empty store, in one transaction.

    Raises
    ------
    ValidationError
        When the rows contradict each other.
    """
    store.save_versions(versions)
    numbers = _Numbers()
    try:
        with store.database.writing() as session:
            for run_no, rows in enumerate(runs, 1):
                _write(session, run_no, rows, numbers)
    except apsw.ConstraintError as error:
        raise ValidationError(f"{error}.") from None


@dataclass(slots=True)
class _Numbers:
    """Numbers given so far."""

    calls: int = 0
    waits: int = 0


def _write(session: Session, run_no: int, rows: PackedRows, numbers: _Numbers) -> None:
    run = rows.run
    parent = None if run.parent is None else run.parent + 1
    session.execute(
        PACKED.add_run,
        (
            run_no, run.run_id, run.workflow_id, run.workflow_version, run.definition_hash, run.kind, run.status, run.label,
            run.cursor, _text(run.error), run.trigger, parent, run.parent_effect, run.depth, run.seq, run.started_us,
            run.updated_us, run.completed_us, run.tenant,
        ),
    )  # fmt: skip
    for checkpoint in rows.checkpoints:
        session.execute(PACKED.add_checkpoint, (run_no, *checkpoint))
    for macrostep in rows.macrosteps:
        session.execute(PACKED.add_macrostep, (run_no, *macrostep))
    for step in run.steps:
        session.execute(
            PACKED.add_step,
            (
                run_no, step.seq, step.instance, step.step_id, step.type, step.attempt, step.status, step.branch, _text(step.error),
                step.handled_by, step.end_seq, step.started_us, step.ended_us,
            ),
        )  # fmt: skip
    for call in run.calls:
        numbers.calls += 1
        # Whose result a shared one was is not in the pack, and keys that were masked may be the same: each stands by itself.
        session.execute(
            PACKED.add_call,
            (
                numbers.calls, run_no, call.effect_id, call.instance, call.action_id, call.action_version, call.key, call.status,
                call.attempt, dump(call.input), None if call.output is None and call.status != "SUCCEEDED" else dump(call.output),
                _text(call.error), numbers.calls, call.scheduled_us, call.ended_us, call.source,
            ),
        )  # fmt: skip
    for wait in run.waits:
        _write_wait(session, run_no, run, wait, numbers)
    for event in run.events:
        session.execute(PACKED.add_event, (run_no, event.seq, event.at_us, event.kind, dump(event.data)))


def _write_wait(session: Session, run_no: int, run: Any, wait: Any, numbers: _Numbers) -> None:
    numbers.waits += 1
    number = numbers.waits
    came = wait.answered
    session.execute(
        PACKED.add_wait,
        (
            number, run_no, wait.effect_id, wait.instance, wait.wait_type, wait.status, wait.due_us, wait.created_us, wait.resolved_us,
            wait.event_name, wait.key, _text(wait.filters), _text(wait.task), wait.answered_us, number if came else None,
            wait.source, _text(wait.answer),
        ),
    )  # fmt: skip
    if came is not None:
        values = (
            number,
            run.tenant,
            came.name,
            came.key,
            dump(came.payload),
            came.received_us,
            number,
            run_no,
        )
        session.execute(PACKED.add_answer, values)


def _text(value: JsonValue) -> str | None:
    return None if value is None else dump(value)
