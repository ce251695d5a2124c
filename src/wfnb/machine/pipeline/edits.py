"""Edits: what a person does to a run that is under way. A value is set, a step is passed over, answered for, or another one comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from wfnb.errors import CommandError
from wfnb.machine.messages import (
    Completed,
    ControlMoved,
    Edit,
    Failed,
    Fired,
    InvocationCanceled,
    RunEdited,
    Signaled,
    Source,
    StepCanceled,
    StepStarted,
    StepSucceeded,
    WaitResolved,
)
from wfnb.machine.pipeline import frames
from wfnb.machine.pipeline.changes import Change, items_of, writes_of
from wfnb.machine.pipeline.control import settle
from wfnb.machine.pipeline.doubts import SETTLED
from wfnb.machine.pipeline.errors import route
from wfnb.machine.pipeline.lanes import in_item, is_parallel
from wfnb.machine.pipeline.turn import Turn
from wfnb.machine.pipeline.waits import TASK_COMPLETED, fire, signal
from wfnb.machine.state import State
from wfnb.model.values import JsonValue, Write
from wfnb.security.escape import visible
from wfnb.validate.program import LinkedStep

__all__ = ["edit", "standing"]

Begin = Callable[[Turn], None]
Answer = Callable[[Turn, Completed | Failed], None]

_ANSWERED = ("call", "wait", "callWorkflow")


def standing(state: State) -> list[str]:
    """Instance paths of the steps that are under way or next: one, or one in every open item."""
    if state.terminal or not state.frames:
        return []
    lanes = [State(state.run_id, tree) for _, _, tree in items_of(state.tree)]
    return [frames.instance_of(one) for one in (state, *lanes) if not is_parallel(one)]


def edit(turn: Turn, command: Edit, begin: Begin, answer: Answer) -> None:
    """Do what a person wants; `begin` and `answer` are what the machine does with a next step, and with what came.

    Raises
    ------
    CommandError
        ``EDIT_RUN_OVER``, ``EDIT_NOT_NEXT``, ``EDIT_NOT_A_CALL``, ``EDIT_NOTHING_ASKED``, ``EDIT_JUMP_UNSOUND``,
        ``EDIT_NO_SUCH_ITEM``, ``EDIT_NO_SUCH_PLACE``.
    """
    if turn.state.terminal:
        raise CommandError(
            "The run is over and cannot be changed any more.",
            code="EDIT_RUN_OVER",
            where=turn.state.run_id,
            hint=_FORK,
        )
    if command.kind == "set":
        change = Change(str(command.path), command.value, command.instance)
        turn.emit(_edited(turn, command, tuple(writes_of(turn.state.tree, change))))
        return
    if command.instance not in standing(turn.state):
        raise _not_next(turn, command)
    tried = (Write(("tried",), dict(command.tried)),) if command.tried else ()
    turn.emit(_edited(turn, command, tried))

    def inside(here: Turn) -> None:
        if is_parallel(here.state):
            in_item(here, str(command.instance), inside)
        else:
            _at_step(here, command, begin, answer)
        settle(here)

    inside(turn)


def _at_step(turn: Turn, command: Edit, begin: Begin, answer: Answer) -> None:
    match command.kind:
        case "skip":
            _skip(turn)
        case "jump":
            _jump(turn, command)
        case _:
            _supply(turn, command, begin, answer)


def _edited(turn: Turn, command: Edit, writes: tuple[Write, ...]) -> RunEdited:
    return RunEdited(
        at_us=turn.at_us,
        kind=command.kind,
        instance=command.instance,
        path=command.path,
        changes=command.changes,
        reason=command.reason,
        actor=command.actor,
        writes=writes,
    )


def _skip(turn: Turn) -> None:
    """The step counts as done, and leaves nothing."""
    if not _give_up(turn):
        turn.emit(_started(turn))
    advance = tuple(frames.advance(turn.state))
    done = StepSucceeded(
        at_us=turn.at_us, instance=turn.instance, attempt=turn.attempt, handled_by="skip", writes=advance
    )
    turn.emit(done)


def _jump(turn: Turn, command: Edit) -> None:
    """Another step of the same block comes next."""
    frame = turn.state.frames[-1]
    steps = turn.program.blocks[frame["block"]]
    at = next((number for number, step in enumerate(steps) if step.id == command.target), None)
    if at is None:
        raise CommandError(
            _unsound(turn, command), code="EDIT_JUMP_UNSOUND", where=turn.state.run_id, hint=_reachable(steps)
        )
    attempt = turn.attempt
    instance = turn.instance
    if _give_up(turn):
        turn.emit(StepCanceled(at_us=turn.at_us, instance=instance, attempt=attempt))
    here = ("frames", len(turn.state.frames) - 1)
    writes = (Write((*here, "at"), at), Write((*here, "failed"), 0))
    turn.emit(ControlMoved(at_us=turn.at_us, move="jump", instance=frames.place(frame), writes=writes))


def _supply(turn: Turn, command: Edit, begin: Begin, answer: Answer) -> None:
    """The step ends with what a person says that it gave, or failed with."""
    step = turn.step
    if step.kind not in _ANSWERED:
        raise CommandError(
            f"“{visible(step.id, 80)}” calls nothing and waits for nothing, so there is nothing to supply.",
            code="EDIT_NOT_A_CALL",
            where=turn.state.run_id,
            hint="Set the values that it would write, and skip it.",
        )
    pending = _asked(turn)
    if pending is None:
        _give_up(turn)  # a pause before another attempt
        begin(turn)
        pending = _asked(turn)
    if pending is None:
        raise CommandError(
            f"“{visible(step.id, 80)}” ended before it asked for anything; nothing was changed.",
            code="EDIT_NOTHING_ASKED",
            where=turn.state.run_id,
            hint="Look at its inputs, or skip it.",
        )
    effect_id, what = pending
    if what["kind"] == "wait":
        _end_wait(turn, command, effect_id, what, answer)
    else:
        answer(turn, _known(turn, command, effect_id))


def _end_wait(
    turn: Turn, command: Edit, effect_id: str, pending: dict[str, JsonValue], answer: Answer
) -> None:
    at_us = turn.at_us
    source: Source = "supplied"
    if pending["waitType"] == "doubt":
        said: JsonValue = {"decision": "output", "output": command.output}
        if command.error is not None:
            said = {"decision": "error", "error": command.error}
        came = Signaled(at_us=at_us, effect_id=effect_id, name=SETTLED, payload=said, source=source)
        known = signal(turn, came)
        if known is not None:
            answer(turn, replace(known, source=source))
    elif command.error is not None:
        _give_up(turn)
        route(turn, command.error)
    elif pending["waitType"] == "time":
        fire(turn, Fired(at_us=at_us, effect_id=effect_id, source=source))
    else:
        plan = turn.step.wait
        name = plan.event_name if plan is not None and plan.event_name else TASK_COMPLETED
        signal(
            turn,
            Signaled(at_us=at_us, effect_id=effect_id, name=name, payload=command.output, source=source),
        )


def _known(turn: Turn, command: Edit, effect_id: str) -> Completed | Failed:
    at_us, spread = turn.at_us, command.spread
    if command.error is not None:
        return Failed(at_us=at_us, effect_id=effect_id, error=command.error, source="supplied", spread=spread)
    return Completed(
        at_us=at_us, effect_id=effect_id, output=command.output, source="supplied", spread=spread
    )


def _asked(turn: Turn) -> tuple[str, dict[str, JsonValue]] | None:
    """What the step is waiting for, but for another attempt."""
    pending: dict[str, dict[str, JsonValue]] = turn.state.tree["pending"]
    return next((pair for pair in pending.items() if pair[1].get("waitType") != "retry"), None)


def _give_up(turn: Turn) -> bool:
    """Wait no longer for what the step asked for; whether an attempt at it was under way."""
    under_way = _asked(turn) is not None
    for effect_id, pending in list(turn.state.tree["pending"].items()):
        gone = (Write(("pending", effect_id)),)
        if pending["kind"] == "action":
            turn.emit(InvocationCanceled(at_us=turn.at_us, effect_id=effect_id, writes=gone))
            continue
        over = WaitResolved(
            at_us=turn.at_us, effect_id=effect_id, status="CANCELED", by="cancel", writes=gone
        )
        turn.emit(over)
        if pending.get("waitType") == "doubt":
            turn.emit(InvocationCanceled(at_us=turn.at_us, effect_id=pending["effect"]))
    if turn.state.status == "WAITING":
        place = frames.place(turn.state.frames[-1])
        writes = (Write(("status",), "RUNNING"),)
        turn.emit(ControlMoved(at_us=turn.at_us, move="jump", instance=place, writes=writes))
    return under_way


def _started(turn: Turn) -> StepStarted:
    step = turn.step
    return StepStarted(
        at_us=turn.at_us, instance=turn.instance, step_id=step.id, type=step.type, attempt=turn.attempt
    )


_FORK = "Fork it before a step: run.fork(“id of a step”, edits=...)."


def _not_next(turn: Turn, command: Edit) -> CommandError:
    places = standing(turn.state)
    hint = f"It stands at {', '.join(places)}." if places else "It has not begun; set values, or step first."
    named = visible(str(command.instance), 200)
    return CommandError(
        f"The step {named} is neither under way nor next.",
        code="EDIT_NOT_NEXT",
        where=turn.state.run_id,
        hint=hint,
    )


def _unsound(turn: Turn, command: Edit) -> str:
    named = visible(str(command.target), 80)
    every: Iterator[LinkedStep] = (step for block in turn.program.blocks.values() for step in block)
    found = next((step for step in every if step.id == command.target), None)
    if found is None:
        return f"There is no step “{named}”."
    return f"“{named}” stands at {found.path}: a jump from here would leave or enter a block without what that brings with it."


def _reachable(steps: tuple[LinkedStep, ...]) -> str:
    return f"From here a jump can go to {', '.join(step.id for step in steps)}."
