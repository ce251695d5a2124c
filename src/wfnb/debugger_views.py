"""The part of a debugger that shows: everything the widget asks, as bounded JSON without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Self

from wfnb.debug import commands as c
from wfnb.debug.breakpoints import Ahead
from wfnb.debug.complete import complete
from wfnb.debug.film import Film, StepMark, public
from wfnb.debug.insides import inside_json
from wfnb.debug.places import block_of, item_of, owner_of
from wfnb.debug.reel import Reel
from wfnb.debug.session import Session
from wfnb.debug.tally import WIDTH, Tallies, Tally
from wfnb.debugger_breaks import Watch, Watches
from wfnb.errors import ExpressionError, NotFoundError, ValidationError
from wfnb.expr import EXTENDED, compile_expression
from wfnb.limits import LIMITS
from wfnb.machine.state import State
from wfnb.model.arguments import check_whole
from wfnb.model.paths import definition_path
from wfnb.model.times import iso
from wfnb.model.values import JsonValue
from wfnb.security.redact import cap, redactions, secret_texts
from wfnb.services import logs as run_logs
from wfnb.store.port import Store
from wfnb.store.records import RunRow
from wfnb.viz.overlay import Overlay
from wfnb.viz.pictures import pipeline_svg

__all__ = ["DebuggerViews"]

_MARKS: Final = 500
_LINES: Final = 100
_PAGE: Final = 1_000
_VALUE_BYTES: Final = 16_384
_NEXT_KEYS: Final = ("id", "path", "instance", "type")


class DebuggerViews:
    """The part of a debugger that shows."""

    _session: Session
    _store: Store
    _tallies: dict[str, Tallies]

    @property
    def _reel(self) -> Reel:
        raise NotImplementedError

    @property
    def _film(self) -> Film:
        raise NotImplementedError

    @property
    def live(self) -> bool:
        """Whether the run is held here."""
        raise NotImplementedError

    @property
    def watches(self) -> Watches:
        """Watched expressions with their values here."""
        raise NotImplementedError

    def _roots(self) -> dict[str, JsonValue]:
        raise NotImplementedError

    def _watched(self, expression: str) -> Watch:
        raise NotImplementedError

    def _do(self, command: c.Command) -> Self:
        raise NotImplementedError

    # --- how it is looked at

    @property
    def granularity(self) -> c.Granularity:
        """How far `step` and `back` go: ``step``, or ``event`` for everything inside a step."""
        return self._session.granularity

    def by(self, granularity: c.Granularity) -> Self:
        """Let `step` and `back` go by steps or by events from now on.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT``.
        """
        if granularity not in ("step", "event"):
            raise ValidationError(
                "A debugger goes by step or by event.", code="INVALID_ARGUMENT", where="granularity"
            )
        return self._do(c.SetGranularity(granularity))

    def select_frame(self, number: int) -> Self:
        """Look at another frame of the call path; 0 is the innermost."""
        return self._do(c.SelectFrame(check_whole(number, "number")))

    # --- a position

    def frames_count(self) -> int:
        """The last position there is so far."""
        return self._reel.length

    def view(self) -> dict[str, JsonValue]:
        """Everything a view of this position shows, as redacted JSON."""
        at, film, row = self._session.at, self._film, self._row()
        return {
            "position": at.position,
            "length": self._reel.length,
            "live": self.live,
            "title": f"{row.run_id} · {row.workflow_id} v{row.workflow_version}",
            "status": film.state(at.position).status,
            "step": _mark_json(self._reel.behind(at.position)),
            "next": self._next(),
            "state": self._shown(),
            "changes": [change.to_json() for change in film.changes(at.position)],
            "marks": [{"at": mark.at, "kind": mark.kind} for mark in film.marks(_MARKS)],
            "run": row.run_id,
            "seq": film.seq_at(at.position),
            "time": iso(film.frame(at.position).at_us if at.position else row.started_us),
            "granularity": self._session.granularity,
            "microstep": at.microstep,
            "inside": self.inside(),
            "frames": self.frames,
            "frame": min(self._session.frame, len(self.frames) - 1),
            "stop": {"why": self._session.stop.why, "breakpoint": self._session.stop.breakpoint},
            "breakpoints": [stop.to_json() for stop in self._session.breakpoints],
            "watches": [self.watch_json(watch) for watch in self.watches],
            "log": [
                {"position": line.position, "breakpoint": line.breakpoint, "text": line.text, "kind": line.kind, "run": line.run_id}
                for line in self._session.log[-_LINES:]
            ],
        }  # fmt: skip

    def _shown(self) -> dict[str, JsonValue]:
        """The state at the cursor, also inside a step, redacted and capped."""
        at = self._session.at
        if not at.microstep:
            return self._film.public(at.position)
        one = self._reel.inside(at.position)[at.microstep - 1]
        tree = {**one.state.tree, "envelope": {**one.state.envelope, **one.envelope}}
        pointers = self._film.pointers()
        return public(State(one.state.run_id, tree), pointers)

    def watch_json(self, watch: Watch) -> dict[str, JsonValue]:
        """A watch with its value."""
        told: dict[str, JsonValue] = {"expression": watch.expression}
        if watch.error is not None:
            return told | {"error": watch.error}
        return told | ({"value": cap(watch.value, _VALUE_BYTES)} if watch.there else {"missing": True})

    def _next(self) -> dict[str, JsonValue] | None:
        """The step that comes next: recorded, or where a held run stands."""
        ahead = self._ahead()
        return {key: getattr(ahead, key) for key in _NEXT_KEYS} if ahead else None

    def _ahead(self) -> Ahead | None:
        return self._reel.ahead(self._session.at.position)

    def _row(self) -> RunRow:
        row = self._store.run(self._session.at.run_id)
        if row is None:
            raise NotFoundError(f"There is no run {self._session.at.run_id}.", code="NO_SUCH_RUN")
        return row

    # --- the call path

    @property
    def frames(self) -> list[dict[str, JsonValue]]:
        """The call path, innermost first: the step, the blocks and loop items around it, its run, and the runs that called it."""
        here = self._ahead() or self._reel.behind(self._session.at.position)
        return list(self._path(self._row(), here.instance if here else None, here.id if here else None))

    def _path(self, row: RunRow, instance: str | None, step_id: str | None) -> Iterator[dict[str, JsonValue]]:
        for _ in range(LIMITS.child_depth + 1):
            if instance is not None:
                yield from _frames_of(row.run_id, instance, step_id)
            yield {
                "kind": "run",
                "run": row.run_id,
                "workflow": row.workflow_id,
                "version": row.workflow_version,
            }
            parent = self._store.run_by_no(row.parent_run_no) if row.parent_run_no is not None else None
            if parent is None:
                return
            instance, step_id = (row.parent_effect or "").rpartition("#")[0], None
            row = parent

    # --- pages

    def steps_page(self, first: int, count: int) -> dict[str, JsonValue]:
        """Steps behind the positions from `first` on, at most 1,000: a list that is scrolled."""
        first, last = max(first, 1), min(max(first, 1) + min(max(count, 0), _PAGE) - 1, self._reel.length)
        rows = [
            {
                "position": number,
                "seq": self._film.seq_at(number),
                "step": _mark_json(self._reel.behind(number)),
            }
            for number in range(first, last + 1)
        ]
        return {"first": first, "length": self._reel.length, "rows": rows}  # fmt: skip

    def marks(self, first: int = 1, last: int | None = None, bins: int = 200) -> dict[str, JsonValue]:
        """Marks of a stretch of positions in at most `bins` equal parts: what a slider shows at some zoom."""
        upto = self._reel.length if last is None else min(last, self._reel.length)
        found = self._film.bins(first, upto, min(max(bins, 1), _PAGE))
        return {"first": max(first, 1), "last": upto, "length": self._reel.length, "bins": found}

    def inside(self, position: int | None = None) -> list[dict[str, JsonValue]]:
        """What happens inside the step after a position: evaluations with their values, and events with what they write."""
        place = self._session.at.position if position is None else position
        after = self._film.state(min(place + 1, self._reel.length)).envelope
        known = secret_texts(after, (*redactions(after), *self._film.pointers()))
        return inside_json(self._reel.inside(place), self._film.mask, known)

    def logs_page(self, count: int = _LINES) -> list[dict[str, JsonValue]]:
        """The last lines of the run's log up to the cursor."""
        film, position = self._film, self._session.at.position
        upto = film.frame(position).at_us if position else -1
        lines = [line for line in run_logs.of_run(self._store, self._row()) if line.at_us <= upto]
        return [
            {"time": iso(line.at_us), "level": line.level, "source": line.source, "instance": line.instance, "message": line.message}
            for line in lines[-min(max(count, 1), _PAGE) :]
        ]  # fmt: skip

    def events_page(self, count: int = _LINES) -> list[dict[str, JsonValue]]:
        """What happened to the run as a whole up to the cursor."""
        upto = self._film.seq_at(self._session.at.position)
        events = [event for event in self._store.events(self._row().run_no) if event.seq <= upto]
        return [
            {"seq": event.seq, "time": iso(event.at_us), "kind": event.kind} for event in events[-min(max(count, 1), _PAGE) :]
        ]  # fmt: skip

    # --- expressions

    def complete(self, text: str, at: int | None = None) -> dict[str, JsonValue]:
        """What can follow at a place of an expression: names of the state at the cursor, and functions."""
        return complete(text, len(text) if at is None else at, self._roots())

    def check(self, expression: str) -> dict[str, JsonValue]:
        """Whether an expression compiles, with the place of the fault; and what it gives at the cursor."""
        try:
            compile_expression(expression, profile=EXTENDED)
        except ExpressionError as error:
            return {
                "ok": False, "message": error.message, "hint": error.hint, "line": error.line, "column": error.column,
            }  # fmt: skip
        return {"ok": True, **self.watch_json(self._watched(expression))}

    # --- the picture

    def outline(self) -> dict[str, JsonValue]:
        """The definition."""
        row = self._row()
        version = self._store.version(row.workflow_id, row.workflow_version)
        return version.definition if version else {}

    def overlay(self) -> dict[str, JsonValue]:
        """Statuses, counts and branches up to the cursor."""
        ahead = self._ahead()
        return self._tally(self._session.at.position).to_json(ahead.path if ahead else None)

    def _tally(self, position: int) -> Tally:
        """What became of the steps up to a position: counted by the store up to a round macrostep, and on from there."""
        film = self._film
        counted = self._tallies.setdefault(self._session.at.run_id, Tallies())
        counted.extend(film.seq, self._counted)
        base, tally = counted.before(film.seq_at(position))
        for number in range(film.position_after(base), position + 1):
            step = self._reel.behind(number)
            if step is not None:
                tally.add(step, film.seq_at(number))
        return tally

    def _counted(self, after: int, upto: int) -> Iterator[tuple[int, StepMark, int, int]]:
        for one in self._store.tallies(self._row().run_no, after, upto, WIDTH):
            last = StepMark(
                one.step_id, "", one.instance, one.status, 1, one.branch, None, one.handler, one.duration_us
            )
            yield one.stretch, last, one.end_seq, one.count

    def static_picture(self) -> str:
        """SVG of the whole run, for where no kernel runs."""
        whole = self._tally(self._reel.length)
        return pipeline_svg(self.outline(), Overlay.from_json(whole.to_json(None)))


def _frames_of(run_id: str, instance: str, step_id: str | None) -> Iterator[dict[str, JsonValue]]:
    """The step and what is around it, innermost first."""
    path = definition_path(instance)
    yield {"kind": "step", "run": run_id, "id": step_id, "instance": instance, "path": path}
    block = block_of(instance)
    while owner := owner_of(block):
        item = item_of(block)
        kind = "block" if item is None else "item"
        yield {
            "kind": kind, "run": run_id, "instance": block, "path": definition_path(block), "item": item,
            "block": block.rpartition(".")[2].partition("{")[0],
        }  # fmt: skip
        block = block_of(owner)


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
