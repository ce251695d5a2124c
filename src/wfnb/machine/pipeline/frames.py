"""The frame stack: where execution stands, and how it moves. All functions give writes; none makes them.

A frame is ``{"block": definition path, "instance": instance path, "at": index of the next step, "failed": failed attempts
at it}``. A loop's frame has a ``loop`` instead of the instance path: its items, the index, what its item variable held before.
"""

from __future__ import annotations

from typing import TypeAlias

from wfnb.machine.state import State
from wfnb.model.paths import block_path, step_path
from wfnb.model.values import DELETE, JsonValue, Write
from wfnb.validate.program import LinkedStep, Program

__all__ = [
    "Frame",
    "advance",
    "current_step",
    "enter",
    "enter_loop",
    "instance_of",
    "leave",
    "loop_variables",
    "next_item",
    "place",
    "top_level",
]

Frame: TypeAlias = dict[str, JsonValue]


def top_level() -> list[Write]:
    """Writes that put execution before the first step."""
    return [Write(("frames",), [{"block": "root", "instance": "root", "at": 0, "failed": 0}])]


def current_step(program: Program, state: State) -> LinkedStep | None:
    """The step under way or next, or None at the end of the innermost block."""
    if not state.frames:
        return None
    frame = state.frames[-1]
    steps = program.blocks[frame["block"]]
    return steps[frame["at"]] if frame["at"] < len(steps) else None


def instance_of(state: State) -> str:
    """Instance path of the step under way or next."""
    frame = state.frames[-1]
    return step_path(place(frame), frame["at"])


def place(frame: Frame) -> str:
    """Instance path of a block; the iteration of a loop is in it."""
    loop = frame.get("loop")
    return frame["instance"] if loop is None else f"{block_path(loop['owner'], 'body')}{{{loop['index']}}}"


def advance(state: State) -> list[Write]:
    """Writes that go on to the next step of the innermost block."""
    depth = len(state.frames) - 1
    frame = state.frames[depth]
    writes = [Write(("frames", depth, "at"), frame["at"] + 1)]
    if frame["failed"]:
        writes.append(Write(("frames", depth, "failed"), 0))
    return writes


def enter(state: State, step: LinkedStep, instance: str, block: str) -> list[Write]:
    """Writes that enter a block of a control step."""
    frame = {"block": step.blocks[block], "instance": block_path(instance, block), "at": 0, "failed": 0}
    return [Write(("frames", len(state.frames)), frame)]


def enter_loop(state: State, step: LinkedStep, instance: str, items: list[JsonValue]) -> list[Write]:
    """Writes that enter a loop at its first item."""
    variables = state.envelope["vars"]
    loop = {"id": step.id, "items": items, "index": 0, "var": step.item_var, "owner": instance, "errors": []}
    if step.item_var in variables:
        loop["previous"] = variables[step.item_var]
    block = step.blocks["body"]
    frame = {"block": block, "at": 0, "failed": 0, "loop": loop}
    return [Write(("frames", len(state.frames)), frame), Write(("envelope", "vars", step.item_var), items[0])]


def next_item(state: State, depth: int) -> list[Write] | None:
    """Writes that take the loop at `depth` to its next item, or None after the last one."""
    frame = state.frames[depth]
    loop = frame["loop"]
    index = loop["index"] + 1
    if index >= len(loop["items"]):
        return None
    here = ("frames", depth)
    writes = [
        Write((*here, "at"), 0),
        Write((*here, "loop", "index"), index),
        Write(("envelope", "vars", loop["var"]), loop["items"][index]),
    ]
    if frame["failed"]:
        writes.append(Write((*here, "failed"), 0))
    return writes


def leave(state: State, depth: int) -> list[Write]:
    """Writes that leave the block at `depth` (the innermost one at the time); a loop's variable gets back what it held."""
    loop = state.frames[depth].get("loop")
    writes = [Write(("frames", depth))]
    if loop is None:
        return writes
    writes.append(Write(("envelope", "vars", loop["var"]), loop.get("previous", DELETE)))
    if loop["errors"]:
        writes.append(Write(("envelope", "vars", "itemErrors", loop["id"]), loop["errors"]))
    return writes


def loop_variables(state: State) -> dict[str, JsonValue]:
    """``$item`` and ``$index`` of the innermost loop around the current step, if any."""
    for frame in reversed(state.frames):
        if "item" in frame:
            variables: dict[str, JsonValue] = frame["item"]
            return variables
        loop = frame.get("loop")
        if loop is not None:
            return {"item": loop["items"][loop["index"]], "index": loop["index"]}
    return {}
