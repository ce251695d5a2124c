"""Drafts: definitions that are being written. A draft is changed only by who has seen the version that is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wfnb.errors import CommandError, DefinitionError, NotFoundError
from wfnb.model.arguments import check_text
from wfnb.model.values import JsonValue, content_hash
from wfnb.security.escape import visible
from wfnb.services.audit import Actor, note
from wfnb.store.database import Database, Session
from wfnb.store.statements import DRAFTS
from wfnb.store.text import dump, load_object
from wfnb.validate.bounds import check_bounds

__all__ = ["DraftRow", "delete", "draft", "every", "find", "save"]


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft as it is stored."""

    workflow_id: str
    version: int
    definition: dict[str, JsonValue]
    definition_hash: str
    created_by: str
    created_us: int
    updated_by: str
    updated_us: int


def save(
    database: Database, definition: JsonValue, by: Actor, *, at_us: int, expected: int | None
) -> DraftRow:
    """Save a draft; `expected` is the version it replaces, None when there is none yet.

    Raises
    ------
    DefinitionError
        When it is no object with an id, or larger than a definition may be.
    CommandError
        ``DRAFT_CONFLICT`` when another version is there: nothing was saved.
    """
    raw = _object(definition)
    workflow_id = check_text(raw.get("id"), "id")
    text, digest = dump(raw), content_hash(raw)
    with database.writing() as session:
        before = _get(session, workflow_id)
        if before is not None and before.version == expected and before.definition_hash == digest:
            return before
        if expected is None:
            values = (workflow_id, text, digest, by.name, at_us, by.name, at_us)
            saved = session.execute(DRAFTS.add, values)
        else:
            saved = session.execute(DRAFTS.change, (text, digest, by.name, at_us, workflow_id, expected))
        if not saved:
            raise _conflict(workflow_id, before)
        facts = {"version": saved[0][0], "hash": digest, "before": before.definition_hash if before else None}
        operation = "draft.created" if expected is None else "draft.updated"
        note(session, by, operation, ("draft", workflow_id), at_us=at_us, changes=facts)
        return draft(session, workflow_id)


def draft(session: Session, workflow_id: str) -> DraftRow:
    """The draft of a workflow.

    Raises
    ------
    NotFoundError
        ``NO_SUCH_DRAFT``.
    """
    found = _get(session, workflow_id)
    if found is None:
        raise NotFoundError(
            f"There is no draft of “{visible(workflow_id, 80)}”.",
            code="NO_SUCH_DRAFT",
            hint="ws.drafts() lists them.",
        )
    return found


def find(database: Database, workflow_id: str) -> DraftRow:
    """The draft of a workflow, in a transaction of its own; see `draft`."""
    with database.reading() as session:
        return draft(session, workflow_id)


def every(database: Database) -> list[DraftRow]:
    """All drafts, by workflow."""
    with database.reading() as session:
        return [_row(row) for row in session.execute(DRAFTS.every)]


def delete(database: Database, workflow_id: str, by: Actor, reason: str, *, at_us: int) -> None:
    """Throw a draft away.

    Raises
    ------
    NotFoundError
        ``NO_SUCH_DRAFT``.
    """
    with database.writing() as session:
        gone = draft(session, workflow_id)
        session.execute(DRAFTS.delete, (workflow_id,))
        facts = {"version": gone.version, "hash": gone.definition_hash}
        target = ("draft", workflow_id)
        note(session, by, "draft.deleted", target, at_us=at_us, reason=reason, changes=facts)


def _object(definition: JsonValue) -> dict[str, JsonValue]:
    broken = check_bounds(definition)
    if broken is not None:
        raise DefinitionError(broken.message, code=broken.code, where=broken.path, hint=broken.hint)
    if not isinstance(definition, dict):
        raise DefinitionError(
            "A draft is an object with an id.", hint="Write an object with id, name and steps."
        )
    return definition


def _conflict(workflow_id: str, before: DraftRow | None) -> CommandError:
    there = (
        "there is none"
        if before is None
        else f"it is version {before.version} of {visible(before.updated_by, 80)}"
    )
    return CommandError(
        f"The draft is not the one that was expected: {there}.",
        code="DRAFT_CONFLICT",
        where=visible(workflow_id, 80),
        hint="Look at ws.draft(id), and save with expected_version= its version.",
    )


def _get(session: Session, workflow_id: str) -> DraftRow | None:
    found = session.execute(DRAFTS.get, (workflow_id,))
    return _row(found[0]) if found else None


def _row(row: tuple[Any, ...]) -> DraftRow:
    workflow_id, version, text, digest, *people = row
    return DraftRow(workflow_id, version, load_object(text) or {}, digest, *people)
