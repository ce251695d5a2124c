"""A picture as data: shapes with roles instead of colours, in groups that a run can dress.

A role says what a shape is (``card``, ``title``, ``link``); the theme says how that looks. A group may have a key, and a
`Dress` gives keyed groups states (``failed``, ``current``, ``taken``) and texts. Coordinates are pixels, y downwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = [
    "PLAIN",
    "Anchor",
    "Commands",
    "Dress",
    "Glyph",
    "Group",
    "Path",
    "Rect",
    "Scene",
    "Shape",
    "Slot",
    "Text",
    "rounded",
]

Anchor: TypeAlias = Literal["start", "middle", "end"]
Point: TypeAlias = tuple[float, float]
Commands: TypeAlias = tuple[tuple[str, tuple[float, ...]], ...]
"""Path commands ``M``, ``L``, ``C`` and ``Z`` with absolute coordinates, as SVG names them."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle with rounded corners."""

    role: str
    x: float
    y: float
    width: float
    height: float
    radius: float = 0


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text at its baseline. `full` is the whole of a text that was cut."""

    role: str
    x: float
    y: float
    text: str
    anchor: Anchor = "start"
    full: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """A line of straight and curved pieces."""

    role: str
    commands: Commands


@dataclass(frozen=True, slots=True)
class Glyph:
    """The mark of a status on its disc; which mark, the states of the group say."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Slot:
    """A small pill, or just a text, that is there only when a dress gives its key a text."""

    role: str
    key: str
    x: float
    y: float
    width: float = 0
    height: float = 0
    anchor: Anchor = "middle"


@dataclass(frozen=True, slots=True)
class Group:
    """Shapes that change their looks together."""

    role: str
    key: str
    shapes: tuple[Rect | Text | Path | Glyph | Slot, ...]
    label: str = ""


Shape: TypeAlias = Rect | Text | Path | Glyph | Slot | Group


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole picture."""

    width: float
    height: float
    title: str
    description: str
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Dress:
    """What a run adds to a scene: states and labels of groups, texts of slots."""

    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


PLAIN = Dress()
"""No run: the picture of a definition."""


def rounded(points: Sequence[Point], radius: float = 8) -> Commands:
    """A line through the points with its corners rounded.

    Examples
    --------
    >>> rounded([(0, 0), (0, 20)])
    (('M', (0, 0)), ('L', (0, 20)))
    """
    commands: list[tuple[str, tuple[float, ...]]] = [("M", points[0])]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        into = _towards(corner, before, radius)
        out = _towards(corner, after, radius)
        commands += [("L", into), ("C", (*_blend(into, corner), *_blend(out, corner), *out))]
    return (*commands, ("L", points[-1]))


def _towards(corner: Point, other: Point, radius: float) -> Point:
    """The point `radius` away from a corner, at most half way to the other end."""
    length = abs(other[0] - corner[0]) + abs(other[1] - corner[1])  # lines are upright or level
    share = min(radius, length / 2) / length if length else 0
    return (corner[0] + (other[0] - corner[0]) * share, corner[1] + (other[1] - corner[1]) * share)


def _blend(point: Point, corner: Point) -> Point:
    # 0.55 of the way to the corner makes a cubic curve a quarter of a circle.
    return (point[0] + (corner[0] - point[0]) * 0.55, point[1] + (corner[1] - point[1]) * 0.55)
