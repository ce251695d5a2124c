"""Control blocks: what entering an if, a loop, a try or a return does, and how blocks end (pipeline specification, 4.7)."""

from __future__ import annotations

from wfnb.errors import ExpressionError, ValidationError
from wfnb.machine.messages import ChildScheduled, ControlMoved, RunSucceeded, StepSucceeded, WaitOpened
from wfnb.machine.pipeline import frames
from wfnb.machine.pipeline.errors import propagate
from wfnb.machine.pipeline.lanes import enter_lanes, move_lanes, outcome
from wfnb.machine.pipeline.turn import Turn
from wfnb.model.values import JsonValue, Write
from wfnb.validate.program import LinkedStep

__all__ = ["begin_control", "settle", "succeed"]


def begin_control(turn: Turn, step: LinkedStep) -> None:
    """Begin a control step. Entering a block is a step of its own; what stands inside are further steps.

    Raises
    ------
    ExpressionError, ValidationError
        When the condition, the items or the input cannot be used.
    """
    match step.kind:
        case "if":
            _enter(turn, step, "then" if _condition(turn, step) else "else")
        case "tryCatch":
            _enter(turn, step, "try")
        case "forEach":
            _begin_loop(turn, step)
        case "return":
            succeed(turn, advance=False)
            _end(turn, returned=turn.in_lane)
        case "callWorkflow":
            _begin_child(turn, step)
        case _:
            raise AssertionError(f"{step.kind} is not a control step")


def succeed(turn: Turn, writes: tuple[Write, ...] = (), *, advance: bool = True) -> None:
    """End the current step well and go on to the next one of the same block."""
    moved = frames.advance(turn.state) if advance else ()
    turn.emit(
        StepSucceeded(
            at_us=turn.at_us, instance=turn.instance, attempt=turn.attempt, writes=(*writes, *moved)
        )
    )


def settle(turn: Turn) -> None:
    """Leave every block that has come to its end; after the last one the run has succeeded."""
    while turn.state.frames and not turn.state.terminal:
        depth = len(turn.state.frames) - 1
        frame = turn.state.frames[depth]
        if "lanes" in frame:
            if not move_lanes(turn):
                return
            _leave_lanes(turn)
            continue
        if frame["at"] < len(turn.program.blocks[frame["block"]]):
            return
        following = frames.next_item(turn.state, depth) if "loop" in frame else None
        if following is not None:
            turn.emit(
                ControlMoved(
                    at_us=turn.at_us, move="next-item", instance=frames.place(frame), writes=tuple(following)
                )
            )
        elif depth == 0:
            _end(turn)
        else:
            writes = [*frames.leave(turn.state, depth)]
            moved = ControlMoved(
                at_us=turn.at_us, move="leave", instance=frames.place(frame), writes=tuple(writes)
            )
            turn.emit(moved)
            turn.emit(
                ControlMoved(
                    at_us=turn.at_us,
                    move="leave",
                    instance=frames.place(frame),
                    writes=tuple(frames.advance(turn.state)),
                )
            )


def _leave_lanes(turn: Turn) -> None:
    """All items of a parallel loop are over: make what they wrote true, in their order, and go on as they say."""
    writes, error, returned = outcome(turn)
    depth = len(turn.state.frames) - 1
    place = str(turn.state.frames[depth]["instance"])
    left = ControlMoved(
        at_us=turn.at_us, move="leave", instance=place, writes=(*writes, *frames.leave(turn.state, depth))
    )
    turn.emit(left)
    if error is not None:
        propagate(turn, error)
    elif returned:
        _end(turn, returned=turn.in_lane)
    else:
        onwards = tuple(frames.advance(turn.state))
        turn.emit(ControlMoved(at_us=turn.at_us, move="leave", instance=place, writes=onwards))


def _end(turn: Turn, *, returned: bool = False) -> None:
    """End the run, or the item of a parallel loop; `returned` when a return in the item ends the run as well."""
    writes = [Write(("status",), "SUCCEEDED"), Write(("frames",), [])]
    if returned:
        writes.append(Write(("returned",), True))
    turn.emit(RunSucceeded(at_us=turn.at_us, writes=tuple(writes)))


def _condition(turn: Turn, step: LinkedStep) -> bool:
    condition = step.condition
    if condition is None:
        raise AssertionError("an if is linked with its condition")
    value = turn.value(condition)
    if isinstance(value, bool):
        return value
    raise ExpressionError(
        f"The condition gave {_kind(value)}; it must be true or false",
        code="CONDITION_NOT_BOOLEAN",
        field="condition",
        hint="Compare explicitly, for example with “= true” or “!= null”.",
    )


def _enter(turn: Turn, step: LinkedStep, block: str) -> None:
    """Enter a block; the frame below keeps pointing at the control step until the block is left."""
    instance = turn.instance
    turn.emit(
        StepSucceeded(
            at_us=turn.at_us,
            instance=instance,
            attempt=turn.attempt,
            branch=block,
            writes=tuple(frames.enter(turn.state, step, instance, block)),
        )
    )


def _begin_loop(turn: Turn, step: LinkedStep) -> None:
    if step.condition is None:
        raise AssertionError("a loop is linked with its items")
    items = turn.value(step.condition)
    if not isinstance(items, list):
        raise ValidationError(
            f"The items of the loop are {_kind(items)}; a list was expected.",
            code="ITEMS_NOT_A_LIST",
            hint="Put the expression in brackets, or guard it with coalesce(…, []).",
        )
    if not items:
        succeed(turn)
        return
    instance = turn.instance
    enter = enter_lanes if step.width > 1 else frames.enter_loop
    writes = enter(turn.state, step, instance, items)
    turn.emit(
        StepSucceeded(
            at_us=turn.at_us, instance=instance, attempt=turn.attempt, branch="body", writes=tuple(writes)
        )
    )


def _begin_child(turn: Turn, step: LinkedStep) -> None:
    if step.child is None or step.inputs is None:
        raise AssertionError("a child workflow is linked with its id, version and inputs")
    payload = turn.value(step.inputs)
    effect_id = f"{turn.instance}#{turn.attempt}"
    pending = {
        "kind": "child",
        "instance": turn.instance,
        "workflowId": step.child[0],
        "workflowVersion": step.child[1],
        "payload": payload,
    }
    if turn.forked:
        pending["forked"] = True  # so that the keys of its calls are its own as well
    turn.emit(
        ChildScheduled(
            at_us=turn.at_us,
            effect_id=effect_id,
            instance=turn.instance,
            workflow_id=step.child[0],
            workflow_version=step.child[1],
            payload=payload,
            writes=(Write(("pending", effect_id), pending),),
        )
    )
    turn.emit(WaitOpened(at_us=turn.at_us, effect_id=effect_id, instance=turn.instance, wait_type="child"))


def _kind(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"
