"""A published workflow as the people who run it hold it: its settings, and what may be done to it."""

from __future__ import annotations

from typing import Any

from wfnb.engine.clock import Clock
from wfnb.errors import NotFoundError, ValidationError
from wfnb.roles import guarded
from wfnb.run_coverage import RunCoverage, recorded_coverage
from wfnb.security.escape import visible
from wfnb.services import workflow_settings
from wfnb.services.audit import Actor, check_reason
from wfnb.services.workflow_settings import Settings
from wfnb.store.port import Store

__all__ = ["Workflow"]


@guarded
class Workflow:
    """A published workflow. Made by `Workspace.workflow`; reads its settings anew whenever it is asked.

    Attributes
    ----------
    id
        The workflow's id.

    Examples
    --------
    >>> import wfnb
    >>> with wfnb.open(store="memory", clock="2026-01-01", seed=1) as ws:
    ...     done = {"id": "done", "type": "control.return"}
    ...     publication = ws.publish({"id": "hello", "name": "Hello", "steps": [done]})
    ...     ws.workflow("hello").pause("the warehouse is closed")
    <Workflow hello: paused, versions 1>
    """

    def __init__(
        self, store: Store, clock: Clock, by: Actor, workflow_id: str, tenant: str = "local"
    ) -> None:
        self.id = workflow_id
        self._store = store
        self._clock = clock
        self._by = by
        self._tenant = tenant

    @property
    def settings(self) -> Settings:
        """How it may be run, read now."""
        return workflow_settings.settings(self._store.database, self.id)

    @property
    def versions(self) -> list[int]:
        """Numbers of its versions, oldest first."""
        return [version.version for version in self._store.versions(self.id)]

    @property
    def paused(self) -> bool:
        """Whether no new runs begin."""
        return self.settings.paused

    def coverage(self, version: int | None = None, *, runs: Any = None) -> RunCoverage:
        """What recorded runs took of a version; see `Workspace.coverage_of`.

        Parameters
        ----------
        version, runs
            As for `Workspace.coverage_of`.

        Raises
        ------
        WfnbError
            As `Workspace.coverage_of`.
        """
        known = self._store.version(self.id, version)
        if known is None:
            raise NotFoundError(
                f"There is no version {version} of {visible(self.id, 100)}.", code="NO_SUCH_VERSION"
            )
        return recorded_coverage(self._store, known, runs, self._tenant)

    @property
    def archived(self) -> bool:
        """Whether it was put away."""
        return self.settings.status == "archived"

    def pause(self, reason: str) -> Workflow:
        """Let no new runs begin; runs under way go on.

        Raises
        ------
        ValidationError
            ``REASON_MISSING``.
        """
        return self._change("workflow.paused", reason, paused=True, pause_reason=check_reason(reason))

    def unpause(self, reason: str) -> Workflow:
        """Let new runs begin again.

        Raises
        ------
        ValidationError
            ``REASON_MISSING``.
        """
        return self._change("workflow.unpaused", reason, paused=False, pause_reason=None)

    def archive(self, reason: str) -> Workflow:
        """Put it away: no new runs begin, and its versions and runs stay.

        Raises
        ------
        ValidationError
            ``REASON_MISSING``.
        """
        return self._change("workflow.archived", reason, status="archived")

    def restore(self, reason: str) -> Workflow:
        """Take it back from the archive.

        Raises
        ------
        ValidationError
            ``REASON_MISSING``.
        """
        return self._change("workflow.restored", reason, status="published")

    def limits(self, reason: str, **limits: bool | float | None) -> Workflow:
        """Set limits; those that are not named stay as they are.

        Parameters
        ----------
        reason
            Why; stands in the audit beside what it was before.
        limits
            ``concurrency_limit``: runs under way at once. ``auto_pause``: pause when ``failure_threshold`` of the newest
            ``failure_min_runs`` runs failed. ``retention_days``: days that runs are kept after their end. ``legal_hold``:
            keep all of them whatever else is said. None takes a limit away.

        Raises
        ------
        ValidationError
            ``REASON_MISSING``, or ``INVALID_ARGUMENT`` for a limit that does not exist or cannot be.
        """
        for name in limits:
            if name not in _LIMITS:
                raise ValidationError(
                    "There is no such limit.",
                    code="INVALID_ARGUMENT",
                    where=visible(name, 80),
                    hint=f"Say one of {', '.join(_LIMITS)}.",
                )
        return self._change("workflow.limits", reason, **limits)

    def _change(self, operation: str, reason: str, **new: object) -> Workflow:
        workflow_settings.change(
            self._store.database,
            self.id,
            self._by,
            operation,
            at_us=self._clock.lease_us(),
            reason=check_reason(reason),
            **new,
        )
        return self

    def __repr__(self) -> str:
        known = self.settings
        state = "archived" if known.status == "archived" else "paused" if known.paused else "open"
        numbers = ", ".join(map(str, self.versions))
        return f"<Workflow {visible(self.id, 80)}: {state}, versions {numbers}>"


_LIMITS = (
    "concurrency_limit",
    "auto_pause",
    "failure_threshold",
    "failure_min_runs",
    "retention_days",
    "legal_hold",
)
