"""Doubts: a call that was under way when its process died, and whose action wants a person to say what became of it.

The pending call becomes a wait; the answer says to perform it again, or gives the output or the error that it had.
"""

from __future__ import annotations

from wfnb.machine.messages import Completed, Doubted, Failed, Signaled, WaitOpened
from wfnb.machine.pipeline.turn import Turn
from wfnb.model.values import JsonValue, Write

__all__ = ["SETTLED", "doubt", "settled"]

SETTLED = "INVOCATION_SETTLED"
"""Name of the event with which a person says what became of a call."""


def doubt(turn: Turn, command: Doubted) -> None:
    """Let the run wait until somebody says what became of a call."""
    pending = turn.state.tree["pending"].get(command.effect_id)
    if pending is None or pending["kind"] != "action":
        return
    wait = {
        "kind": "wait", "waitType": "doubt", "instance": pending["instance"], "effect": command.effect_id,
        "attempt": command.attempt,
    }  # fmt: skip
    effect_id = f"{command.effect_id}!{command.attempt}"
    turn.emit(
        WaitOpened(
            at_us=turn.at_us,
            effect_id=effect_id,
            instance=pending["instance"],
            wait_type="doubt",
            event_name=SETTLED,
            key=f"{turn.state.run_id}/{effect_id}",
            writes=(
                Write(("status",), "WAITING"),
                Write(("pending", command.effect_id)),
                Write(("pending", effect_id), wait),
            ),
        )
    )


def settled(
    command: Signaled, pending: dict[str, JsonValue]
) -> tuple[tuple[Write, ...], Completed | Failed | None]:
    """Writes that make a call pending again, and what is known of its end: nothing when it is to be performed again."""
    effect_id, said = pending["effect"], command.payload
    call: dict[str, JsonValue] = {"kind": "action", "instance": pending["instance"]}
    if said["decision"] == "repeat":
        return (Write(("pending", effect_id), {**call, "settled": pending["attempt"]}),), None
    again = (Write(("pending", effect_id), call),)
    at_us, spread = command.at_us, command.spread
    if said["decision"] == "error":
        return again, Failed(at_us=at_us, effect_id=effect_id, error=said["error"], spread=spread)
    return again, Completed(at_us=at_us, effect_id=effect_id, output=said["output"], spread=spread)
