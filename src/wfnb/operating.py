"""The part of a workspace for the people who run the place: workflows and their limits, many runs at once, the audit."""

from __future__ import annotations

from collections.abc import Iterable

from wfnb.bulk import Bulk, Intervenable
from wfnb.engine.clock import Clock
from wfnb.errors import ValidationError
from wfnb.model.arguments import check_text, check_whole
from wfnb.operator_rows import AuditEntry, DeadLetter, columns_of
from wfnb.services import audit, operations
from wfnb.services.admission import Admission
from wfnb.services.audit import Actor, AuditFilter, check_reason
from wfnb.services.listing import run_filter
from wfnb.store.port import Store
from wfnb.store.records import RunFilter, VersionRow
from wfnb.tables import Rows
from wfnb.workflow import Workflow

__all__ = ["Operating"]


class Operating:
    """The part of a workspace that operates."""

    _admission: Admission
    _by: Actor
    _clock: Clock
    _store: Store
    tenant: str

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
        return Workflow(self._store, self._clock, self._by, known.workflow_id, self.tenant)

    def run(self, run_id: str) -> Intervenable:
        """A run by its id; a workspace knows them."""
        raise NotImplementedError

    def bulk(
        self,
        operation: str,
        reason: str,
        *,
        status: str | Iterable[str] | None = None,
        workflow: str | None = None,
        ids: Iterable[str] | None = None,
        limit: int = 1_000,
    ) -> Bulk:
        """Prepare the same intervention for many runs; `Bulk.go` does it.

        Parameters
        ----------
        operation
            ``cancel``, ``resume`` or ``retry``.
        reason
            Why; stands in the audit of every run.
        status, workflow
            For runs with this status (or one of several), of this workflow.
        ids
            For these runs, instead.
        limit
            At most this many runs, the newest ones.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT``, ``REASON_MISSING``.
        """
        if ids is None and status is None and workflow is None:
            raise ValidationError(
                "Say which runs are meant: by status, workflow or ids.",
                code="INVALID_ARGUMENT",
                where="status",
            )
        if ids is None:
            chosen = run_filter(status, workflow, None, before=None, limit=limit, tenant=self.tenant)
            found = [row.run_id for row in self._store.runs(chosen)]
        else:
            found = [check_text(run_id, "ids") for run_id in ids]
        return Bulk(operation, check_reason(reason), found, self.run)

    def dead_letters(
        self, *, min_attempts: int = 3, workflow: str | None = None, limit: int = 50
    ) -> Rows[DeadLetter]:
        """Failed runs with a step that was tried `min_attempts` times or more, newest first.

        Parameters
        ----------
        min_attempts
            Attempts at one step.
        workflow
            Only runs of this workflow.
        limit
            At most this many.
        """
        check_whole(min_attempts, "min_attempts", least=1)
        check_whole(limit, "limit", least=1)
        name = None if workflow is None else check_text(workflow, "workflow")
        chosen = RunFilter(("FAILED",), name, tenant=self.tenant)
        found = operations.dead_letters(self._store, chosen, min_attempts, limit)
        return Rows(map(DeadLetter.of, found), columns=columns_of(DeadLetter))

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
