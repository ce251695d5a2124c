"""Lanes: the items of a loop that are under way at once.

Each item has a lane: a state of its own, made from the one at the loop, in which its body runs. Items do not see each other;
when all are over their writes are made in the order of the items, so the outcome does not depend on who was faster. An item
that fails (unless the loop goes on) or returns ends the loop: no further item begins, those under way come to their end, and
the first of them in the order of the items decides, as if they had run one after the other.

The loop's frame holds ``lanes``: the items, the lanes that are open (by index, as text), and what those that are over left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from wfnb.machine.messages import ControlMoved, Error, Event, RunFailed, RunSucceeded
from wfnb.machine.pipeline import frames
from wfnb.machine.pipeline.turn import Turn
from wfnb.machine.state import State, can_advance, pending_of
from wfnb.model.paths import block_path
from wfnb.model.values import DELETE, JsonValue, Path, Write
from wfnb.validate.program import LinkedStep

__all__ = [
    "advance_lane",
    "cancel_lanes",
    "enter_lanes",
    "in_item",
    "in_lane",
    "is_parallel",
    "lane_place",
    "move_lanes",
    "outcome",
]

Inner: TypeAlias = Callable[[Turn], None]


def is_parallel(state: State) -> bool:
    """Whether the innermost block of a state is a loop with lanes."""
    return bool(state.frames) and "lanes" in state.frames[-1]


def enter_lanes(state: State, step: LinkedStep, instance: str, items: list[JsonValue]) -> list[Write]:
    """Writes that enter a loop with lanes; none is open yet."""
    lanes = {
        "id": step.id, "owner": instance, "items": items, "var": step.item_var, "width": step.width,
        "goesOn": step.continue_on_item_error, "next": 0, "stopped": False, "open": {}, "done": {},
    }  # fmt: skip
    frame = {"block": step.blocks["body"], "instance": instance, "at": 0, "failed": 0, "lanes": lanes}
    return [Write(("frames", len(state.frames)), frame)]


def move_lanes(turn: Turn) -> bool:
    """Open lanes as far as the loop allows; whether all of them are over."""
    while True:
        lanes = _lanes(turn.state)
        full = len(lanes["open"]) >= lanes["width"] or lanes["stopped"]
        if full or lanes["next"] >= len(lanes["items"]):
            return not lanes["open"]
        _open(turn, lanes)


def _open(turn: Turn, lanes: dict[str, JsonValue]) -> None:
    index = lanes["next"]
    place = f"{block_path(lanes['owner'], 'body')}{{{index}}}"
    envelope = turn.state.envelope
    item = lanes["items"][index]
    block = turn.state.frames[-1]["block"]
    frame = {"block": block, "instance": place, "at": 0, "failed": 0, "item": {"item": item, "index": index}}
    lane = {
        "status": "RUNNING",
        "envelope": {**envelope, "vars": {**envelope["vars"], lanes["var"]: item}},
        "frames": [frame],
        "pending": {},
    }
    here = _here(turn.state)
    writes = [Write((*here, "open", str(index)), lane), Write((*here, "next"), index + 1)]
    if turn.state.status == "WAITING":
        writes.append(Write(("status",), "RUNNING"))
    turn.emit(ControlMoved(at_us=turn.at_us, move="enter", instance=place, writes=tuple(writes)))


def advance_lane(turn: Turn, inner: Inner) -> None:
    """Do the next step of the first lane that has one."""
    for index, lane in _open_lanes(turn.state):
        if can_advance(lane):
            _run(turn, index, lane, inner)
            return


def in_lane(turn: Turn, effect_id: str, inner: Inner) -> bool:
    """Do something in the lane that an effect belongs to; whether there is one."""
    if not is_parallel(turn.state):
        return False
    for index, lane in _open_lanes(turn.state):
        if effect_id in pending_of(lane.tree):
            _run(turn, index, lane, inner)
            return True
    return False


def in_item(turn: Turn, instance: str, inner: Inner) -> None:
    """Do something in the open item that a step belongs to."""
    owner = block_path(_lanes(turn.state)["owner"], "body")
    for index, lane in _open_lanes(turn.state):
        if instance.startswith(f"{owner}{{{index}}}."):
            _run(turn, index, lane, inner)
            return


def cancel_lanes(turn: Turn, inner: Inner) -> None:
    """End what is under way in every lane, because the run is ended."""
    if is_parallel(turn.state):
        for index, lane in list(_open_lanes(turn.state)):
            _run(turn, index, lane, inner)


def _run(turn: Turn, index: int, lane: State, inner: Inner) -> None:
    """Let a turn move a lane, and make its events events of the run."""
    within = turn.within(lane)
    inner(within)
    base = (*_here(turn.state), "open", str(index))
    for event, _ in within.microsteps:
        if isinstance(event, RunSucceeded | RunFailed):
            turn.emit(_over(turn, index, lane, within.state, event))
        else:
            turn.emit(replace(event, writes=tuple(Write((*base, *w.path), w.value) for w in event.writes)))
    _follow(turn)


def _over(turn: Turn, index: int, before: State, after: State, event: Event) -> ControlMoved:
    """A lane has come to its end: what it wrote and how it ended is kept, the lane itself is not."""
    here = _here(turn.state)
    lanes = _lanes(turn.state)
    left: dict[str, JsonValue] = {
        "writes": [w.to_json() for w in _changes(_start(turn, lanes, index), after.envelope, lanes["var"])]
    }
    ends = isinstance(event, RunFailed) and not lanes["goesOn"]
    if isinstance(event, RunFailed):
        left["error"] = event.error
    elif after.tree.get("returned"):
        left["returned"] = ends = True
    writes = [Write((*here, "done", str(index)), left), Write((*here, "open", str(index)))]
    if ends:
        writes.append(Write((*here, "stopped"), True))
    place = str(before.frames[0]["instance"]) if before.frames else ""
    return ControlMoved(
        at_us=turn.at_us,
        move="unwind" if isinstance(event, RunFailed) else "leave",
        instance=place,
        writes=tuple(writes),
    )


def outcome(turn: Turn) -> tuple[list[Write], Error | None, bool]:
    """What a loop whose lanes are all over leaves: writes on the envelope, an error that ends it, whether it returned."""
    lanes = _lanes(turn.state)
    writes: list[Write] = []
    errors: list[JsonValue] = []
    for index in sorted(map(int, lanes["done"])):
        left = lanes["done"][str(index)]
        writes += [Write.from_json(entry) for entry in left["writes"]]
        if left.get("returned"):
            return writes, None, True
        if "error" in left and not lanes["goesOn"]:
            return writes, left["error"], False
        if "error" in left:
            errors.append({"index": index, "error": left["error"]})
    if errors:
        writes.append(Write(("envelope", "vars", "itemErrors", lanes["id"]), errors))
    return writes, None, False


def _follow(turn: Turn) -> None:
    """The run waits when all its lanes do, and no longer when one has work."""
    statuses = {lane.status for _, lane in _open_lanes(turn.state)}
    status = "WAITING" if statuses == {"WAITING"} else "RUNNING"
    if turn.state.status != status and not turn.state.terminal:
        place = str(turn.state.frames[-1]["instance"])
        writes = (Write(("status",), status),)
        turn.emit(ControlMoved(at_us=turn.at_us, move="enter", instance=place, writes=writes))


def _open_lanes(state: State) -> Iterator[tuple[int, State]]:
    """Open lanes in the order of their items."""
    lanes = _lanes(state)["open"]
    return ((index, State(state.run_id, lanes[str(index)])) for index in sorted(map(int, lanes)))


def _lanes(state: State) -> dict[str, JsonValue]:
    lanes: dict[str, JsonValue] = state.frames[-1]["lanes"]
    return lanes


def _here(state: State) -> Path:
    return ("frames", len(state.frames) - 1, "lanes")


def _start(turn: Turn, lanes: dict[str, JsonValue], index: int) -> dict[str, JsonValue]:
    """The envelope that a lane began with."""
    envelope = turn.state.envelope
    return {**envelope, "vars": {**envelope["vars"], lanes["var"]: lanes["items"][index]}}


def _changes(old: JsonValue, new: JsonValue, item_var: str) -> list[Write]:
    """Writes that lead from one envelope to another, but for the item's variable."""
    own = ("envelope", "vars", item_var)
    return [write for write in _writes(old, new, ("envelope",)) if write.path[:3] != own]


def _writes(old: JsonValue, new: JsonValue, path: Path) -> list[Write]:
    if old is new or (type(old) is type(new) and old == new):
        return []
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [Write(path, new)]
    gone = [Write((*path, key), DELETE) for key in old if key not in new]
    kept = ((key, old.get(key, DELETE), value) for key, value in new.items())
    made = [
        write
        for key, before, value in kept
        for write in (
            [Write((*path, key), value)] if before is DELETE else _writes(before, value, (*path, key))
        )
    ]
    return gone + made


def lane_place(state: State) -> str:
    """Instance path of the step under way in the first lane."""
    for _, lane in _open_lanes(state):
        return lane_place(lane) if is_parallel(lane) else frames.instance_of(lane)
    return str(state.frames[-1]["instance"])
