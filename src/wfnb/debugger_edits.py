"""The part of a debugger that edits: where a run goes on, its values and its steps; on the record, by a fork."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from wfnb.debug import commands as c
from wfnb.debug.film import Film
from wfnb.debug.session import Session
from wfnb.engine.engine import Engine
from wfnb.errors import CommandError
from wfnb.model.values import JsonValue

if TYPE_CHECKING:
    from wfnb.debugger import Debugger
    from wfnb.run import Run

__all__ = ["DebuggerEdits"]


class DebuggerEdits:
    """The part of a debugger that edits.

    Examples
    --------
    >>> import wfnb
    >>> ws = wfnb.open(store="memory", clock="2026-01-01", seed=1)
    >>> steps = [{"id": "a", "type": "transform.assign", "config": {"assign": {"vars.x": 1}}},
    ...          {"id": "b", "type": "transform.assign", "config": {"assign": {"vars.y": {"$expr": "vars.x * 10"}}}}]
    >>> ws.publish({"id": "sums", "name": "Sums", "steps": steps}).ok
    True
    >>> dbg = ws.debug("sums").step().set("vars.x", 4).step()
    >>> dbg.state["vars"]
    {'x': 4, 'y': 40}
    """

    _engine: Engine
    _session: Session

    @property
    def _film(self) -> Film:
        raise NotImplementedError

    @property
    def _here(self) -> Run:
        raise NotImplementedError

    @property
    def live(self) -> bool:
        """Whether the run is held here."""
        raise NotImplementedError

    @property
    def _ends(self) -> bool:
        raise NotImplementedError

    def _refreshed(self) -> Self:
        raise NotImplementedError

    def _do(self, command: c.Command) -> Self:
        raise NotImplementedError

    def set(self, path: str, value: JsonValue, **how: Any) -> Self:
        """Give a value another content where the run stands; arguments and errors are those of `Run.set`.

        Raises
        ------
        CommandError
            ``EDIT_ON_RECORD`` at a position that is recorded: fork there.
        """
        hint = f"Fork here: dbg.fork(edits={{{path!r}: ...}})."
        return self._edited(lambda run: run.set(path, value, **how), hint)

    def skip(self, step: str | None = None, **how: Any) -> Self:
        """Let the next step count as done; arguments and errors are those of `Run.skip`, and ``EDIT_ON_RECORD``."""
        return self._edited(lambda run: run.skip(step, **how))

    def supply(
        self,
        step: str | None = None,
        *,
        output: JsonValue = None,
        error: str | Mapping[str, JsonValue] | None = None,
        **how: Any,
    ) -> Self:
        """Say what the next step was given; arguments and errors are those of `Run.supply`, and ``EDIT_ON_RECORD``."""
        return self._edited(lambda run: run.supply(step, output=output, error=error, **how))

    def jump(self, step: str, **how: Any) -> Self:
        """Go on with another step of the block; arguments and errors are those of `Run.jump`, and ``EDIT_ON_RECORD``."""
        return self._edited(lambda run: run.jump(step, **how))

    def fork(
        self,
        *,
        edits: Mapping[str, JsonValue] | None = None,
        version: int | None = None,
        live: bool = False,
        confirm: bool = False,
        reason: str | None = None,
        fixtures: Mapping[str, JsonValue] | None = None,
    ) -> Debugger:
        """A debugger on a fork that begins at the cursor, and stands there until it is stepped; see `Run.fork`."""
        run, position = self._here, self._session.at.position
        seq = self._film.seq_at(position)
        asked = run._asked(seq, edits, version, live, reason, fixtures)  # noqa: SLF001 - a part of the run's own debugger
        asked = replace(asked, hold=True, state=self._film.state(position))
        return run._of(run._fork(asked, confirm).run_id).debug()  # noqa: SLF001 - as above

    def _edited(
        self, change: Callable[[Run], object], hint: str = "Fork here: dbg.fork(), and edit there."
    ) -> Self:
        run = self._here
        if not self._ends or run.row.over:
            raise CommandError(
                "The cursor stands on the record, and what is recorded does not change.",
                code="EDIT_ON_RECORD",
                where=f"{run.id} at {self._session.at.position}",
                hint=hint,
            )
        change(run)
        if self._engine.holds(run.id) and run.row.over:
            self._engine.let_go(run.id)
        self._refreshed()
        return self._do(c.RunToEnd())
