"""Edits of runs that are under way: by their owner when they are held here, else by a commit that takes them over."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wfnb.engine.engine import Engine
from wfnb.errors import CommandError, StaleWriterError
from wfnb.machine import kinds
from wfnb.machine.messages import Edit, EditKind, Error
from wfnb.machine.pipeline.changes import Change
from wfnb.machine.pipeline.edits import standing
from wfnb.machine.protocol import evaluate
from wfnb.machine.state import State
from wfnb.model.paths import definition_path
from wfnb.model.values import JsonValue
from wfnb.security.redact import cap, redact
from wfnb.services.audit import Actor, record
from wfnb.services.changes import shown
from wfnb.services.named_step import step_of
from wfnb.store.port import Store, state_at
from wfnb.store.records import Commit, Macrostep, RunRow
from wfnb.store.redactions import declared
from wfnb.validate.program import LinkedStep, Program

__all__ = ["Wanted", "edit", "is_free"]

_ROUNDS = 20  # whoever drives the run may be faster; more is a fault
_PREVIEW_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants: a change, or something at a step (by its id or instance path) with an output, an error or a target."""

    kind: EditKind
    change: Change | None = None
    step: str | None = None
    output: JsonValue = None
    error: Error | None = None
    target: str | None = None
    reason: str | None = None


def is_free(engine: Engine, run: RunRow) -> bool:
    """Whether a run may be edited by whoever may run one: a fork on record, or a run that is held in this process."""
    return run.recorded or engine.holds(run.run_id)


def edit(store: Store, engine: Engine, run: RunRow, by: Actor, wanted: Wanted) -> RunRow:
    """Edit a run; whoever drives it is fenced out, and whoever sees it first drives it on.

    Raises
    ------
    CommandError
        ``EDIT_RUN_OVER``, ``EDIT_NOT_NEXT``, ``EDIT_AMBIGUOUS``, ``EDIT_NOT_A_CALL``, ``EDIT_NOTHING_ASKED``,
        ``EDIT_JUMP_UNSOUND``, ``EDIT_NO_SUCH_ITEM``, ``EDIT_NO_SUCH_PLACE``.
    NotFoundError
        ``NO_SUCH_STEP``.
    ValidationError
        When an output is not what the action gives.
    """
    for _ in range(_ROUNDS):
        state = state_at(store, run)
        program = engine.programs.get(run.workflow_id, run.workflow_version)
        command = _command(store, engine, run, (program, state), by, wanted)
        try:
            if engine.holds(run.run_id):
                engine.give(run.run_id, command)
            else:
                _take_over(store, program, run, state, command)
        except StaleWriterError:
            run = store.run_by_no(run.run_no) or run
            continue
        _note(store, engine, by, run, command)
        _cancel_called(store, engine, run, by)
        engine.scan()
        return store.run_by_no(run.run_no) or run
    raise CommandError("The run moves on faster than it can be edited.", where=run.run_id)


def _command(  # noqa: PLR0917 - a command is made of these
    store: Store, engine: Engine, run: RunRow, at: tuple[Program, State], by: Actor, wanted: Wanted
) -> Edit:
    program, state = at
    command = Edit(
        at_us=engine.clock.moment_us(run.run_id, run.seq + 1, run.updated_us, acted=False),
        kind=wanted.kind,
        reason=wanted.reason,
        actor=by.name,
    )
    if wanted.change is not None:
        change = wanted.change
        told = {} if state.terminal else shown(state, (change,))
        return replace(command, instance=change.item, path=change.path, value=change.value, changes=told)
    instance = _instance(program, run, state, wanted)
    if wanted.kind == "skip" or state.terminal:
        return replace(command, instance=instance, output=wanted.output, error=wanted.error)
    if wanted.kind == "jump":
        tried = _tried(store, run, state, instance)
        target = step_of(program, str(wanted.target)).id
        return replace(
            command, instance=instance, target=target, tried=tried, changes={"from": instance, "to": target}
        )
    step = _step(program, instance)
    output = None if wanted.error is not None else engine.programs.supplied(step, wanted.output)
    told = _said(store, step, output) if wanted.error is None else {"error": wanted.error}
    return replace(command, instance=instance, output=output, error=wanted.error, changes=told)


def _said(store: Store, step: LinkedStep, output: JsonValue) -> dict[str, JsonValue]:
    """An output as people are told of it."""
    known = declared(store.database)
    hidden = None if step.action is None else known.get((step.action.id, step.action.version))
    pointers = () if hidden is None else hidden.output
    return {"output": cap(redact(output, pointers), _PREVIEW_BYTES)}


def _instance(program: Program, run: RunRow, state: State, wanted: Wanted) -> str:
    """The step that is meant, among those that are under way or next."""
    places = standing(state)
    if wanted.step is None and len(places) == 1:
        return places[0]
    fit = [place for place in places if wanted.step in (place, _step(program, place).id)]
    if len(fit) == 1:
        return fit[0]
    if len(fit) > 1 or (wanted.step is None and places):
        raise CommandError(
            "Several items of a parallel loop stand there.",
            code="EDIT_AMBIGUOUS",
            where=run.run_id,
            hint=f"Name one of {', '.join(fit or places)}.",
        )
    if wanted.step is None:
        return ""  # the run is over, or has not begun: the machine says so
    step_of(program, definition_path(wanted.step))
    return wanted.step


def _step(program: Program, instance: str) -> LinkedStep:
    step = program.step(definition_path(instance))
    if step is None:
        raise AssertionError("a run stands at steps of its program")
    return step


def _tried(store: Store, run: RunRow, state: State, instance: str) -> dict[str, int]:
    """Attempts that the steps of a block have used up, so that no effect gets the name of an earlier one."""
    block = f"{instance.rpartition('.steps[')[0]}.steps["
    tried: dict[str, int] = dict(state.tree.get("tried", {}))
    for row in store.steps(run.run_no):
        if row.instance.startswith(block):
            tried[row.instance] = max(row.attempt, tried.get(row.instance, 0))
    return tried


def _take_over(store: Store, program: Program, run: RunRow, state: State, command: Edit) -> None:
    """Commit the command; the fence is the run's seq and epoch, as for every other commit."""
    machine = kinds.MACHINES[run.kind]
    microsteps = list(machine.microsteps(program, state, command, evaluate))
    after = microsteps[-1][1]
    cursor = machine.cursor(program, after)
    macrostep = Macrostep(command.at_us, "Edit", tuple(event for event, _ in microsteps))
    place = definition_path(cursor) if cursor else None
    store.commit(Commit(run.run_no, run.epoch, run.seq, (macrostep,), after, place, takes_over=True))


def _note(store: Store, engine: Engine, by: Actor, run: RunRow, command: Edit) -> None:
    facts = {"kind": command.kind, "instance": command.instance, "changes": command.changes}
    record(
        store.database, by, "run.edited", ("run", run.run_id), at_us=engine.clock.lease_us(),
        reason=command.reason, changes={key: value for key, value in facts.items() if value is not None},
    )  # fmt: skip


def _cancel_called(store: Store, engine: Engine, run: RunRow, by: Actor) -> None:
    """End the runs that were called and that nobody waits for any more."""
    waits = store.waits(run.run_no)
    over = {wait.effect_id for wait in waits if wait.status == "CANCELED" or wait.source == "supplied"}
    for child in store.children(run.run_no):
        if not child.over and child.parent_effect in over:
            engine.cancel(child.run_id, "The run that called it was edited and goes on without it.", by.name)
