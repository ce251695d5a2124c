"""The same place in another version: steps are recognised by their ids, inside the same kinds of blocks."""

from __future__ import annotations

import re

from wfnb.errors import CommandError
from wfnb.machine.pipeline.frames import Frame, place
from wfnb.model.paths import ROOT, definition_path, step_path
from wfnb.model.values import JsonValue
from wfnb.security.escape import visible
from wfnb.validate.findings import nearest
from wfnb.validate.program import LinkedStep, Program

__all__ = ["carried", "translate"]

_SEGMENT = re.compile(r"\.steps\[(\d+)\](?:\.([a-z]+)(\{\d+\})?)?")


def translate(instance: str, source: Program, target: Program) -> str:
    """The instance path in `target` of what has this one in `source`.

    Raises
    ------
    CommandError
        ``FORK_STEP_GONE`` when the other version has no such step there; ``FORK_STEP_DIFFERS`` when it is of another kind, so
        that nobody can stand inside it.
    """
    if source is target or source.hash == target.hash:
        return instance
    here = there = found = ROOT
    for index, block, item in _SEGMENT.findall(instance):
        step = source.blocks[here][int(index)]
        at = _index_of(step, there, target)
        other = target.blocks[there][at]
        found = step_path(found, at)
        if block:
            _check_kind(step, other, block)
            here, there = step.blocks[block], other.blocks[block]
            found = f"{found}.{block}{item}"
    return found


def carried(tree: dict[str, JsonValue], source: Program, target: Program) -> dict[str, JsonValue]:
    """A state tree, with those of its items, whose places are those of `target`."""
    return {**tree, "frames": [_frame(frame, source, target) for frame in tree["frames"]]}


def _frame(frame: Frame, source: Program, target: Program) -> Frame:
    if "lanes" in frame:
        owner = translate(frame["instance"], source, target)
        lanes = {**frame["lanes"], "owner": owner}
        lanes["open"] = {index: carried(lane, source, target) for index, lane in lanes["open"].items()}
        return {**frame, "block": f"{definition_path(owner)}.body", "instance": owner, "lanes": lanes}
    here = place(frame)
    step = translate(step_path(here, frame["at"]), source, target)
    there, _, at = step.rpartition(".steps[")
    moved = {**frame, "block": definition_path(there), "at": int(at[:-1])}
    if "loop" in frame:
        owner = there.rpartition(".body")[0]
        return {**moved, "loop": {**frame["loop"], "owner": owner}}
    return {**moved, "instance": there}


def _index_of(step: LinkedStep, block: str, target: Program) -> int:
    steps = target.blocks[block]
    for number, other in enumerate(steps):
        if other.id == step.id:
            return number
    ids = [other.id for other in steps]
    elsewhere = [other.path for inner in target.blocks.values() for other in inner if other.id == step.id]
    if elsewhere:
        hint = f"There it stands at {elsewhere[0]}; fork before the block that it was in."
    else:
        hint = nearest(step.id, ids) or f"In its block there are {', '.join(ids) or 'no steps'}."
    raise CommandError(
        f"The run stands at the step “{visible(step.id, 80)}”, and the other version has none of that id in {block}.",
        code="FORK_STEP_GONE",
        where=step.path,
        hint=hint,
    )


def _check_kind(step: LinkedStep, other: LinkedStep, block: str) -> None:
    if step.kind == other.kind and block in other.blocks:
        return
    raise CommandError(
        f"The run stands inside “{visible(step.id, 80)}”, which is a {step.kind} there and a {other.kind} in the other "
        "version.",
        code="FORK_STEP_DIFFERS",
        where=step.path,
        hint=f"Fork before the step: at=“{visible(step.id, 80)}”.",
    )
