"""The debugger: a session on the film of a run, recorded or held live, shown as a widget."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from wfnb.debug import commands as c
from wfnb.debug.film import Change, Film, StepMark
from wfnb.debug.reel import Reel
from wfnb.debug.session import Place, Session, reduce
from wfnb.debug.tally import Tallies
from wfnb.debugger_breaks import DebuggerBreaks
from wfnb.debugger_deeds import DebuggerDeeds
from wfnb.debugger_edits import DebuggerEdits
from wfnb.debugger_live import DebuggerLive
from wfnb.debugger_reels import Reels
from wfnb.debugger_views import DebuggerViews
from wfnb.engine.engine import Engine
from wfnb.errors import NotFoundError
from wfnb.model.arguments import check_text, check_whole
from wfnb.model.values import JsonValue
from wfnb.security.escape import visible
from wfnb.store.port import Store

if TYPE_CHECKING:
    from wfnb.run import Run

__all__ = ["Debugger"]


class Debugger(DebuggerLive, DebuggerBreaks, DebuggerViews, DebuggerEdits, DebuggerDeeds):
    """Step through a run and back.

    On a recorded run every move stays on the record. On a run that is held (``ws.debug``, or `hold` on a run that somebody else
    drives) a step beyond its last position performs the next step of the run for real.

    Every move is a command of `wfnb.debug.commands`; where the debugger stands is what the list of them makes of the film.

    Examples
    --------
    >>> import wfnb
    >>> ws = wfnb.open(store="memory", clock="2026-01-01", seed=1)
    >>> steps = [{"id": "greet", "type": "transform.assign", "config": {"assign": {"vars.hello": "world"}}}]
    >>> ws.publish({"id": "hello", "name": "Hello", "steps": steps}).ok
    True
    >>> dbg = ws.start("hello").wait().debug()
    >>> dbg.step()
    <Debugger run-0001 at 1 of 1: behind greet>
    >>> dbg.state["vars"]
    {'hello': 'world'}
    """

    def __init__(self, run: Run, store: Store, engine: Engine) -> None:
        self.run = run
        self._store = store
        self._engine = engine
        self._reels = Reels(store, engine)
        self._session = Session(Place(run.id))
        self._tallies: dict[str, Tallies] = {}
        self._widget: Any = None
        self._moving = threading.RLock()  # the widget moves it from a thread of its own, cells from theirs
        self._reels(run.id)

    # --- where it stands

    @property
    def session(self) -> Session:
        """Where it stands and what it looks out for, as a value."""
        return self._session

    @property
    def run_id(self) -> str:
        """The run that is looked at: this one, or one that it has called and that was stepped into."""
        return self._session.at.run_id

    @property
    def position(self) -> int:
        """Steps behind the cursor; 0 is before the first one."""
        return self._session.at.position

    @property
    def length(self) -> int:
        """The last position there is so far."""
        return self._reel.length

    @property
    def finished(self) -> bool:
        """Whether no step lies ahead, recorded or still to perform."""
        self._catch_up()
        return self._ends and not self.live

    @property
    def state(self) -> dict[str, JsonValue]:
        """Payload, vars, meta and error at the cursor; secrets are masked."""
        return self._shown()

    @property
    def changes(self) -> list[Change]:
        """What the last step changed."""
        return self._film.changes(self.position)

    @property
    def last(self) -> StepMark | None:
        """The step behind the cursor."""
        return self._reel.behind(self.position)

    # --- moves

    def step(self) -> Self:
        """One step on: recorded, or performed when the run is held."""
        with self._moving:
            self._catch_up()
            if self._ends and self.live:
                self._perform()
            return self._do(c.Step())

    def step_into(self) -> Self:
        """To the next evaluation or event inside the next step; behind the call of another run, into that run."""
        with self._moving:
            self._catch_up()
            if self._ends and self.live:
                self._perform()
            return self._do(c.StepInto())

    def step_over(self) -> Self:
        """Behind the next step and everything inside it: a whole loop, a branch, a called run."""
        return self._far(c.StepOver())

    def step_out(self) -> Self:
        """Behind the block around: this item of a loop, this branch, this called run."""
        return self._far(c.StepOut())

    def back(self) -> Self:
        """One step back. What was done stays done; only the view goes back."""
        return self._do(c.StepBack())

    def back_into(self) -> Self:
        """One evaluation or event back: the inverse of `step_into`."""
        return self._do(c.StepBackInto())

    def continue_(self) -> Self:
        """On to the next breakpoint, or to the end; a held run is performed on the way."""
        return self._far(c.Continue())

    def reverse_continue(self) -> Self:
        """Back to the breakpoint before, or to the beginning."""
        return self._do(c.ReverseContinue())

    def goto(self, position: int) -> Self:
        """To a position on the record, or the nearest one there is."""
        with self._moving:
            self._catch_up()
            return self._do(c.GoTo(check_whole(position, "position")))

    def run_to(self, step_id: str) -> Self:
        """On to the next position behind a step, by its id, definition path or instance path.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_STEP`` when no such step lies ahead.
        """
        command = c.RunTo(check_text(step_id, "step_id"))
        with self._moving:
            self._catch_up()
            session = self._session
            while (after := reduce(session, self._reels, command)) == session:
                session = reduce(session, self._reels, c.RunToEnd())
                if not self._perform():
                    raise NotFoundError(
                        f"No step “{visible(step_id, 80)}” lies ahead.",
                        code="NO_SUCH_STEP",
                        where=self.run_id,
                    )
            return self._moved(after)

    def run_to_end(self) -> Self:
        """On to the end; a held run is performed to its end."""
        with self._moving:
            if self.live:
                self._perform_all()
            self._catch_up(everything=True)
            return self._do(c.RunToEnd())

    def restart(self) -> Self:
        """Back to before the first step."""
        return self._do(c.Restart())

    def resume(self) -> Self:
        """Let a held run go on by itself; the record stays open here."""
        self._let_go()
        return self

    # --- showing

    def __repr__(self) -> str:
        last = self.last
        elsewhere = "behind an edit or an end" if self.position else "before the first step"
        behind = f"behind {last.id}" if last else elsewhere
        inside = f", {self._session.at.microstep} into the next" if self._session.at.microstep else ""
        return f"<Debugger {self.run_id} at {self.position} of {self.length}: {behind}{inside}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from wfnb.ui.debugger import DebuggerWidget

        if self._widget is None:
            self._widget = DebuggerWidget(self)
        return self._widget._repr_mimebundle_(**kwargs)

    # --- inside

    @property
    def _reel(self) -> Reel:
        return self._reels(self.run_id)

    @property
    def _film(self) -> Film:
        return self._reel.film

    @property
    def _ends(self) -> bool:
        """Whether no recorded position lies ahead."""
        return self.position >= self.length

    def _do(self, command: c.Command) -> Self:
        with self._moving:
            return self._moved(reduce(self._session, self._reels, command))

    def _far(self, command: c.Command) -> Self:
        """A move that may go beyond the record: a held run is performed step by step for as long as it takes."""
        with self._moving:
            self._catch_up()
            session = begun = self._session
            while (session := reduce(session, self._reels, command)).stop.why == "end" and self._perform():
                session = session if isinstance(command, c.Continue) else begun
            return self._moved(session)

    def _moved(self, session: Session) -> Self:
        self._session = session
        if self._widget is not None:
            self._widget.refresh()
        return self

    def _perform(self) -> bool:
        """Perform the next step of a held run for real; False when it is not held, or nothing came of it."""
        if not self.live:
            return False
        length = self.length
        self._perform_one()
        if self._reels.read(self.run_id).over:
            self._let_go()
        return self.length > length

    def _refreshed(self) -> Self:
        with self._moving:
            self._catch_up(everything=True)
            return self._moved(self._session)

    def _catch_up(self, *, everything: bool = False) -> None:
        """At the end of what is known here, take in what the run did meanwhile by itself, or in another debugger."""
        if not self._reels.complete(self.run_id) and (everything or self._ends):
            self._reels.read(self.run_id)
