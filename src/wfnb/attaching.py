"""The parts of a run and of a workspace about holds: runs that people keep standing, whoever drives them."""

from __future__ import annotations

from typing import Self

from wfnb.engine.engine import Engine
from wfnb.errors import CommandError
from wfnb.hold_rows import HoldInfo
from wfnb.model.arguments import check_number, check_whole
from wfnb.services import holds
from wfnb.services.audit import Actor, check_reason
from wfnb.store.port import Store
from wfnb.store.records import RunRow
from wfnb.tables import Rows

__all__ = ["Attaching", "AttachingAll"]


class Attaching:
    """The part of a run that lets people hold it."""

    id: str
    _by: Actor
    _engine: Engine
    _store: Store

    @property
    def row(self) -> RunRow:
        """The run's row in the tables, read now."""
        raise NotImplementedError

    @property
    def held_by(self) -> tuple[str, ...]:
        """Who holds the run, in the order in which they came."""
        hold = self._engine.attached.on(self.row)
        return () if hold is None else hold.names

    def hold(self, reason: str, *, minutes: int | None = None, timeout: float = 30.0) -> Self:
        """Have the run stand still at the end of the step that it is in, whoever drives it, and wait until it does.

        Its worker gives it back and drives others meanwhile. What it waits for keeps its time: an answer is kept, a moment
        that comes is looked at when the run may go on. Two people who hold a run hold it together.

        Parameters
        ----------
        reason
            Why; stands in the audit.
        minutes
            For how long, also when this process ends. Without it, as long as this workspace is open.
        timeout
            Seconds to wait for the end of the step.

        Raises
        ------
        CommandError
            ``RUN_OVER``; ``HOLD_NOT_TAKEN`` when the step does not end in time: the run is held as soon as it does.
        ValidationError
            ``REASON_MISSING``, ``INVALID_ARGUMENT``.
        """
        why = check_reason(reason)
        keep_ms = None if minutes is None else check_whole(minutes, "minutes", least=1) * 60_000
        seconds = check_number(timeout, "timeout")
        row = self.row
        if self._engine.holds(self.id):
            return self
        if holds.hold(self._store, self._engine, row, self._by, why, keep_ms=keep_ms) is None:
            raise CommandError("The run is over; there is nothing to hold.", code="RUN_OVER", where=self.id)
        holds.stood(self._engine, self.id, seconds)
        return self

    def release(self, reason: str | None = None, *, everybody: bool = False) -> Self:
        """Hold the run no longer: it goes on when nobody else holds it either.

        Parameters
        ----------
        reason
            Why; stands in the audit.
        everybody
            End the hold of everybody else, too. That needs a reason.

        Raises
        ------
        ValidationError
            ``REASON_MISSING``.
        """
        why = None if reason is None and not everybody else check_reason(reason or "")
        holds.release(self._store, self._engine, self.row, self._by, why, everybody=everybody)
        return self


class AttachingAll:
    """The part of a workspace that lists held runs."""

    _engine: Engine
    _store: Store
    tenant: str

    def holds(self) -> Rows[HoldInfo]:
        """Runs that somebody holds, oldest first: who, why, until when, and whether the run stands already."""
        found = holds.held_runs(self._store, self._engine)
        own = (HoldInfo.of(held) for held in found if held.run.tenant == self.tenant)
        return Rows(own, columns=HoldInfo.COLUMNS)
