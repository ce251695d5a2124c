"""The part of a debugger that acts on runs: those that this kernel holds itself, and those that somebody else drives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from wfnb.debug.hold import Mode
from wfnb.debug.session import Session
from wfnb.engine.engine import Engine
from wfnb.errors import CommandError
from wfnb.model.arguments import check_text
from wfnb.services import holds
from wfnb.store.port import Store
from wfnb.store.records import RunRow

if TYPE_CHECKING:
    from wfnb.run import Run

__all__ = ["DebuggerLive"]

_TIMEOUT_S = 60.0  # how long one step may take before a person hears that it is still under way
_DAY_S = 86_400.0
_REASON = "debugging"


class DebuggerLive:
    """The part of a debugger that acts on runs."""

    run: Run
    _engine: Engine
    _session: Session
    _store: Store

    def _refreshed(self) -> Self:
        raise NotImplementedError

    @property
    def _here(self) -> Run:
        """The run that is looked at: this one, or one that it has called."""
        run_id = self._session.at.run_id
        return self.run if run_id == self.run.id else self.run._of(run_id)  # noqa: SLF001 - a part of the run's own debugger

    @property
    def live(self) -> bool:
        """Whether the run is held here, so that a step beyond the last position performs it."""
        return self._engine.holds(self._here.id) or self.holding

    @property
    def holding(self) -> bool:
        """Whether this kernel holds the run while somebody else may drive it."""
        row = self._here.row
        return row.hold is not None and not row.over and self._engine.attached.mine(row)

    @property
    def attached(self) -> tuple[str, ...]:
        """Who holds the run, in the order in which they came; all of them see the same."""
        return self._here.held_by

    def hold(self, reason: str | None = None, *, timeout: float = 30.0) -> Self:
        """Have the run stand still at the end of the step that it is in, whoever drives it: see `Run.hold`.

        From then on a step beyond the last position is performed by its worker, or here when there is none. When this kernel
        dies, the run goes on.

        Raises
        ------
        CommandError
            ``RUN_OVER``, ``HOLD_NOT_TAKEN``.
        """
        why = _REASON if reason is None else check_text(reason, "reason")
        self._here.hold(why, timeout=timeout)
        return self._refreshed()

    def release(self, reason: str | None = None) -> Self:
        """Hold the run no longer; it goes on when nobody else holds it. The record stays open here."""
        if self._engine.holds(self._here.id):
            self._engine.let_go(self._here.id)
        else:
            self._here.release(reason)
        return self._refreshed()

    # --- what moves ask

    def _perform_one(self) -> None:
        """Perform the next step of a held run for real."""
        if self._engine.holds(self._here.id):
            self._engine.step(self._here.id)
        else:
            self._go("step", _TIMEOUT_S)

    def _perform_all(self) -> None:
        """Perform a held run to its end."""
        if self._engine.holds(self._here.id):
            self._engine.let_go(self._here.id)
            self._engine.wait(self._here.id, None)
            return
        row = self._go("on", _DAY_S)
        if not row.over:
            raise CommandError(
                "The run has not come to its end: it waits for somebody.",
                code="RUN_WAITS",
                where=row.run_id,
                hint="run.waits() says for what.",
            )

    def _let_go(self) -> None:
        """Let a held run go on by itself: one that others drive to the next breakpoint."""
        if self._engine.holds(self._here.id):
            self._engine.let_go(self._here.id)
        elif self.holding:
            stops = tuple(stop.to_json() for stop in self._session.breakpoints)
            holds.go_on(self._engine, self._here.id, stops)

    def _go(self, mode: Mode, timeout_s: float) -> RunRow:
        return holds.go(self._store, self._engine, self._here.id, mode, None, timeout_s)
