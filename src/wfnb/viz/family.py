"""The scene of a family of runs: one line for each, forks below and to the right of what they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wfnb.errors import LimitExceeded
from wfnb.viz.fit import clean, fit
from wfnb.viz.glyphs import STATES
from wfnb.viz.scene import Dress, Glyph, Group, Path, Rect, Scene, Shape, Text
from wfnb.viz.theme import BASE

__all__ = ["Member", "family_scene"]

_MARGIN = 24
_TOP = 76
_ROW = 30
_INDENT = 28
_MOST = 1_000  # lines that anybody looks through


@dataclass(frozen=True, slots=True)
class Member:
    """A run of the family: what it is called, what is said of it, its status, and how many forks lie above it."""

    name: str
    note: str
    status: str
    depth: int


def family_scene(members: Sequence[Member], *, title: str, width: int = 720) -> tuple[Scene, Dress]:
    """Draw a family; each member follows the one it comes from, or forks of that one.

    Raises
    ------
    LimitExceeded
        There are more than can be looked through (``LIMIT_EXCEEDED``).

    Examples
    --------
    >>> scene, dress = family_scene([Member("run-0001", "", "FAILED", 0)], title="Family")
    >>> dress.states
    {'member:0': ('failed',)}
    """
    if len(members) > _MOST:
        raise LimitExceeded(f"A picture shows at most {_MOST:,} runs; this family has {len(members):,}.")
    height = _TOP + len(members) * _ROW + 20
    forks = len(members) - 1
    summary = f"{forks} fork{'' if forks == 1 else 's'}"
    shapes: list[Shape] = [
        Rect("canvas", 0.5, 0.5, width - 1, height - 1, 10),
        Text("heading", _MARGIN, 34, fit(clean(title), width - 2 * _MARGIN, 16, bold=True), full=title),
        Text("subheading", _MARGIN, 53, summary),
    ]
    states: dict[str, tuple[str, ...]] = {}
    above: dict[int, int] = {}
    for index, member in enumerate(members):
        states[f"member:{index}"] = (STATES.get(member.status, "pending"),)
        if member.depth:
            shapes.append(_line(above[member.depth - 1], index, member.depth))
        above[member.depth] = index
    for index, member in enumerate(members):
        shapes += _row(index, member, width)
    return Scene(width, height, clean(title), summary, tuple(shapes)), Dress(states)


def _place(index: int, depth: int) -> tuple[float, float]:
    return _MARGIN + 8 + min(depth, 12) * _INDENT, _TOP + index * _ROW + _ROW / 2


def _line(origin: int, index: int, depth: int) -> Path:
    x, top = _place(origin, depth - 1)
    right, y = _place(index, depth)
    return Path("grid", (("M", (x, top + 8)), ("L", (x, y)), ("L", (right - 8, y))))


def _row(index: int, member: Member, width: int) -> list[Shape]:
    x, y = _place(index, member.depth)
    said = clean(f"{member.name} · {member.note}" if member.note else member.name)
    shown = fit(said, width - x - 16 - _MARGIN, BASE["row"].size or 0)
    mark = Group("mark", f"member:{index}", (Rect("disc", x - 8, y - 8, 16, 16, 8), Glyph(x, y, 8)), said)
    return [mark, Text("row", x + 16, y + 4, shown, full=said)]
