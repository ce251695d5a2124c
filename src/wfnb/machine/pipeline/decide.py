"""Decide: from program, state and command to events.

Rules of this file. *It is total*: a command that comes late or twice gives no events, and a step that cannot be done fails
as a step. *One Advance, one step*: it begins the next step and, when nothing in the world is needed, also ends it. *Commands
bring time and chance*: nothing here reads a clock or makes a random number.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.errors import CommandError, WfnbError
from wfnb.machine.faults import error_data
from wfnb.machine.messages import (
    Advance,
    Cancel,
    Command,
    Completed,
    Doubted,
    Edit,
    Event,
    Failed,
    Fired,
    InvocationFailed,
    InvocationSucceeded,
    Retry,
    RunCanceled,
    RunStarted,
    Signaled,
    Start,
    StepCanceled,
    StepStarted,
    WaitResolved,
)
from wfnb.machine.pipeline import frames
from wfnb.machine.pipeline.control import begin_control, settle, succeed
from wfnb.machine.pipeline.doubts import doubt
from wfnb.machine.pipeline.edits import edit
from wfnb.machine.pipeline.errors import retry, route
from wfnb.machine.pipeline.lanes import advance_lane, cancel_lanes, in_lane, is_parallel, lane_place
from wfnb.machine.pipeline.nodes import begin_node, call_value
from wfnb.machine.pipeline.reopen import reopen
from wfnb.machine.pipeline.turn import Turn
from wfnb.machine.pipeline.waits import begin_wait, fire, signal
from wfnb.machine.protocol import Evaluate
from wfnb.machine.state import State
from wfnb.model.values import DELETE, JsonValue, Write
from wfnb.validate.program import LinkedStep, Program

__all__ = ["cursor", "microsteps"]


def microsteps(
    program: Program, state: State, command: Command, evaluate: Evaluate
) -> Iterator[tuple[Event, State]]:
    """Each event of the command's macrostep with the state after it; see `wfnb.machine.protocol.Machine`."""
    turn = Turn(program, state, evaluate, command.at_us, getattr(command, "spread", 0.5))
    match command:
        case Start():
            _start(turn)
        case Advance():
            _advance(turn)
        case Completed() | Failed() | Fired() | Signaled() | Doubted():
            _arrive(turn, command)
        case Cancel():
            _cancel(turn, command)
        case Retry():
            reopen(turn, command)
        case Edit():
            edit(turn, command, _advance, _answer)
    return iter(turn.microsteps)


def cursor(program: Program, state: State) -> str | None:
    """Instance path of the step under way or next, or None when the run is over."""
    if state.terminal or frames.current_step(program, state) is None:
        return None
    return lane_place(state) if is_parallel(state) else frames.instance_of(state)


def _start(turn: Turn) -> None:
    if turn.state.status != "PENDING":
        raise CommandError("The run was started already.", where=turn.state.run_id)
    turn.emit(RunStarted(at_us=turn.at_us, writes=(Write(("status",), "RUNNING"), *frames.top_level())))
    settle(turn)


def _advance(turn: Turn) -> None:
    if turn.state.status == "PENDING":
        raise CommandError("The run has not been started.", where=turn.state.run_id)
    if is_parallel(turn.state):
        advance_lane(turn, _advance)
        settle(turn)
        return
    if turn.state.status != "RUNNING" or turn.state.pending:
        return
    step = turn.step
    turn.emit(
        StepStarted(
            at_us=turn.at_us,
            instance=turn.instance,
            step_id=step.id,
            type=step.type,
            attempt=turn.attempt,
        )
    )
    try:
        if step.kind in ("assign", "call"):
            begin_node(turn, step)
        elif step.kind == "wait":
            begin_wait(turn, step)
        else:
            begin_control(turn, step)
    except WfnbError as error:
        route(turn, error_data(error))
    settle(turn)


def _arrive(turn: Turn, command: Completed | Failed | Fired | Signaled | Doubted) -> None:
    """Something has come for an effect, here or in a parallel item."""
    if in_lane(turn, command.effect_id, lambda lane: _arrive(lane, command)):
        settle(turn)
    elif isinstance(command, Fired):
        fire(turn, command)
        settle(turn)
    elif isinstance(command, Doubted):
        doubt(turn, command)
    elif isinstance(command, Signaled):
        known = signal(turn, command)
        if known is not None:
            _answer(turn, known)
        settle(turn)
    else:
        _answer(turn, command)


def _answer(turn: Turn, command: Completed | Failed) -> None:
    pending = turn.state.pending.get(command.effect_id)
    if pending is None or pending["kind"] == "wait":
        return
    done = (Write(("pending", command.effect_id)),)
    if pending["kind"] == "child":
        over = WaitResolved(
            at_us=turn.at_us,
            effect_id=command.effect_id,
            status="RESOLVED",
            by="answer",
            source=command.source,
            answer=_kept(command),
        )
        turn.emit(over)
    if isinstance(command, Failed):
        turn.emit(
            InvocationFailed(
                at_us=turn.at_us,
                effect_id=command.effect_id,
                error=command.error,
                source=command.source,
                writes=done,
            )
        )
        _failed(turn, turn.step, command)
    else:
        turn.emit(
            InvocationSucceeded(
                at_us=turn.at_us,
                effect_id=command.effect_id,
                output=command.output,
                cached=command.cached,
                source=command.source,
                writes=done,
            )
        )
        _completed(turn, turn.step, command.output)
    settle(turn)


def _kept(command: Completed | Failed) -> JsonValue:
    """What is kept with a wait of what a called run gave, when there was no such run."""
    if command.source is None or isinstance(command, Failed):
        return None
    return {"output": command.output}


def _completed(turn: Turn, step: LinkedStep, output: JsonValue) -> None:
    try:
        writes = _child_writes(turn, step, output) if step.child else call_value(turn, step, output)
    except WfnbError as error:
        route(turn, error_data(error))
    else:
        succeed(turn, writes)


def _child_writes(turn: Turn, step: LinkedStep, output: JsonValue) -> tuple[Write, ...]:
    """Output mapping of a child: it sees ``vars.childRun`` for as long as it takes."""
    lent = ("envelope", "vars", "childRun")
    before = turn.state.envelope["vars"].get("childRun", DELETE)
    writes = turn.assignments(step.targets, (Write(lent, output),))
    kept = [write for write in writes if write.path[:3] == lent]
    return (*writes, *(() if kept or before is DELETE else (Write(lent, before),)))


def _failed(turn: Turn, step: LinkedStep, command: Failed) -> None:
    if step.shape is None:
        route(turn, command.error)
        return
    if retry(turn, {**command.error, "nodePath": turn.instance}):
        return
    inputs = turn.value(step.inputs) if step.inputs is not None else {}
    value = step.shape.fallback(inputs, command.error)
    writes = (Write(("envelope", *step.save_as), value),) if step.save_as else ()
    succeed(turn, writes)


def _cancel(turn: Turn, command: Cancel) -> None:
    if turn.state.terminal:
        return
    _give_up(turn)
    writes = [Write(("status",), "CANCELED"), Write(("pending",), {})]
    if is_parallel(turn.state):
        writes.append(Write(("frames", len(turn.state.frames) - 1, "lanes", "open"), {}))
    turn.emit(RunCanceled(at_us=turn.at_us, reason=command.reason, actor=command.actor, writes=tuple(writes)))


def _give_up(turn: Turn) -> None:
    """End what is under way, here and in parallel items."""
    for effect_id, pending in turn.state.tree["pending"].items():
        if pending["kind"] in ("wait", "child"):
            turn.emit(WaitResolved(at_us=turn.at_us, effect_id=effect_id, status="CANCELED", by="cancel"))
        if pending.get("waitType") != "retry":  # the attempt before a retry has ended
            turn.emit(StepCanceled(at_us=turn.at_us, instance=pending["instance"], attempt=turn.attempt))
    cancel_lanes(turn, _give_up)
