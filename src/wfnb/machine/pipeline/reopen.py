"""Reopening: a failed run goes on from the state it had before one of its steps, because a person says so."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.machine.messages import Retry, RunReopened
from wfnb.machine.pipeline import frames
from wfnb.machine.pipeline.turn import Turn
from wfnb.machine.state import State
from wfnb.model.values import DELETE, JsonValue, Path, Write

__all__ = ["reopen"]


def reopen(turn: Turn, command: Retry) -> None:
    """Put the run back before the step; the step has all the attempts of its policy again.

    A run that has not failed stays as it is: the command came late or twice.
    """
    if turn.state.status != "FAILED":
        return
    before = State(turn.state.run_id, command.tree)
    *outer, innermost = before.frames
    stack = [*outer, {**innermost, "failed": 0}]
    writes = (
        *_restore(turn.state.envelope, before.envelope, ("envelope",)),
        Write(("frames",), stack),
        Write(("pending",), {}),
        Write(("tried",), dict(command.tried)),
        Write(("status",), "RUNNING"),
    )
    instance = frames.instance_of(before)
    turn.emit(
        RunReopened(
            at_us=turn.at_us, instance=instance, reason=command.reason, actor=command.actor, writes=writes
        )
    )


def _restore(now: JsonValue, then: JsonValue, path: Path) -> Iterator[Write]:
    """Writes that give every field the value it had, and leave alone what has not changed."""
    if isinstance(now, dict) and isinstance(then, dict):
        for key in [*now, *(key for key in then if key not in now)]:
            yield from _restore(now.get(key, DELETE), then.get(key, DELETE), (*path, key))
    elif type(now) is not type(then) or now != then:
        yield Write(path, then)
