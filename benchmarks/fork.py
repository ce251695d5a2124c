"""Forks: fork a recorded run with a changed value and do its first step, durably; at the beginning, the middle and the end.

The run has STEPS steps, half of which call an action. What is measured is what a debugger does when somebody forks at the cursor:
a new run that is held, its row and first state, the audit of it, and one step that is performed and committed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from benchmarks import _fresh
from benchmarks.state_at import line
from pydantic import BaseModel

import wfnb

STEPS = 200
SAMPLES = 100
GOAL_MS = 5


class Number(BaseModel):
    """Input and output of the call."""

    n: int


def definition() -> dict[str, Any]:
    """Assignments and calls in turn."""

    def step(number: int) -> dict[str, Any]:
        name = f"s{number}"
        value = {"$expr": f"payload.n + vars.x + {number}"}
        if number % 2:
            return {"id": name, "type": "transform.assign", "config": {"assign": {f"vars.v{number}": value}}}
        call = {"actionId": "echo", "version": 1, "inputMapping": {"n": value}, "saveAs": f"vars.v{number}"}
        return {"id": name, "type": "action.call", "config": call}

    first = {"id": "first", "type": "transform.assign", "config": {"assign": {"vars.x": 1}}}
    return {"id": "steps", "name": "Steps", "steps": [first, *map(step, range(STEPS))]}


def run() -> list[dict[str, object]]:
    """The table."""
    with _fresh.folder() as path, wfnb.open(path, starts_per_minute=None) as ws:

        @ws.action("echo", side_effect=True, idempotency="engine")
        def echo(number: Number) -> Number:
            return number

        assert ws.publish(definition()).ok
        origin = ws.start("steps", {"n": 1}).wait()
        places = {"the beginning": 1, "the middle": STEPS // 2 + 1, "the end": STEPS}
        return [
            line(
                f"fork at {name}, edit, go on",
                GOAL_MS,
                SAMPLES,
                partial(go_on, origin.debug().goto(position)),
            )
            for name, position in places.items()
        ]


def go_on(debugger: wfnb.Debugger) -> None:
    """Fork at the cursor with a changed value, and do the first step."""
    fork = debugger.fork(edits={"vars.x": 2})
    fork.step()
    assert fork.position == 1


if __name__ == "__main__":
    for row in run():
        print(row)
