"""Audit: who did what to what, when, why, and what it changed. Written with every intervention, never changed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from wfnb.errors import ValidationError
from wfnb.model.arguments import check_text
from wfnb.model.values import JsonValue
from wfnb.security.redact import redact
from wfnb.store.database import Database, Session
from wfnb.store.statements import AUDIT
from wfnb.store.text import dump, load_object

__all__ = ["Actor", "AuditFilter", "AuditRow", "check_reason", "difference", "entries", "note", "record"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the name, the role in which it is done, and the way by which it came (kernel, cli, http, engine)."""

    name: str = "local"
    role: str = "admin"
    source: str = "kernel"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One intervention. `changes` holds old and new values by name, or facts about what was done."""

    audit_no: int
    at_us: int
    actor: str
    role: str
    source: str
    operation: str
    target_type: str
    target_id: str
    reason: str | None
    changes: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which interventions a list shows, newest first. `before` is an ``audit_no``."""

    target_type: str | None = None
    target_id: str | None = None
    operation: str | None = None
    actor: str | None = None
    before: int | None = None
    limit: int = 100


def check_reason(reason: str) -> str:
    """The reason of an intervention, without the space around it.

    Raises
    ------
    ValidationError
        ``REASON_MISSING`` for fewer than three characters, ``INVALID_ARGUMENT`` for what is no text or too long.

    Examples
    --------
    >>> check_reason(" the order was withdrawn ")
    'the order was withdrawn'
    """
    if reason == "" or len(check_text(reason, "reason").strip()) < 3:
        raise ValidationError("Say why, in three characters or more.", code="REASON_MISSING", where="reason")
    return reason.strip()


def difference(old: Mapping[str, JsonValue], new: Mapping[str, JsonValue]) -> dict[str, dict[str, JsonValue]]:
    """What differs between two sets of settings, as ``{name: {"old": ..., "new": ...}}``.

    Examples
    --------
    >>> difference({"paused": False, "limit": 3}, {"paused": True, "limit": 3})
    {'paused': {'old': False, 'new': True}}
    """
    names = [*old, *(name for name in new if name not in old)]
    return {
        name: {"old": old.get(name), "new": new.get(name)} for name in names if old.get(name) != new.get(name)
    }


def note(
    session: Session,
    by: Actor,
    operation: str,
    target: tuple[str, str],
    *,
    at_us: int,
    reason: str | None = None,
    changes: Mapping[str, JsonValue] | None = None,
) -> None:
    """Add an entry inside the transaction of what it tells about. What is secret by its name is masked.

    Parameters
    ----------
    session, by
        The transaction, and who acts in it.
    operation
        What was done, as ``workflow.paused``.
    target
        Kind and id of what it was done to, as ``("workflow", "orders")``.
    at_us, reason, changes
        When, why, and what it changed.
    """
    masked = redact(dict(changes or {}))
    session.execute(AUDIT.add, (at_us, by.name, by.role, by.source, operation, *target, reason, dump(masked)))


def record(
    database: Database,
    by: Actor,
    operation: str,
    target: tuple[str, str],
    *,
    at_us: int,
    reason: str | None = None,
    changes: Mapping[str, JsonValue] | None = None,
) -> None:
    """Add an entry in a transaction of its own: for what the store has committed by itself. See `note`."""
    with database.writing() as session:
        note(session, by, operation, target, at_us=at_us, reason=reason, changes=changes)


def entries(database: Database, chosen: AuditFilter) -> list[AuditRow]:
    """A page of the audit, newest first."""
    before = sys.maxsize if chosen.before is None else chosen.before
    wanted = (chosen.target_type, chosen.target_id, chosen.operation, chosen.actor)
    pairs = [value for value in wanted for _ in range(2)]
    with database.reading() as session:
        rows = session.execute(AUDIT.page, (before, *pairs, chosen.limit))
    return [replace(AuditRow(*row), changes=load_object(row[-1]) or {}) for row in rows]
