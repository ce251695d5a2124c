"""What lists of the people who run the place hold: the audit, settings, logs and drafts as public rows."""

from __future__ import annotations

from dataclasses import dataclass, fields

from wfnb.model.times import iso
from wfnb.model.values import JsonValue
from wfnb.services import operations
from wfnb.services.audit import AuditRow
from wfnb.services.logs import Line
from wfnb.store.logs import LogRow

__all__ = ["AuditEntry", "DeadLetter", "LogLine", "columns_of"]


def columns_of(kind: type) -> tuple[str, ...]:
    """Names of the fields of a row, in order."""
    return tuple(field.name for field in fields(kind))


@dataclass(frozen=True)
class AuditEntry:
    """One intervention: who did what to what, why, and what it changed. `number` is what the next page begins before."""

    number: int
    at: str
    actor: str
    role: str
    source: str
    operation: str
    target: str
    id: str
    reason: str | None
    changes: JsonValue

    @classmethod
    def of(cls, row: AuditRow) -> AuditEntry:
        """From the tables."""
        return cls(
            row.audit_no,
            iso(row.at_us),
            row.actor,
            row.role,
            row.source,
            row.operation,
            row.target_type,
            row.target_id,
            row.reason,
            row.changes,
        )


@dataclass(frozen=True)
class DeadLetter:
    """A failed run that was tried again and again: the highest attempt at a step, and the steps that failed."""

    run: str
    workflow: str
    version: int
    attempts: int
    failed_steps: tuple[str, ...]
    error: str | None
    updated_at: str

    @classmethod
    def of(cls, letter: operations.DeadLetter) -> DeadLetter:
        """From the tables."""
        row = letter.run
        error = str(row.error["message"]) if row.error else None
        return cls(
            row.run_id,
            row.workflow_id,
            row.workflow_version,
            letter.attempts,
            letter.failed_steps,
            error,
            iso(row.updated_us),
        )


@dataclass(frozen=True)
class LogLine:
    """A line of a log. `number` is what the next page begins before; `instance` the execution of the step it is about."""

    number: int
    at: str
    level: str
    source: str
    message: str
    run: str
    instance: str | None
    context: JsonValue

    @classmethod
    def told(cls, number: int, line: Line, run_id: str) -> LogLine:
        """A line of the log of one run."""
        facts = (line.level, line.source, line.message, run_id, line.instance, line.context)
        return cls(number, iso(line.at_us), *facts)

    @classmethod
    def of(cls, row: LogRow, run_id: str) -> LogLine:
        """From the tables."""
        facts = (row.level, row.source, row.message, run_id, row.instance, row.context)
        return cls(row.log_no, iso(row.at_us), *facts)
