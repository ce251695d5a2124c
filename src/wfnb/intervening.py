"""The part of a run that lets people intervene: cancel, resume, retry, run again. Each wants a reason and is audited."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from wfnb.engine.engine import Engine
from wfnb.model.arguments import check_text
from wfnb.model.values import JsonValue, check_json
from wfnb.services import operations, starts
from wfnb.services.admission import Admission
from wfnb.services.audit import Actor, check_reason, record
from wfnb.store.port import Store, state_at
from wfnb.store.records import RunRow

__all__ = ["Intervening"]


class Intervening:
    """The part of a run that lets people intervene."""

    id: str
    _admission: Admission
    _by: Actor
    _engine: Engine
    _store: Store

    @property
    def row(self) -> RunRow:
        """The run's row in the tables, read now."""
        raise NotImplementedError

    def _of(self, run_id: str) -> Self:
        """Another run of the same workspace."""
        return type(self)(self._store, self._engine, run_id, self._by, self._admission)  # type: ignore[call-arg]  # a run is made of these

    def cancel(self, reason: str, *, actor: str | None = None) -> Self:
        """End the run. One that is over stays as it is.

        Parameters
        ----------
        reason
            Why; stands in the run's events and in the audit.
        actor
            Who wants it, when it is not the person the workspace was opened for.

        Raises
        ------
        ValidationError
            ``REASON_MISSING`` for a reason of fewer than three characters, ``INVALID_ARGUMENT`` for one that is no text or too long.
        """
        by = self._by if actor is None else replace(self._by, name=check_text(actor, "actor"))
        why = check_reason(reason)
        before = self.row
        after = self._engine.cancel(self.id, why, by.name)
        if not before.over and after.status == "CANCELED":
            self._record(by, "run.canceled", self.id, why, {"status": before.status})
        return self

    def resume(self, payload: JsonValue = None, *, reason: str) -> Self:
        """Let the run go on without what it waits for: an event, a person, a moment, another attempt.

        Parameters
        ----------
        payload
            What the steps behind find in ``vars.event``. Without it they find that a person has intervened, and why.
        reason
            Why.

        Raises
        ------
        CommandError
            ``NOTHING_TO_RESUME``; ``WAIT_OVER`` when the answer came in the same moment.
        ValidationError
            ``REASON_MISSING``.
        """
        why = check_reason(reason)
        given = None if payload is None else check_json(payload, where="payload")
        operations.resume(self._store, self._engine, self.row, self._by, why, payload=given)
        return self

    def retry(self, reason: str, *, step: str | None = None) -> Self:
        """Let a failed run go on: at the step that failed, or at an earlier one.

        Everything the run knew before the step is as it was then. The step has all attempts of its retry policy again; a call
        that has succeeded before gives the result it gave, and is not made a second time.

        Parameters
        ----------
        reason
            Why.
        step
            Id or instance path of a step that was begun; its last execution counts.

        Raises
        ------
        CommandError
            ``RUN_NOT_FAILED``.
        NotFoundError
            ``NO_SUCH_STEP``.
        ValidationError
            ``REASON_MISSING``.
        """
        why = check_reason(reason)
        wanted = None if step is None else check_text(step, "step")
        operations.retry(self._store, self._engine, self.row, self._by, why, step=wanted)
        return self

    def requeue_event(self, reason: str) -> Self:
        """Let a failed run wait once more for the event that it waited for last.

        Raises
        ------
        CommandError
            ``RUN_NOT_FAILED``, ``NO_EVENT_WAIT``.
        ValidationError
            ``REASON_MISSING``.
        """
        operations.requeue_event(self._store, self._engine, self.row, self._by, check_reason(reason))
        return self

    def rerun(self, reason: str, payload: JsonValue = None) -> Self:
        """Begin a new run of the same version, with the same payload or another one; the new run.

        Each of the two is named in the audit of the other, and in the new one's ``trigger``.

        Parameters
        ----------
        reason
            Why.
        payload
            Without it, what this run was started with.

        Raises
        ------
        WfnbError
            When no run may begin now, or the payload does not fit: see `Workspace.start`.
        """
        why = check_reason(reason)
        row = self.row
        if payload is None:
            payload = state_at(self._store, row, 0).envelope["payload"]
        program = self._engine.programs.get(row.workflow_id, row.workflow_version)
        checked = self._engine.programs.payload(program, payload)
        self._admission.check(row.workflow_id, row.tenant)
        new = starts.begin(
            self._engine, program, row.workflow_version, checked,
            key=None, hold=False, tenant=row.tenant, trigger=f"rerun:{self.id}",
        )  # fmt: skip
        self._record(self._by, "run.rerun", self.id, why, {"new": new.run_id})
        self._record(self._by, "run.started_again", new.run_id, why, {"of": self.id})
        return self._of(new.run_id)

    def _record(
        self, by: Actor, operation: str, run_id: str, reason: str, facts: dict[str, JsonValue]
    ) -> None:
        at_us = self._engine.clock.lease_us()
        target = ("run", run_id)
        record(self._store.database, by, operation, target, at_us=at_us, reason=reason, changes=facts)
