"""What the front end may ask: typed commands, read from messages that may hold anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeGuard

from wfnb.limits import LIMITS
from wfnb.model.values import Path

__all__ = ["Asset", "Children", "Command", "Go", "Move", "read_command"]

_MOST_POSITIONS: Final = 100_000_000
_LONGEST_KEY: Final = 10_000


@dataclass(frozen=True, slots=True)
class Asset:
    """The front end with this key is wanted."""

    key: str


@dataclass(frozen=True, slots=True)
class Move:
    """A move by name, or just a look at where the run stands (``ready``)."""

    to: Literal["ready", "step", "back", "run_to_end", "restart"]


@dataclass(frozen=True, slots=True)
class Go:
    """A move to a position."""

    position: int


@dataclass(frozen=True, slots=True)
class Children:
    """A page of the entries at a path of the state is wanted, as it stands at a position."""

    position: int
    path: Path
    offset: int


Command: TypeAlias = Asset | Move | Go | Children


def read_command(content: Any) -> Command | None:
    """The command in a message, or None for anything that is none: what is not understood is ignored.

    Examples
    --------
    >>> read_command({"type": "goto", "position": 3})
    Go(position=3)
    >>> read_command({"type": "goto", "position": "3"}) is None
    True
    """
    if not isinstance(content, dict):
        return None
    match content.get("type"):
        case "asset" if isinstance(key := content.get("key"), str) and len(key) <= 64:
            return Asset(key)
        case "ready" | "step" | "back" | "run_to_end" | "restart" as move:
            return Move(move)
        case "goto" if _count(position := content.get("position")):
            return Go(position)
        case "children":
            return _children(content)
        case _:
            return None


def _children(content: dict[str, Any]) -> Children | None:
    position, path, offset = content.get("position"), content.get("path"), content.get("offset")
    if not (
        _count(position) and _count(offset) and isinstance(path, list) and len(path) <= LIMITS.value_depth
    ):
        return None
    if not all(_count(key) or (isinstance(key, str) and len(key) <= _LONGEST_KEY) for key in path):
        return None
    return Children(position, tuple(path), offset)


def _count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_POSITIONS
