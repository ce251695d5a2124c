"""Admission: whether a new run of a workflow may begin now. Starts by people, events and schedules all ask here."""

from __future__ import annotations

from dataclasses import replace

from wfnb.engine.clock import Clock
from wfnb.errors import CommandError, LimitExceeded, WfnbError
from wfnb.security.escape import visible
from wfnb.services import workflow_settings
from wfnb.services.audit import Actor
from wfnb.services.workflow_settings import Settings
from wfnb.store.port import Store
from wfnb.store.records import RunFilter, RunRow

__all__ = ["Admission"]

_MINUTE_US = 60_000_000
_OPEN = ("PENDING", "RUNNING", "WAITING")
_ENGINE = Actor("engine", "engine", "engine")


class Admission:
    """Guards the starts of one store.

    A run that another run calls is part of that one, and is not asked about.

    Parameters
    ----------
    store, clock
        The tables, and by which time starts are counted.
    starts_per_minute
        Starts of a tenant within 60 seconds, over all processes; None for any number.
    """

    def __init__(self, store: Store, clock: Clock, starts_per_minute: int | None) -> None:
        self._store = store
        self._clock = clock
        self._starts = starts_per_minute

    def check(self, workflow_id: str, tenant: str = "local") -> None:
        """Refuse a start that may not be.

        Raises
        ------
        CommandError
            ``WORKFLOW_PAUSED``, ``WORKFLOW_ARCHIVED``.
        LimitExceeded
            ``LIMIT_REACHED``, ``RATE_LIMIT``.
        """
        refused = self.refusal(workflow_id, tenant)
        if refused is not None:
            raise refused

    def refusal(self, workflow_id: str, tenant: str = "local") -> WfnbError | None:
        """Why a run may not begin now, or None when it may."""
        known = workflow_settings.settings(self._store.database, workflow_id)
        return self._closed(known) or self._full(known) or self._too_many(tenant)

    def failed(self, workflow_id: str) -> None:
        """A run has failed: pause its workflow when too many of its newest runs did, and that is what it wants."""
        known = workflow_settings.settings(self._store.database, workflow_id)
        if not known.auto_pause or known.paused:
            return
        newest = self._newest(workflow_id, known.failure_min_runs)
        failures = sum(run.status == "FAILED" for run in newest)
        if len(newest) < known.failure_min_runs or failures < known.failure_threshold * len(newest):
            return
        reason = f"{failures} of the newest {len(newest)} runs failed."
        workflow_settings.change(
            self._store.database, workflow_id, _ENGINE, "workflow.auto_paused",
            at_us=self._clock.lease_us(), reason=reason, paused=True, pause_reason=reason,
        )  # fmt: skip

    def _newest(self, workflow_id: str, most: int) -> list[RunRow]:
        """The newest runs that are over, but for forks on record: those say nothing of the world."""
        found: list[RunRow] = []
        page = RunFilter(("SUCCEEDED", "FAILED"), workflow_id, limit=most)
        while len(found) < most and (rows := self._store.runs(page)):
            found += [run for run in rows if not run.recorded]
            page = replace(page, before=rows[-1].run_no)
        return found[:most]

    def _closed(self, known: Settings) -> CommandError | None:
        if known.status == "archived":
            return CommandError(
                "The workflow is archived; no runs of it begin.",
                code="WORKFLOW_ARCHIVED",
                where=known.workflow_id,
                hint="ws.workflow(id).restore(reason) brings it back.",
            )
        if known.paused:
            return CommandError(
                f"The workflow is paused: {visible(known.pause_reason or '', 200)}",
                code="WORKFLOW_PAUSED",
                where=known.workflow_id,
                hint="ws.workflow(id).unpause(reason) lets runs begin again.",
            )
        return None

    def _full(self, known: Settings) -> LimitExceeded | None:
        most = known.concurrency_limit
        if most is None:
            return None
        if self._store.count_runs(RunFilter(_OPEN, known.workflow_id)) < most:
            return None
        return LimitExceeded(
            f"As many runs of the workflow are under way as may be ({most}).",
            code="LIMIT_REACHED",
            where=known.workflow_id,
            hint="Wait until one is over, or raise the limit: ws.workflow(id).limits(...).",
        )

    def _too_many(self, tenant: str) -> LimitExceeded | None:
        if self._starts is None:
            return None
        since_us = self._store.newest_start_us(tenant, self._starts)
        now_us = self._clock.lease_us()
        if (
            since_us is None or not now_us - _MINUTE_US < since_us <= now_us
        ):  # later ones were in simulated time
            return None
        return LimitExceeded(
            f"{self._starts} runs were started within the last 60 seconds; that is as many as may be.",
            code="RATE_LIMIT",
            hint="Start later, or open the workspace with another starts_per_minute.",
        )
