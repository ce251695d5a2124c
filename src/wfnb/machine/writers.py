"""Writers: which recorded write made a value what it is, found by an index of the places that a run wrote.

A *base* is where the envelope in question hangs in the state tree: ``()`` for the run, the path of a lane for a parallel item.
A *point* is a write: the macrostep's number and the position among its writes; what it names lies behind every earlier point.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias

from wfnb.machine.state import State, fold
from wfnb.model.values import DELETE, JsonValue, Path, Write, get_path
from wfnb.validate.program import Program

__all__ = ["LANE", "Attempt", "Chronicle", "Found", "Point", "Writes", "Written", "base_of", "split"]

Point: TypeAlias = tuple[int, int]
"""A macrostep and the position of a write in it."""

Found: TypeAlias = tuple[Point, Path, JsonValue]
"""A write: its point, its path from the base, and its value."""

LANE = 5
"""Segments of the place of a lane: frames, depth, lanes, open, index."""


class Attempt(Protocol):
    """The attempt at a step that a macrostep ended."""

    @property
    def seq(self) -> int:
        """The macrostep that began it."""

    @property
    def instance(self) -> str:
        """Instance path."""

    @property
    def step_id(self) -> str:
        """Id of the step."""

    @property
    def attempt(self) -> int:
        """Its number."""


class Written(Protocol):
    """A recorded macrostep."""

    @property
    def seq(self) -> int:
        """Its number."""

    @property
    def command(self) -> str:
        """Name of its command."""

    @property
    def writes(self) -> Sequence[Write]:
        """What it wrote."""


class Chronicle(Protocol):
    """A recorded run as lineage reads it."""

    @property
    def run_id(self) -> str:
        """The run."""

    @property
    def last(self) -> int:
        """The last macrostep."""

    @property
    def program(self) -> Program:
        """What it ran."""

    def all_macrosteps(self) -> Iterable[Written]:
        """Every macrostep in order; read once."""

    def macrostep(self, seq: int) -> Written:
        """One macrostep."""

    def state(self, seq: int) -> State:
        """The state after a macrostep."""

    def ended(self, seq: int) -> Attempt | None:
        """The attempt that a macrostep ended."""

    def begun(self, effect_id: str) -> Attempt | None:
        """The attempt that asked for an effect."""

    def child(self, effect_id: str) -> Chronicle | None:
        """The run that a step called."""

    def caller(self) -> tuple[Chronicle, str] | None:
        """The run that called this one, and the effect that did."""

    def origin(self) -> tuple[Chronicle, int] | None:
        """The run that this one was forked from, and the macrostep after which it was."""


class Writes:
    """An index of the places that a run wrote, and the writes themselves on demand.

    Parameters
    ----------
    chronicle
        The run.
    """

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle
        self._index: dict[Path, array[int]] = {}
        for row in chronicle.all_macrosteps():
            for key in dict.fromkeys(_key(write.path) for write in row.writes):
                self._index.setdefault(key, array("q")).append(row.seq)

    def before(self, base: Path, path: Path, point: Point) -> Found | None:
        """The last write before a point that made the value at a path, a part of it or what is around it.

        A lane begins with a write of its own, whose path is empty: what came before it was written outside.
        """
        keys = [(*path[:1],), path[:2], *([("lane", *base)] if base else [])]
        if len(path) == 1:
            keys += [key for key in self._index if key[:1] == path]
        for seq in self._seqs(keys, point[0]):
            end = point[1] if seq == point[0] else None
            writes = self._chronicle.macrostep(seq).writes
            for number in reversed(range(len(writes[:end]))):
                found = _touch(writes[number], base, path)
                if found is not None:
                    return (seq, number), found, writes[number].value
        return None

    def entered(self, base: Path, depth: int, point: Point) -> Point | None:
        """The point at which the block at a depth was entered last."""
        place = (*base, "frames", depth)
        for seq in self._seqs([("enter", *place)], point[0]):
            end = point[1] if seq == point[0] else None
            writes = self._chronicle.macrostep(seq).writes
            for number in reversed(range(len(writes[:end]))):
                if writes[number].path == place and writes[number].value is not DELETE:
                    return seq, number
        return None

    def tree(self, base: Path, point: Point) -> dict[str, JsonValue]:
        """The state before a point, as it stands at a base."""
        seq, number = point
        writes = self._chronicle.macrostep(seq).writes[:number] if number else ()
        tree: dict[str, JsonValue] = get_path(fold(self._chronicle.state(seq - 1), writes).tree, base, {})
        return tree

    def _seqs(self, keys: Iterable[Path], upto: int) -> Iterator[int]:
        """Macrosteps up to one that wrote a place, the last first."""
        known = [self._index[key] for key in dict.fromkeys(keys) if key in self._index]
        places = [bisect_right(seqs, upto) for seqs in known]
        while any(places):
            latest = max(seqs[place - 1] for seqs, place in zip(known, places, strict=True) if place)
            places = [
                place - 1 if place and seqs[place - 1] == latest else place
                for seqs, place in zip(known, places, strict=True)
            ]
            yield latest


def split(path: Path) -> tuple[Path, Path]:
    """The base of a write's path, and the rest.

    Examples
    --------
    >>> split(("frames", 1, "lanes", "open", "0", "envelope", "vars", "a"))
    (('frames', 1, 'lanes', 'open', '0'), ('envelope', 'vars', 'a'))
    """
    depth = 0
    while path[depth : depth + 1] == ("frames",) and path[depth + 2 : depth + 4] == ("lanes", "open"):
        if len(path) < depth + LANE:
            break
        depth += LANE
    return path[:depth], path[depth:]


def base_of(tree: JsonValue, instance: str) -> Path:
    """Where the parallel item that an instance path lies in hangs in a state tree; empty outside of such items."""
    base: Path = ()
    while True:
        frames = get_path(tree, base, {}).get("frames") or []
        lanes = frames[-1].get("lanes") if frames else None
        index = None if lanes is None else _lane(lanes, instance)
        if index is None:
            return base
        base = (*base, "frames", len(frames) - 1, "lanes", "open", index)


def _lane(lanes: dict[str, JsonValue], instance: str) -> str | None:
    start = f"{lanes['owner']}.body{{"
    index = instance[len(start) :].partition("}")[0] if instance.startswith(start) else None
    return index if index in lanes["open"] else None


def _key(path: Path) -> Path:
    """What the index knows a write by: the first two names in an envelope, a lane that begins, or a block that is entered."""
    base, rest = split(path)
    if not rest:
        return ("lane", *base)
    if rest[0] == "envelope":
        return rest[1:3]
    return ("enter", *path) if rest[0] == "frames" and len(rest) == 2 else ()


def _touch(write: Write, base: Path, path: Path) -> Path | None:
    """The path of a write inside the envelope at a base, when it and `path` lie on one line."""
    if base and write.path == base and write.value is not DELETE:
        return ()
    head = (*base, "envelope")
    if write.path[: len(head)] != head:
        return None
    inner = write.path[len(head) :]
    return inner if inner[: len(path)] == path[: len(inner)] else None
