"""What may still come: the steps that a run can reach from where it stands. Pure, and rather too many than too few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wfnb.machine.pipeline.frames import Frame
from wfnb.machine.state import State
from wfnb.validate.program import LinkedStep, Program

__all__ = ["steps_ahead"]

_TOP: Frame = {"block": "root", "at": 0}


def steps_ahead(program: Program, state: State) -> list[LinkedStep]:
    """The steps that a run may come to, each once: behind where it stands, in further items, and in catch blocks around it."""
    if state.terminal:
        return []
    frames = state.frames or [_TOP]
    found: dict[str, LinkedStep] = {}
    for depth in range(len(frames) - 1, -1, -1):
        frame = frames[depth]
        steps = program.blocks[frame["block"]]
        if "lanes" not in frame:
            first = frame["at"] + (depth < len(frames) - 1)
            found.update(_inside(program, steps[first:]))
        if "lanes" in frame or _has_more_items(frame):
            found.update(_inside(program, steps))
        found.update(_inside(program, _catch(program, frame["block"])))
    return list(found.values())


def _has_more_items(frame: Frame) -> bool:
    loop = frame.get("loop")
    return loop is not None and loop["index"] + 1 < len(loop["items"])


def _catch(program: Program, block: str) -> Iterable[LinkedStep]:
    owner, _, name = block.rpartition(".")
    return program.blocks.get(f"{owner}.catch", ()) if name == "try" else ()


def _inside(program: Program, steps: Iterable[LinkedStep]) -> Iterator[tuple[str, LinkedStep]]:
    """Steps with those in their blocks, by definition path."""
    for step in steps:
        yield step.path, step
        for block in step.blocks.values():
            yield from _inside(program, program.blocks[block])
