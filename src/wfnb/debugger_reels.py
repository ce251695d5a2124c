"""Films of recorded runs: read from the store page by page, with the machine at hand that ran them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from wfnb.debug.breakpoints import Ahead
from wfnb.debug.film import Film, StepMark
from wfnb.debug.microsteps import Given, Microstep, microsteps_of
from wfnb.debug.reel import Reel
from wfnb.engine.children import child_outcome
from wfnb.engine.engine import Engine
from wfnb.errors import NotFoundError, WfnbError
from wfnb.machine.kinds import MACHINES
from wfnb.machine.messages import Advance, Cancel, Command, Completed, Failed, Fired, Signaled, Start
from wfnb.machine.pipeline.waits import RESUMED
from wfnb.machine.record import removed_effect
from wfnb.machine.state import State
from wfnb.model.paths import definition_path
from wfnb.model.values import JsonValue, Write
from wfnb.store.port import Store, state_at
from wfnb.store.records import MacrostepRow, RunRow, StepRow
from wfnb.validate.program import Program

__all__ = ["Reels", "mark_of"]

_READ = 20_000  # ends of steps that are read at once
_CALL = "control.callWorkflow"


def mark_of(step: StepRow) -> StepMark:
    """A step as films show it."""
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


class Reels:
    """The films of a run and of the runs that it called.

    Parameters
    ----------
    store
        Where the runs are.
    engine
        Who holds a run, and has linked its program.
    """

    def __init__(self, store: Store, engine: Engine) -> None:
        self._store = store
        self._engine = engine
        self._known: dict[str, _Recorded] = {}

    def __call__(self, run_id: str) -> Reel:
        """The film of a run; read up to where the run stands the first time it is asked for.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_RUN``.
        """
        if run_id not in self._known:
            self._known[run_id] = _Recorded(self._store, self._engine, run_id)
            self._known[run_id].read()
        return self._known[run_id].reel

    def read(self, run_id: str) -> RunRow:
        """Take in what a run has done since; its row."""
        self(run_id)
        return self._known[run_id].read()

    def complete(self, run_id: str) -> bool:
        """Whether everything was read of a run that is over."""
        return self._known[run_id].complete


class _Recorded:
    """One run, as a source of its film."""

    def __init__(self, store: Store, engine: Engine, run_id: str) -> None:
        self._store = store
        self._engine = engine
        self._run_id = run_id
        self._row = self._read_row()
        self._program = self._linked()
        self.complete = False
        self.film = Film(self)
        self.reel = Reel(
            run_id,
            self.film,
            inside=self._inside,
            child=self._child,
            action=self._action,
            parallel=self._parallel,
            next_step=self._next_step,
        )

    def read(self) -> RunRow:
        """Take in what has been recorded since the last time."""
        self._row = self._read_row()
        self.film.edited(
            [event.seq for event in self._store.events(self._row.run_no) if event.kind == "run.edited"]
        )
        self.film.extend(self._row.seq, over=self._row.over)
        self.complete = self._row.over
        return self._row

    def _read_row(self) -> RunRow:
        row = self._store.run(self._run_id)
        if row is None:
            raise NotFoundError(f"There is no run {self._run_id}.", code="NO_SUCH_RUN")
        return row

    def _linked(self) -> Program | None:
        """The program, when everything that it names is registered here; without it steps have no inside."""
        try:
            return self._engine.programs.get(self._row.workflow_id, self._row.workflow_version)
        except WfnbError:
            return None

    # --- what a film reads (wfnb.debug.film.Source)

    def ends(self, from_seq: int) -> Iterator[tuple[int, int | None, int]]:
        """See `wfnb.debug.film.Source.ends`."""
        while True:
            found = self._store.step_ends(self._row.run_no, from_seq, _READ)
            yield from found
            if len(found) < _READ:
                return
            from_seq = found[-1][0] + 1

    def steps(self, begins: Sequence[int]) -> dict[int, StepMark]:
        """See `wfnb.debug.film.Source.steps`."""
        return {row.seq: mark_of(row) for row in self._store.steps_at(self._row.run_no, begins)}

    def writes(self, after: int, upto: int) -> list[tuple[int, int, tuple[Write, ...]]]:
        """See `wfnb.debug.film.Source.writes`."""
        rows = self._store.macrosteps(self._row.run_no, after, upto)
        return [(row.seq, row.at_us, row.writes) for row in rows]

    def state(self, seq: int) -> State:
        """See `wfnb.debug.film.Source.state`."""
        return state_at(self._store, self._row, seq)

    # --- what a reel asks

    def _next_step(self) -> Ahead | None:
        found = self._engine.ahead(self._run_id)
        if found is None:
            return None
        step_id, instance, kind = found
        return Ahead(step_id, kind, instance, self._action(definition_path(instance)))

    def _action(self, path: str) -> str | None:
        step = self._program.step(path) if self._program else None
        return f"{step.action.id}@{step.action.version}" if step and step.action else None

    def _parallel(self, owner: str) -> bool:
        step = self._program.step(definition_path(owner)) if self._program and owner else None
        return step is not None and step.width > 1

    def _child(self, position: int) -> str | None:
        step = self.film.step(position)
        if step is None or step.type != _CALL:
            return None
        child = self._store.child(self._row.run_no, f"{step.instance}#{step.attempt}")
        return child.run_id if child else None

    def _inside(self, position: int) -> Sequence[Microstep]:
        before, upto = self.film.seq_at(position - 1), self.film.seq_at(position)
        rows = self._store.macrosteps(self._row.run_no, before, upto)
        step = self.film.step(position)
        given = [Given(row.seq, row.command, row.writes, self._command(row, step)) for row in rows]
        return microsteps_of(MACHINES[self._row.kind], self._program, self.film.state(position - 1), given)

    # --- commands, rebuilt from rows

    def _command(self, row: MacrostepRow, step: StepMark | None) -> Command | None:
        """The command of a macrostep, as far as the rows of one step tell it."""
        match row.command:
            case "Start":
                return Start(at_us=row.at_us)
            case "Advance":
                return Advance(at_us=row.at_us)
            case "Cancel":
                return Cancel(at_us=row.at_us, reason="", actor="")
        effect_id = removed_effect([write.to_json() for write in row.writes])
        return None if effect_id is None else self._arrived(row, effect_id, step)

    def _arrived(self, row: MacrostepRow, effect_id: str, step: StepMark | None) -> Command | None:
        match row.command:
            case "Completed":
                found, output = self._output(effect_id)
                return Completed(at_us=row.at_us, effect_id=effect_id, output=output) if found else None
            case "Failed" if step is not None and step.error is not None:
                error = {name: value for name, value in step.error.items() if name != "nodePath"}
                return Failed(at_us=row.at_us, effect_id=effect_id, error=error)
            case "Fired":
                return Fired(at_us=row.at_us, effect_id=effect_id)
            case "Signaled":
                return self._signaled(row, effect_id)
            case _:
                return None

    def _output(self, effect_id: str) -> tuple[bool, JsonValue]:
        """Whether a call or a called run gave something, and what."""
        call = self._store.call_of(self._row.run_no, effect_id)
        if call is not None:
            return call.status == "SUCCEEDED", call.output
        child = self._store.child(self._row.run_no, effect_id)
        if child is None or child.status != "SUCCEEDED":
            return False, None
        return True, child_outcome(child, state_at(self._store, child))

    def _signaled(self, row: MacrostepRow, effect_id: str) -> Command | None:
        found = self._store.wait(self._row.run_no, effect_id)
        if found is None or found[1] is None:
            return None
        came = found[1]
        given = Signaled(at_us=row.at_us, effect_id=effect_id, name=came.name, payload=came.payload)
        return replace(given, override=came.name == RESUMED)
