"""Changes that people make to what a run knows: where they go, in the run and in items that are under way at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wfnb.errors import CommandError
from wfnb.model.paths import block_path, parse_target
from wfnb.model.values import DELETE, JsonValue, Path, Write, get_path

__all__ = ["Change", "items_of", "parse_change", "writes_of"]

_INDEX = re.compile("[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Change:
    """A new value for a place (`DELETE`: none), in all of the run or in one item of a parallel loop."""

    path: str
    value: JsonValue
    item: str | None = None


def parse_change(target: str, value: JsonValue) -> Change:
    """A change from the way people write it: ``vars.x``, or ``vars.x@root.steps[1].body{2}`` for one item.

    Raises
    ------
    ValidationError
        ``INVALID_ASSIGN_PATH``.

    Examples
    --------
    >>> parse_change("vars.x@root.steps[1].body{2}", 1).item
    'root.steps[1].body{2}'
    """
    path, _, item = target.partition("@")
    parse_target(path)
    return Change(path, value, item or None)


def writes_of(tree: dict[str, JsonValue], change: Change) -> list[Write]:
    """The writes on a state tree that make a change true.

    What is changed for the run is changed in its open items as well: they work on copies, and what a copy differs in from the
    run is what its item is taken to have written.

    Raises
    ------
    CommandError
        ``EDIT_NO_SUCH_ITEM``; ``EDIT_NO_SUCH_PLACE`` for an index that a list does not have.
    """
    items = list(items_of(tree))
    if change.item is not None:
        inside = [item for item in items if _is_in(change.item, item[0])]
        if not inside:
            names = ", ".join(item[0] for item in items)
            raise CommandError(
                "No such item is under way.",
                code="EDIT_NO_SUCH_ITEM",
                where=change.item,
                hint=f"Under way are {names}." if names else "No items are done in parallel here.",
            )
        place, base, lane = inside[-1]
        inner = [item for item in items if item[0] != place and _is_in(item[0], place)]
        return [_write(base, lane, change), *(_write(path, deeper, change) for _, path, deeper in inner)]
    return [_write((), tree, change), *(_write(base, lane, change) for _, base, lane in items)]


def items_of(tree: dict[str, JsonValue], base: Path = ()) -> Iterator[tuple[str, Path, dict[str, JsonValue]]]:
    """Every open item of parallel loops: its instance path, where its state stands in the tree, and that state; outer ones first."""
    frames = tree["frames"]
    if not frames or "lanes" not in frames[-1]:
        return
    lanes = frames[-1]["lanes"]
    for index in sorted(lanes["open"], key=int):
        path = (*base, "frames", len(frames) - 1, "lanes", "open", index)
        yield f"{block_path(lanes['owner'], 'body')}{{{index}}}", path, lanes["open"][index]
        yield from items_of(lanes["open"][index], path)


def _is_in(place: str, item: str) -> bool:
    return place == item or place.startswith(f"{item}.")


def _write(base: Path, tree: dict[str, JsonValue], change: Change) -> Write:
    return Write((*base, "envelope", *_place(tree["envelope"], change.path)), change.value)


def _place(envelope: dict[str, JsonValue], target: str) -> Path:
    """The path of a target; a part is an index where the envelope has a list."""
    path: list[str | int] = []
    for part in parse_target(target):
        here = get_path(envelope, tuple(path), DELETE)
        if not isinstance(here, list):
            path.append(part)
            continue
        if not _INDEX.fullmatch(str(part)) or int(part) > len(here):
            raise CommandError(
                f"The list has {len(here)} items; “{part}” is no place in it.",
                code="EDIT_NO_SUCH_PLACE",
                where=target,
                hint="Items are counted from 0; the number behind the last one adds one.",
            )
        path.append(int(part))
    return tuple(path)
