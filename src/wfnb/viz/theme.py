"""How roles look: one palette for light and one for dark, and a style for every role and state.

The status colours keep apart for the usual kinds of colour blindness (blue, bluish green, amber, vermilion, purple, grey), and
every status has a glyph of its own as well.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Literal, TypeAlias

__all__ = ["BASE", "DARK", "FONT", "LIGHT", "MONO", "OPACITY", "STATE", "Style", "Theme", "style_of"]

Theme: TypeAlias = Literal["auto", "light", "dark"]

FONT: Final = '"Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans",sans-serif'
MONO: Final = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace'

LIGHT: Final = {
    "canvas": "#fbfcfe",
    "edge": "#e3e7ee",
    "surface": "#ffffff",
    "lane": "#f3f5f9",
    "lane2": "#eaeef5",
    "line": "#cfd6e1",
    "link": "#b6bfcd",
    "text": "#1b2330",
    "muted": "#5d6879",
    "accent": "#2f5fd0",
    "accent-soft": "#dde7ff",
    "on": "#ffffff",
    "succeeded": "#12805c",
    "failed": "#c8400f",
    "failed-soft": "#fff1ea",
    "waiting": "#a86a00",
    "waiting-soft": "#fff6e0",
    "retry": "#8447b8",
    "retry-soft": "#f6eefc",
    "started": "#2f5fd0",
    "canceled": "#6d7787",
}
DARK: Final = {
    "canvas": "#12161d",
    "edge": "#262d39",
    "surface": "#1f2631",
    "lane": "#181d26",
    "lane2": "#1b212b",
    "line": "#394454",
    "link": "#4d596b",
    "text": "#e8ecf3",
    "muted": "#9ba7b8",
    "accent": "#82aaff",
    "accent-soft": "#26375c",
    "on": "#12161d",
    "succeeded": "#43c59a",
    "failed": "#ff8b5e",
    "failed-soft": "#3a241d",
    "waiting": "#f0b74a",
    "waiting-soft": "#352b18",
    "retry": "#c79af2",
    "retry-soft": "#2e2440",
    "started": "#82aaff",
    "canceled": "#8e99aa",
}


@dataclass(frozen=True, slots=True)
class Style:
    """Looks of one role; colours are names in the palette, None means: as before."""

    fill: str | None = None
    stroke: str | None = None
    width: float | None = None
    dash: str | None = None
    size: float | None = None
    bold: bool | None = None
    mono: bool | None = None


BASE: Final[dict[str, Style]] = {
    "canvas": Style(fill="canvas", stroke="edge", width=1),
    "heading": Style(fill="text", size=16, bold=True),
    "subheading": Style(fill="muted", size=12),
    # pipeline
    "halo": Style(fill="none", stroke="none"),
    "card": Style(fill="surface", stroke="line", width=1),
    "stack": Style(fill="lane2", stroke="line", width=1),
    "title": Style(fill="text", size=13, bold=True),
    "title-compact": Style(fill="text", size=12),
    "detail": Style(fill="muted", size=11.5),
    "code": Style(fill="muted", size=10.5, mono=True),
    "disc": Style(fill="surface", stroke="link", width=1.5),
    "glyph": Style(fill="none", stroke="none", width=1.7),
    "frame": Style(fill="lane", stroke="line", width=1),
    "frame-odd": Style(fill="lane2", stroke="line", width=1),
    "label": Style(fill="canvas", stroke="line", width=1),
    "label-text": Style(fill="muted", size=10, bold=True),
    "link": Style(fill="none", stroke="link", width=1.5),
    "fault": Style(fill="none", stroke="link", width=1.5, dash="4 3"),
    "loop": Style(fill="none", stroke="link", width=1.5),
    "arrow": Style(fill="link", stroke="none"),
    "start": Style(fill="muted", stroke="none"),
    "end": Style(fill="none", stroke="muted", width=2),
    "count": Style(fill="accent-soft", stroke="accent", width=1),
    "count-text": Style(fill="accent", size=10, bold=True),
    "finding": Style(fill="waiting-soft", stroke="waiting", width=1),
    "finding-text": Style(fill="waiting", size=11, bold=True),
    "duration": Style(fill="canvas", stroke="line", width=1),
    "duration-text": Style(fill="muted", size=10.5),
    # timeline
    "grid": Style(fill="none", stroke="edge", width=1),
    "stripe": Style(fill="lane", stroke="none"),
    "tick": Style(fill="muted", size=11),
    "row": Style(fill="text", size=12),
    "bar": Style(fill="started", stroke="none"),
    "hatch": Style(fill="none", stroke="none", width=1.2),
    "bar-text": Style(fill="on", size=10, bold=True),
    "length": Style(fill="muted", size=11),
    "note": Style(fill="muted", size=11.5),
}

_COLOURED: Final = ("succeeded", "failed", "waiting", "retry", "started", "canceled")

_MARKED: Final = {
    "a": "waiting", "b": "accent", "differs": "retry", "added": "accent", "removed": "failed", "changed": "retry", "moved": "waiting",
    "missed": "waiting", "warm": "waiting", "hot": "failed",
}  # fmt: skip

STATE: Final[dict[tuple[str, str], Style]] = {
    **{(state, "disc"): Style(fill=state, stroke=state) for state in _COLOURED},
    **{(state, "glyph"): Style(stroke="on") for state in _COLOURED},
    **{(state, "bar"): Style(fill=state) for state in _COLOURED},
    ("pending", "title"): Style(fill="muted"),
    ("pending", "title-compact"): Style(fill="muted"),
    ("failed", "card"): Style(fill="failed-soft", stroke="failed"),
    ("waiting", "card"): Style(fill="waiting-soft", stroke="waiting"),
    ("retry", "card"): Style(fill="retry-soft", stroke="retry"),
    **{
        (f"mark-{mark}", "card"): Style(fill=f"{colour}-soft", stroke=colour)
        for mark, colour in _MARKED.items()
    },
    ("current", "card"): Style(stroke="accent", width=2),
    ("current", "halo"): Style(fill="accent-soft"),
    ("taken", "link"): Style(stroke="accent", width=3),
    ("taken", "loop"): Style(stroke="accent", width=3),
    ("taken", "fault"): Style(stroke="failed", width=3),
    ("taken", "arrow"): Style(fill="accent"),
    ("taken", "label"): Style(fill="accent-soft", stroke="accent"),
    ("taken", "label-text"): Style(fill="accent"),
    ("taken", "start"): Style(fill="accent"),
    ("taken", "end"): Style(stroke="accent"),
    ("waiting", "bar"): Style(fill="waiting-soft", stroke="waiting", width=1),
    ("waiting", "hatch"): Style(stroke="waiting"),
    ("waiting", "bar-text"): Style(fill="waiting"),
    ("retry", "bar"): Style(fill="retry-soft", stroke="retry", width=1),
    ("retry", "hatch"): Style(stroke="retry"),
    ("retry", "bar-text"): Style(fill="retry"),
}

OPACITY: Final = {"skipped": 0.4}
"""Opacity of a whole group in a state."""


def style_of(role: str, states: tuple[str, ...] = ()) -> Style:
    """Style of a role in a group with these states; later states win.

    Examples
    --------
    >>> style_of("card", ("failed",)).stroke
    'failed'
    """
    merged = {item.name: getattr(BASE[role], item.name) for item in fields(Style)}
    for state in states:
        extra = STATE.get((state, role))
        if extra is not None:
            given = {item.name: getattr(extra, item.name) for item in fields(Style)}
            merged.update({name: value for name, value in given.items() if value is not None})
    return Style(**merged)
