"""How far a move goes: over a step with all that is inside it, out of a block, on or back to a breakpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from wfnb.debug.breakpoints import Breakpoint
from wfnb.debug.places import block_of, inside, items_around, owner_of
from wfnb.debug.reel import Reel

__all__ = ["Said", "Stop", "back_to_breakpoint", "on_to_breakpoint", "on_to_step", "out", "over"]

Said: TypeAlias = tuple[int, int, str, Literal["log", "fault"]]
"""Position, breakpoint, text and kind of a line."""

_CHUNK: Final = (
    128  # positions that are looked through from front to back, also on the way back: states are folded
)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a debugger stands where it stands; `breakpoint` is the id of the one it met."""

    why: Literal["moved", "breakpoint", "end", "beginning"]
    breakpoint: int | None = None


def over(reel: Reel, position: int) -> tuple[Stop, int]:
    """Behind the next step and everything inside it; in a parallel item, to the next step of that item."""
    here = reel.ahead(position)
    if here is None:
        return Stop("end"), reel.length
    item = reel.parallel_item(items_around(here.instance))
    done = position + 1
    for number in range(position + 1, reel.length + 1):
        done = number if item is None or _ended_in(reel, number, item) else done
        following = reel.ahead(number)
        if following is None:
            break
        if item is not None and not inside(following.instance, owner_of(item)):
            return Stop("moved"), done
        if (item is None or inside(following.instance, item)) and not inside(
            following.instance, here.instance
        ):
            return Stop("moved"), number
    return Stop("end"), min(done, reel.length)


def out(reel: Reel, position: int) -> tuple[Stop, int] | None:
    """Behind the block around the next step; None when no block is around it."""
    here = reel.ahead(position) or reel.behind(position)
    if here is None or not owner_of(block_of(here.instance)):
        return None
    block = block_of(here.instance)
    owner, parallel = owner_of(block), reel.parallel_item((block,)) is not None
    done = position + 1
    for number in range(position + 1, reel.length + 1):
        done = number if _ended_in(reel, number, block) else done
        following = reel.ahead(number)
        if following is None:
            break
        if not inside(following.instance, owner if parallel else block):
            return Stop("moved"), done if parallel else number
    return Stop("end"), min(done, reel.length)


def _ended_in(reel: Reel, position: int, block: str) -> bool:
    step = reel.behind(position)
    return step is not None and inside(step.instance, block)


def on_to_step(reel: Reel, position: int, wanted: str) -> int | None:
    """Behind the next execution of a step, by id, definition path or instance path."""
    for number in range(position + 1, reel.length + 1):
        step = reel.behind(number)
        if step is not None and wanted in (step.id, step.path, step.instance):
            return number
    return None


def on_to_breakpoint(
    reel: Reel, breakpoints: Sequence[Breakpoint], position: int
) -> tuple[Stop, int, list[Said]]:
    """The next position at which a breakpoint stops, or the last one; and what log points and faults say on the way."""
    said: list[Said] = []
    stops = [stop for stop in breakpoints if stop.enabled]
    if stops:
        for number in range(position + 1, reel.length + 1):
            met = _met(reel, stops, number, said)
            if met is not None:
                return Stop("breakpoint", met.id), number, said
    return Stop("end"), reel.length, said


def back_to_breakpoint(
    reel: Reel, breakpoints: Sequence[Breakpoint], position: int, within: bool
) -> tuple[Stop, int]:
    """The position before at which a breakpoint stops, or the first one; `within` when it stands inside a step."""
    stops = [stop for stop in breakpoints if stop.enabled and stop.log is None]
    if stops:
        for low, high in _chunks_back(position if within else position - 1):
            found = [
                (number, met) for number in range(low, high + 1) if (met := _met(reel, stops, number, []))
            ]
            if found:
                number, met = found[-1]
                return Stop("breakpoint", met.id), number
    return Stop("beginning"), 0


def _chunks_back(last: int) -> Iterator[tuple[int, int]]:
    while last >= 0:
        low = last - last % _CHUNK
        yield low, last
        last = low - 1


def _met(reel: Reel, stops: Sequence[Breakpoint], position: int, said: list[Said]) -> Breakpoint | None:
    """The first breakpoint that stops at a position; every log point there says its line."""
    met: Breakpoint | None = None
    for stop in stops:
        if reel.rules_out(position, stop):
            continue
        moment = reel.moment(position, stop)
        found = stop.found(moment)
        if found is None:
            continue
        if found.fault is not None:
            said.append((position, stop.id, found.fault, "fault"))
        elif (stop.hits.op, stop.hits.count) == (">=", 1) or stop.hits.due(reel.times(stop, position)):
            if stop.log is not None:
                said.append((position, stop.id, stop.line(moment), "log"))
            elif met is None:
                met = stop
    return met
