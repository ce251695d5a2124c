"""The part of a workspace for the people who run the place: workflows and their limits, the audit."""

from __future__ import annotations

from wfnb.engine.clock import Clock
from wfnb.model.arguments import check_text, check_whole
from wfnb.operator_rows import AuditEntry, columns_of
from wfnb.services import audit
from wfnb.services.admission import Admission
from wfnb.services.audit import Actor, AuditFilter
from wfnb.store.port import Store
from wfnb.store.records import VersionRow
from wfnb.tables import Rows
from wfnb.workflow import Workflow

__all__ = ["Operating"]


class Operating:
    """The part of a workspace that operates."""

    _admission: Admission
    _by: Actor
    _clock: Clock
    _store: Store

    def _known(self, workflow: str, version: int | None) -> VersionRow:
        """A published version; a workspace knows them."""
        raise NotImplementedError

    def workflow(self, workflow: str) -> Workflow:
        """A published workflow: its settings and limits; pause, unpause, archive, restore.

        Parameters
        ----------
        workflow
            Its id.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_WORKFLOW``.
        """
        known = self._known(workflow, None)
        return Workflow(self._store, self._clock, self._by, known.workflow_id)

    def audit(
        self,
        target: str | None = None,
        id: str | None = None,  # noqa: A002 - the public word is "id"
        *,
        operation: str | None = None,
        actor: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> Rows[AuditEntry]:
        """What people did, newest first: who, when, why, and what it changed.

        Parameters
        ----------
        target, id
            Only what was done to things of this kind (``workflow``, ``run``, ``draft`` ...), with this id.
        operation, actor
            Only this operation, such as ``run.canceled``; only what this person did.
        limit
            Entries on a page.
        before
            ``number`` of the last entry of the page before this one.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT``.
        """
        for value, name in ((target, "target"), (id, "id"), (operation, "operation"), (actor, "actor")):
            if value is not None:
                check_text(value, name)
        if before is not None:
            check_whole(before, "before")
        chosen = AuditFilter(target, id, operation, actor, before, check_whole(limit, "limit", least=1))
        rows = audit.entries(self._store.database, chosen)
        return Rows(map(AuditEntry.of, rows), columns=columns_of(AuditEntry))
