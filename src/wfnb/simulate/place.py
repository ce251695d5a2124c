"""A place in a program: the state a run would have just before one of its steps, made without running what comes before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from wfnb.machine.state import State
from wfnb.model.paths import block_path, step_path
from wfnb.model.values import JsonValue
from wfnb.validate.program import LinkedStep, Program

__all__ = ["loops_around", "state_before"]

_SEGMENT = re.compile(r"^(?:root|\.(?P<block>then|else|try|catch|body))\.steps\[(?P<at>\d+)\]")


def _way(program: Program, path: str) -> list[tuple[LinkedStep | None, str, int]]:
    """The blocks around a step, outermost first: the step that owns each, its name, and the index of the step in it."""
    way: list[tuple[LinkedStep | None, str, int]] = []
    done = ""
    while found := _SEGMENT.match(path[len(done) :]):
        owner = program.step(done) if done else None
        way.append((owner, found["block"] or "root", int(found["at"])))
        done += found[0]
    return way


def loops_around(program: Program, step: LinkedStep) -> list[LinkedStep]:
    """The loops that a step stands in, outermost first."""
    return [owner for owner, name, _ in _way(program, step.path) if owner is not None and name == "body"]


def state_before(
    program: Program,
    step: LinkedStep,
    envelope: dict[str, JsonValue],
    *,
    run_id: str,
    items: Mapping[str, tuple[int, Sequence[JsonValue]]],
) -> State:
    """The state before a step.

    Parameters
    ----------
    program, step
        Where.
    envelope
        What expressions read.
    run_id
        The id that they would read.
    items
        Index and items of every loop around the step, by the loop's id.
    """
    frames: list[dict[str, JsonValue]] = []
    instance, block = "root", "root"
    for owner, name, at in _way(program, step.path):
        frame: dict[str, JsonValue] = {"block": block, "at": at, "failed": 0}
        if owner is not None:
            frame["block"] = block = owner.blocks[name]
            place = step_path(instance, frames[-1]["at"])
            instance = block_path(place, name)
            if name == "body":
                index, given = items[owner.id]
                frame["loop"] = {
                    "id": owner.id, "items": list(given), "index": index, "var": owner.item_var,
                    "owner": place, "errors": [],
                }  # fmt: skip
                instance = f"{instance}{{{index}}}"
        if "loop" not in frame:
            frame["instance"] = instance
        frames.append(frame)
    tree = {"status": "RUNNING", "envelope": envelope, "frames": frames, "pending": {}}
    return State(run_id, tree)
