"""How a workflow may be run: paused, archived, its limits; every change is audited with what it was before."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wfnb.errors import ValidationError
from wfnb.model.arguments import check_number, check_whole
from wfnb.services.audit import Actor, difference, note
from wfnb.store.database import Database, Session
from wfnb.store.statements import WORKFLOWS

__all__ = ["Settings", "change", "ensure", "every", "follow_file", "is_held", "put", "settings"]

_FLAGS = ("paused", "auto_pause", "legal_hold")
_OWN = ("workflow_id", "updated_by", "updated_us")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a workflow may be run.

    `failure_threshold` is the share of failed runs among the newest `failure_min_runs` at which `auto_pause` pauses the
    workflow; `retention_days` says how long runs that are over are kept, unless `legal_hold` keeps them.
    """

    workflow_id: str
    status: str = "published"
    paused: bool = False
    pause_reason: str | None = None
    concurrency_limit: int | None = None
    auto_pause: bool = False
    failure_threshold: float = 0.5
    failure_min_runs: int = 10
    retention_days: int | None = None
    legal_hold: bool = False
    updated_by: str = "local"
    updated_us: int = 0

    def values(self) -> dict[str, Any]:
        """What can be set, by name."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name not in _OWN}


def ensure(session: Session, workflow_id: str, by: Actor, at_us: int) -> None:
    """Make the row of a workflow that has none yet."""
    session.execute(WORKFLOWS.ensure, (workflow_id, by.name, at_us))


def settings(database: Database, workflow_id: str) -> Settings:
    """The settings of a workflow; the usual ones when nobody has set any."""
    with database.reading() as session:
        return _read(session, workflow_id)


def is_held(session: Session, workflow_id: str) -> bool:
    """Whether no run of a workflow may be deleted."""
    return _read(session, workflow_id).legal_hold


def every(database: Database) -> list[Settings]:
    """The settings of all workflows, by id."""
    with database.reading() as session:
        return [_settings(row) for row in session.execute(WORKFLOWS.every)]


def change(
    database: Database, workflow_id: str, by: Actor, operation: str, *, at_us: int, reason: str, **new: Any
) -> Settings:
    """Set some settings and audit what that changed, in one transaction. What is set to what it was changes nothing.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT``.
    """
    checked = {name: _checked(name, value) for name, value in new.items()}
    with database.writing() as session:
        ensure(session, workflow_id, by, at_us)
        old = _read(session, workflow_id)
        changed = dataclasses.replace(old, **checked, updated_by=by.name, updated_us=at_us)
        differs = difference(old.values(), changed.values())
        if not differs:
            return old
        session.execute(WORKFLOWS.change, _columns(changed))
        target = ("workflow", workflow_id)
        note(session, by, operation, target, at_us=at_us, reason=reason, changes=differs)
        return changed


def follow_file(session: Session, workflow_id: str, by: Actor, *, archived: bool, at_us: int) -> None:
    """Archive a workflow whose file is gone, or take it back when the file is there again, inside a resync's transaction."""
    ensure(session, workflow_id, by, at_us)
    old = _read(session, workflow_id)
    status = "archived" if archived else "published"
    changed = dataclasses.replace(old, status=status, updated_by=by.name, updated_us=at_us)
    session.execute(WORKFLOWS.change, _columns(changed))
    operation = "workflow.archived" if archived else "workflow.restored"
    reason = "its file is gone" if archived else "its file is there again"
    facts = difference(old.values(), changed.values())
    note(session, by, operation, ("workflow", workflow_id), at_us=at_us, reason=reason, changes=facts)


def put(session: Session, workflow_id: str, by: Actor, at_us: int, new: dict[str, Any]) -> None:
    """Set what a bundle says, inside the transaction that takes it in; a legal hold stays."""
    ensure(session, workflow_id, by, at_us)
    checked = {name: _checked(name, value) for name, value in new.items()}
    old = _read(session, workflow_id)
    changed = dataclasses.replace(
        old, **{"pause_reason": None, **checked}, updated_by=by.name, updated_us=at_us
    )
    session.execute(WORKFLOWS.change, _columns(changed))


def _read(session: Session, workflow_id: str) -> Settings:
    found = session.execute(WORKFLOWS.get, (workflow_id,))
    return _settings(found[0]) if found else Settings(workflow_id)


def _settings(row: Sequence[Any]) -> Settings:
    names = (field.name for field in dataclasses.fields(Settings))
    given: dict[str, Any] = dict(zip(names, row, strict=True))
    given.update({name: bool(given[name]) for name in _FLAGS})
    return Settings(**given)


def _columns(settings: Settings) -> tuple[Any, ...]:
    given = dataclasses.asdict(settings)
    workflow_id = given.pop("workflow_id")
    return (*(int(value) if isinstance(value, bool) else value for value in given.values()), workflow_id)


def _checked(name: str, value: Any) -> Any:
    if name in _FLAGS and not isinstance(value, bool):
        raise _refused(name, "must be True or False")
    if name == "failure_threshold" and not 0 < check_number(value, name) <= 1:
        raise _refused(name, "is a share: above 0, at most 1")
    if name == "failure_min_runs":
        check_whole(value, name, least=1)
    if name in ("concurrency_limit", "retention_days") and value is not None:
        check_whole(value, name, least=1)
    return value


def _refused(name: str, what: str) -> ValidationError:
    return ValidationError(f"“{name}” {what}.", code="INVALID_ARGUMENT", where=name)
