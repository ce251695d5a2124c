"""The part of a workspace for definitions that are being written: drafts, and publishing them."""

from __future__ import annotations

import os
from dataclasses import dataclass

from wfnb.engine.clock import Clock
from wfnb.model.arguments import check_text, check_whole
from wfnb.model.times import iso
from wfnb.model.values import JsonValue
from wfnb.operator_rows import columns_of
from wfnb.publication import Publication
from wfnb.services import definitions, drafts
from wfnb.services.audit import Actor, check_reason, record
from wfnb.services.drafts import DraftRow
from wfnb.store.port import Store
from wfnb.tables import Rows

__all__ = ["Draft", "Drafting"]


@dataclass(frozen=True)
class Draft:
    """A definition that is being written. `version` counts how often it was saved; `hash` is that of its content."""

    id: str
    version: int
    definition: dict[str, JsonValue]
    hash: str
    created_by: str
    created_at: str
    updated_by: str
    updated_at: str

    @classmethod
    def of(cls, row: DraftRow) -> Draft:
        """From the tables."""
        made, changed = (row.created_by, iso(row.created_us)), (row.updated_by, iso(row.updated_us))
        return cls(row.workflow_id, row.version, row.definition, row.definition_hash, *made, *changed)


class Drafting:
    """The part of a workspace that keeps drafts."""

    _by: Actor
    _clock: Clock
    _store: Store

    def _publish(self, definition: JsonValue, by: Actor) -> Publication:
        """Check a definition and store it as a version; a workspace does that."""
        raise NotImplementedError

    def save_draft(
        self,
        definition: dict[str, JsonValue] | str | os.PathLike[str],
        expected_version: int | None = None,
    ) -> Draft:
        """Save a definition that need not be complete. It stays a draft until it is published.

        Parameters
        ----------
        definition
            A dict, the path of a file, or JSON or YAML text; an object with an ``id``.
        expected_version
            Version of the draft that this one replaces; None when there is none yet. So nobody overwrites what somebody else
            has saved meanwhile.

        Raises
        ------
        CommandError
            ``DRAFT_CONFLICT``: another version is there, and nothing was saved.
        DefinitionError
            When it cannot be read, or is larger than a definition may be.
        """
        if expected_version is not None:
            check_whole(expected_version, "expected_version", least=1)
        given = definitions.read(definition)
        at_us = self._clock.lease_us()
        return Draft.of(
            drafts.save(self._store.database, given, self._by, at_us=at_us, expected=expected_version)
        )

    def draft(self, workflow: str) -> Draft:
        """The draft of a workflow.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_DRAFT``.
        """
        return Draft.of(drafts.find(self._store.database, check_text(workflow, "workflow")))

    def drafts(self) -> Rows[Draft]:
        """All drafts, by workflow."""
        return Rows(map(Draft.of, drafts.every(self._store.database)), columns=columns_of(Draft))

    def publish_draft(self, workflow: str) -> Publication:
        """Publish the draft of a workflow as it is now. The draft stays, for the next version.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_DRAFT``.
        """
        row = drafts.find(self._store.database, check_text(workflow, "workflow"))
        published = self._publish(row.definition, self._by)
        if published.ok:
            facts = {"draft": row.version, "draftHash": row.definition_hash, "version": published.version}
            target = ("draft", row.workflow_id)
            at_us = self._clock.lease_us()
            record(self._store.database, self._by, "draft.published", target, at_us=at_us, changes=facts)
        return published

    def delete_draft(self, workflow: str, reason: str) -> None:
        """Throw the draft of a workflow away; versions and runs stay.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_DRAFT``.
        ValidationError
            ``REASON_MISSING``.
        """
        name, why = check_text(workflow, "workflow"), check_reason(reason)
        drafts.delete(self._store.database, name, self._by, why, at_us=self._clock.lease_us())
