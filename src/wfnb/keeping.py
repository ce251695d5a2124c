"""The part of a workspace that decides what is kept: retention of runs that are over."""

from __future__ import annotations

from dataclasses import dataclass

from wfnb.engine.clock import Clock
from wfnb.model.arguments import check_text, check_whole
from wfnb.model.times import iso
from wfnb.operator_rows import columns_of
from wfnb.services import retention
from wfnb.services.audit import Actor, check_reason
from wfnb.store.port import Store
from wfnb.store.records import VersionRow
from wfnb.tables import Rows

__all__ = ["Keeping", "Purge"]


@dataclass(frozen=True)
class Purge:
    """What of a workflow is to be deleted, or was: `runs` that ended before a moment. `held`: nothing, for a legal hold."""

    workflow: str
    runs: int
    days: int
    before: str
    held: bool
    done: bool


class Keeping:
    """The part of a workspace that decides what is kept."""

    _by: Actor
    _clock: Clock
    _store: Store
    tenant: str

    def _known(self, workflow: str, version: int | None) -> VersionRow:
        """A published version; a workspace knows them."""
        raise NotImplementedError

    def purge(
        self,
        reason: str = "",
        *,
        days: int | None = None,
        workflow: str | None = None,
        preview: bool = True,
    ) -> Rows[Purge]:
        """Delete runs that were kept long enough; unless `preview` is False, only say which.

        A workflow says for itself how long its runs are kept: ``ws.workflow(id).limits(reason, retention_days=90)``, or that
        none is deleted: ``legal_hold=True``. A run goes together with the runs it has called; it stays while one of them is
        under way or another run relies on a result of it.

        Parameters
        ----------
        reason
            Why; needed when it is done.
        days
            For workflows that say nothing themselves; without it their runs stay.
        workflow
            Only runs of this workflow.
        preview
            Delete nothing.

        Raises
        ------
        ValidationError
            ``REASON_MISSING``, ``INVALID_ARGUMENT``.
        NotFoundError
            ``NO_SUCH_WORKFLOW``.
        CommandError
            ``PURGE_NOT_SUPPORTED`` in memory.
        """
        if days is not None:
            check_whole(days, "days", least=1)
        name = None if workflow is None else self._known(check_text(workflow, "workflow"), None).workflow_id
        why = "" if preview else check_reason(reason)
        now_us, at_us = self._clock.ready_us(), self._clock.lease_us()
        found = retention.what_is_due(self._store, self.tenant, now_us=now_us, days=days, workflow=name)
        rows = []
        for due in found:
            done = not preview and not due.held
            runs = due.runs
            if done:
                runs = retention.purge(self._store, self.tenant, due, self._by, why, at_us=at_us)
            rows.append(Purge(due.workflow_id, runs, due.days, iso(due.before_us), due.held, done))
        return Rows(rows, columns=columns_of(Purge))
