"""The part of a workspace that settles doubts: calls that were under way when their process died."""

from __future__ import annotations

from wfnb.engine.clock import Clock
from wfnb.engine.engine import Engine
from wfnb.errors import ValidationError
from wfnb.model.arguments import check_text
from wfnb.model.values import JsonValue
from wfnb.rows import Doubt, EventReceipt
from wfnb.services import doubts
from wfnb.services.audit import Actor, check_reason, note
from wfnb.store.port import Store
from wfnb.store.redactions import declared, hide
from wfnb.tables import Rows
from wfnb.validate.catalog import Catalog

__all__ = ["Settling"]


class Settling:
    """The part of a workspace that settles doubts."""

    _by: Actor
    _catalog: Catalog
    _clock: Clock
    _engine: Engine
    _store: Store
    tenant: str

    def in_doubt(self) -> Rows[Doubt]:
        """Calls of which nobody knows whether they were done, because their process died: those whose action says ``in_doubt="hold"``."""
        found, hidden = doubts.in_doubt(self._store, tenant=self.tenant), declared(self._store.database)
        rows = [Doubt.of(wait, hide([call], hidden)[0], self._run_name(wait.run_no)) for wait, call in found]
        return Rows(rows, columns=Doubt.columns())

    def settle(
        self,
        doubt: str | Doubt,
        *,
        reason: str,
        repeat: bool = False,
        output: JsonValue = None,
        error: str | None = None,
    ) -> EventReceipt:
        """Say what became of a call in doubt; its run goes on.

        Parameters
        ----------
        doubt
            The doubt, or its id.
        reason
            How you know; audited.
        repeat
            It was not done: perform it again, with the same idempotency key.
        output
            It was done, and this is what it gave.
        error
            It failed, with this message.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_DOUBT``.
        ValidationError
            ``REASON_MISSING``; ``INVALID_ARGUMENT`` unless exactly one of the three is said.
        CommandError
            ``WAIT_OVER``.
        """
        given = (repeat, output is not None, error is not None)
        if sum(given) != 1:
            raise ValidationError(
                "Say one thing about the call: repeat=True, output= or error=.", code="INVALID_ARGUMENT"
            )
        said: dict[str, JsonValue] = {"decision": "repeat"}
        if output is not None:
            said = {"decision": "output", "output": output}
        elif error is not None:
            message = check_text(error, "error")
            said = {
                "decision": "error",
                "error": {"category": "ActionError", "code": "SETTLED", "message": message},
            }
        why = check_reason(reason)
        doubt_id = doubt.id if isinstance(doubt, Doubt) else check_text(doubt, "doubt")
        done = doubts.settle(
            self._store, self._catalog.actions, doubt_id, said, source=self._by.name, tenant=self.tenant,
            now_us=self._clock.ready_us(),
        )  # fmt: skip
        run_id = doubt_id.partition("/")[0]
        with self._store.database.writing() as session:
            note(
                session, self._by, "call.settled", ("run", run_id), at_us=self._clock.lease_us(), reason=why,
                changes={"doubt": doubt_id, "decision": said["decision"]},
            )  # fmt: skip
        self._engine.wake()
        return EventReceipt.of(done, run_id)

    def _run_name(self, run_no: int) -> str:
        row = self._store.run_by_no(run_no)
        return "" if row is None else row.run_id
