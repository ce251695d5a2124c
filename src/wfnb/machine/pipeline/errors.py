"""Where an error goes: retry, then the step's own policy, then outwards to the first enclosing handler, else the run fails.

The nearest handler wins, whether it is a try or a loop that goes on ("continue" means the next item). Rule of the pipeline
specification, 4.6.6.
"""

from __future__ import annotations

from wfnb.machine.faults import envelope_error
from wfnb.machine.messages import ControlMoved, Error, RunFailed, StepFailed, StepSucceeded, WaitOpened
from wfnb.machine.pipeline import frames
from wfnb.machine.pipeline.turn import Turn
from wfnb.model.values import Write

__all__ = ["propagate", "retry", "route"]


def route(turn: Turn, error: Error) -> None:
    """Decide what follows a failed attempt at the current step."""
    instance = turn.instance
    known: Error = {**error, "nodePath": instance}
    if retry(turn, known):
        return
    mark = Write(("envelope", "error"), envelope_error(error, instance, turn.at_us))
    if turn.step.continue_on_error:
        turn.emit(
            StepSucceeded(
                at_us=turn.at_us,
                instance=instance,
                attempt=turn.attempt,
                error=known,
                handled_by="onError",
                writes=(mark, *frames.advance(turn.state)),
            )
        )
        return
    depth = _handler(turn)
    handler = frames.place(turn.state.frames[depth]) if depth is not None else None
    turn.emit(
        StepFailed(
            at_us=turn.at_us,
            instance=instance,
            attempt=turn.attempt,
            error=known,
            handled_by=handler,
            writes=(mark,),
        )
    )
    propagate(turn, known)


def propagate(turn: Turn, error: Error) -> None:
    """Let the innermost enclosing handler go on after an error, or fail the run."""
    depth = _handler(turn)
    if depth is None:
        turn.emit(RunFailed(at_us=turn.at_us, error=error, writes=(Write(("status",), "FAILED"),)))
    else:
        _unwind(turn, depth, error)


def retry(turn: Turn, error: Error) -> bool:
    """Schedule another attempt at the current step, when its policy allows one; whether it does."""
    policy = turn.step.retry
    if policy is None or not policy.allows(str(error["category"]), turn.tries):
        return False
    due = turn.at_us + round(policy.delay_ms(turn.tries, spread=turn.spread) * 1000)
    effect_id = f"{turn.instance}#retry{turn.attempt}"
    turn.emit(
        StepFailed(
            at_us=turn.at_us,
            instance=turn.instance,
            attempt=turn.attempt,
            error=error,
            handled_by="retry",
            retry_at_us=due,
        )
    )
    turn.emit(
        WaitOpened(
            at_us=turn.at_us,
            effect_id=effect_id,
            instance=turn.instance,
            wait_type="retry",
            due_at_us=due,
            writes=(
                Write(("status",), "WAITING"),
                Write(("frames", len(turn.state.frames) - 1, "failed"), turn.tries),
                Write(
                    ("pending", effect_id),
                    {"kind": "wait", "waitType": "retry", "instance": turn.instance, "dueAt": due},
                ),
            ),
        )
    )
    return True


def _handler(turn: Turn) -> int | None:
    """Depth of the innermost frame that handles errors: a try block, or the body of a loop that goes on."""
    for depth in range(len(turn.state.frames) - 1, 0, -1):
        block = str(turn.state.frames[depth]["block"])
        owner = turn.program.step(block.rpartition(".")[0])
        name = block.rpartition(".")[2]
        if name == "try" or (name == "body" and owner is not None and owner.continue_on_item_error):
            return depth
    return None


def _unwind(turn: Turn, depth: int, error: Error) -> None:
    """Leave all blocks inside the handler, then let the handler go on."""
    while len(turn.state.frames) - 1 > depth:
        _leave(turn, len(turn.state.frames) - 1)
    if turn.state.frames[depth].get("loop") is not None:
        _next_item(turn, depth, error)
    else:
        _catch(turn, depth, error)


def _leave(turn: Turn, depth: int) -> None:
    instance = frames.place(turn.state.frames[depth])
    writes = tuple(frames.leave(turn.state, depth))
    turn.emit(ControlMoved(at_us=turn.at_us, move="unwind", instance=instance, writes=writes))


def _next_item(turn: Turn, depth: int, error: Error) -> None:
    loop = turn.state.frames[depth]["loop"]
    note = {"index": loop["index"], "error": error}
    place = ("frames", depth, "loop", "errors", len(loop["errors"]))
    steps = turn.program.blocks[turn.state.frames[depth]["block"]]
    writes = (
        Write(place, note),
        Write(("frames", depth, "at"), len(steps)),
        Write(("frames", depth, "failed"), 0),
    )
    instance = frames.place(turn.state.frames[depth])
    turn.emit(ControlMoved(at_us=turn.at_us, move="unwind", instance=instance, writes=writes))


def _catch(turn: Turn, depth: int, error: Error) -> None:
    """Leave the try block and enter the catch block; after an empty one execution goes on behind the tryCatch."""
    _leave(turn, depth)
    step = turn.step
    capture = [Write(("envelope", *step.capture_as), error)] if step.capture_as else []
    instance = turn.instance
    moved = frames.enter(turn.state, step, instance, "catch")
    turn.emit(
        ControlMoved(at_us=turn.at_us, move="enter", instance=f"{instance}.catch", writes=(*capture, *moved))
    )
