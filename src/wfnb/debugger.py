"""The debugger: a cursor on the film of a run, recorded or held live, shown as a widget."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from wfnb.debug.cursor import Cursor
from wfnb.debug.film import Change, Film, Frame, StepMark
from wfnb.engine.engine import Engine
from wfnb.errors import NotFoundError
from wfnb.model.arguments import check_text, check_whole
from wfnb.model.values import JsonValue
from wfnb.pictures import overlay_json, overlay_of, run_picture
from wfnb.security.escape import visible
from wfnb.store.port import Store, state_at
from wfnb.store.records import StepRow

if TYPE_CHECKING:
    from wfnb.run import Run

__all__ = ["Debugger"]

F = TypeVar("F", bound=Callable[..., Any])


def _one_at_a_time(move: F) -> F:
    """A move that waits for the one before it, whichever thread that came from."""

    @functools.wraps(move)
    def moved(self: Debugger, *args: Any) -> Any:
        with self._moving:
            return move(self, *args)

    return cast("F", moved)


class Debugger:
    """Step through a run and back.

    On a recorded run every move stays on the record. On a run that is held (``ws.debug``) a step beyond its last position
    performs the next step of the run for real.

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
        self._film = Film(state_at(store, run.row, 0))
        self._steps: list[StepRow] = []
        self._seen = 0
        self._complete = False
        self._cursor = Cursor(0, 0)
        self._widget: Any = None
        self._moving = threading.RLock()  # the widget moves it from a thread of its own, cells from theirs
        self._read()

    # --- where it stands

    @property
    def position(self) -> int:
        """Steps behind the cursor; 0 is before the first one."""
        return self._cursor.position

    @property
    def length(self) -> int:
        """The last position there is so far."""
        return self._cursor.length

    @property
    def live(self) -> bool:
        """Whether the run is held here, so that a step beyond the last position performs it."""
        return self._engine.holds(self.run.id)

    @property
    def finished(self) -> bool:
        """Whether no step lies ahead, recorded or still to perform."""
        self._catch_up()
        return self._cursor.at_end and not self.live

    @property
    def state(self) -> dict[str, JsonValue]:
        """Payload, vars, meta and error at the cursor; secrets are masked."""
        return self._film.public(self.position)

    @property
    def changes(self) -> list[Change]:
        """What the last step changed."""
        return self._film.changes(self.position)

    @property
    def last(self) -> StepMark | None:
        """The step behind the cursor."""
        return self._film.frames[self.position - 1].step if self.position else None

    # --- moves

    @_one_at_a_time
    def step(self) -> Debugger:
        """One step on: recorded, or performed when the run is held."""
        self._catch_up()
        if self._cursor.at_end and self.live:
            self._engine.step(self.run.id)
            self._read()
            self._let_go_when_over()
        return self._moved(self._cursor.forward())

    @_one_at_a_time
    def back(self) -> Debugger:
        """One step back. What was done stays done; only the view goes back."""
        return self._moved(self._cursor.back())

    @_one_at_a_time
    def goto(self, position: int) -> Debugger:
        """To a position on the record, or the nearest one there is."""
        self._catch_up()
        return self._moved(self._cursor.to(check_whole(position, "position")))

    @_one_at_a_time
    def run_to(self, step_id: str) -> Debugger:
        """On to the next position behind a step, by its id or definition path.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_STEP`` when no such step lies ahead.
        """
        check_text(step_id, "step_id")
        cursor = self._cursor
        while not self.finished:
            self.step()
            if self.last is not None and step_id in (self.last.id, self.last.path):
                return self
        self._moved(cursor)
        raise NotFoundError(
            f"No step “{visible(step_id, 80)}” lies ahead.", code="NO_SUCH_STEP", where=self.run.id
        )

    @_one_at_a_time
    def run_to_end(self) -> Debugger:
        """On to the end; a held run is performed to its end."""
        if self.live:
            self._engine.let_go(self.run.id)
            self._engine.wait(self.run.id, None)
        self._catch_up(everything=True)
        return self._moved(self._cursor.to(self.length))

    def restart(self) -> Debugger:
        """Back to before the first step."""
        return self.goto(0)

    def resume(self) -> Debugger:
        """Let a held run go on by itself; the record stays open here."""
        if self.live:
            self._engine.let_go(self.run.id)
        return self

    # --- what the widget asks (wfnb.ui.stepper.DebuggerView)

    def frames_count(self) -> int:
        """The last position there is so far."""
        return self.length

    def view(self) -> dict[str, JsonValue]:
        """Everything a view of this position shows, as redacted JSON."""
        row = self.run.row
        return {
            "position": self.position,
            "length": self.length,
            "live": self.live,
            "title": f"{self.run.id} · {row.workflow_id} v{row.workflow_version}",
            "status": self._film.state(self.position).status,
            "step": _mark_json(self.last),
            "next": self._next(),
            "state": self.state,
            "changes": [change.to_json() for change in self.changes],
            "marks": [{"at": mark.at, "kind": mark.kind} for mark in self._film.marks()],
        }

    def outline(self) -> dict[str, JsonValue]:
        """The definition."""
        return self.run.definition

    def overlay(self) -> dict[str, JsonValue]:
        """Statuses, counts and branches up to the cursor."""
        following = self._next()
        current = str(following["path"]) if following else None
        return overlay_json(overlay_of(self._until(), current=current))

    def static_picture(self) -> str:
        """SVG of the whole run, for where no kernel runs."""
        return run_picture(self.outline(), self._steps, (), self.run.id).svg

    # --- showing

    def __repr__(self) -> str:
        behind = f"behind {self.last.id}" if self.last else "before the first step"
        return f"<Debugger {self.run.id} at {self.position} of {self.length}: {behind}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from wfnb.ui.stepper import Stepper

        if self._widget is None:
            self._widget = Stepper(self)
        return self._widget._repr_mimebundle_(**kwargs)

    # --- inside

    def _moved(self, cursor: Cursor) -> Debugger:
        self._cursor = cursor
        if self._widget is not None:
            self._widget.refresh()
        return self

    def _let_go_when_over(self) -> None:
        if self.run.status in ("SUCCEEDED", "FAILED", "CANCELED"):
            self._engine.let_go(self.run.id)

    def _catch_up(self, *, everything: bool = False) -> None:
        """At the end of what is known here, take in what the run did meanwhile by itself, or in another debugger."""
        if not self._complete and (everything or self._cursor.at_end):
            self._read()

    def _read(self) -> None:
        """Take in what has been recorded since the last time."""
        row = self.run.row
        self._complete = row.status in ("SUCCEEDED", "FAILED", "CANCELED")
        self._steps = self._store.steps(row.run_no)
        ended = {step.end_seq: step for step in self._steps if step.end_seq is not None}
        frames: list[Frame] = []
        writes: list[Any] = []
        pending = None
        for macrostep in self._store.macrosteps(row.run_no, self._seen, row.seq):
            writes += macrostep.writes
            pending = macrostep
            if macrostep.seq in ended:
                frames.append(
                    Frame(macrostep.seq, macrostep.at_us, tuple(writes), _mark(ended[macrostep.seq]))
                )
                writes, pending = [], None
                self._seen = macrostep.seq
        if pending is not None and self._complete:
            frames.append(Frame(pending.seq, pending.at_us, tuple(writes), None))
            self._seen = pending.seq
        self._film.extend(frames)
        self._cursor = self._cursor.grown(self._film.length)

    def _until(self) -> list[StepRow]:
        """Step rows up to the cursor, as they were then."""
        if self.position == 0:
            return []
        seq = self._film.frames[self.position - 1].seq
        return [step for step in self._steps if step.end_seq is not None and step.end_seq <= seq]

    def _next(self) -> dict[str, JsonValue] | None:
        """The step that comes next: recorded, or where a held run stands."""
        for frame in self._film.frames[self.position :]:
            if frame.step is not None:
                return {
                    key: value for key, value in (_mark_json(frame.step) or {}).items() if key in _NEXT_KEYS
                }
        cursor = self.run.row.cursor
        if cursor is None:
            return None
        step = self._engine.next_step(self.run.id) if self.live else None
        return {"id": step[0], "path": cursor, "instance": step[1], "type": step[2]} if step else None


_NEXT_KEYS = ("id", "path", "instance", "type")


def _mark(step: StepRow) -> StepMark:
    return StepMark(
        step.step_id,
        step.type,
        step.instance,
        step.status,
        step.attempt,
        step.branch,
        step.error,
        step.handled_by,
        (step.ended_us or step.started_us) - step.started_us,
    )


def _mark_json(step: StepMark | None) -> dict[str, JsonValue] | None:
    if step is None:
        return None
    return {
        "id": step.id,
        "path": step.path,
        "instance": step.instance,
        "type": step.type,
        "status": step.status,
        "attempt": step.attempt,
        "error": str(step.error["message"]) if step.error else None,
        "durationMs": step.duration_us / 1000,
    }
