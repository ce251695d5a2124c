"""What the pictures of the analyses share: their look, their labels and their units. No global state of matplotlib."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from wfnb.security.escape import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "COLOURS",
    "MOST_ROWS",
    "count_axis",
    "duration",
    "duration_axis",
    "figure_of",
    "key",
    "label",
    "name_axis",
    "note",
    "nothing",
    "rows_on",
]

# Blue, vermilion and bluish green keep apart for the usual kinds of colour blindness; their lightness differs as well.
COLOURS = {
    "text": "#1b2330",
    "muted": "#5d6879",
    "edge": "#e3e7ee",
    "soft": "#b9c9f2",
    "accent": "#2f5fd0",
    "failed": "#c8400f",
    "succeeded": "#12805c",
    "canceled": "#8b95a4",
}
MOST_ROWS = 12
"""Rows of one picture: the table has the rest."""

_FONT = "DejaVu Sans"  # comes with matplotlib, so a picture looks the same everywhere
_WIDTH = 9.0
_ROW = 0.36
_LINE = 0.15
_FRAME = 1.5
_MOMENTS = (
    0.001,
    0.01,
    0.1,
    1,
    10,
    100,
    1e3,
    1e4,
    6e4,
    6e5,
    3.6e6,
    3.6e7,
    8.64e7,
    8.64e8,
)  # milliseconds, as people count
_SPANS = (
    (86_400_000.0, "d"),
    (3_600_000.0, "h"),
    (60_000.0, "min"),
    (1_000.0, "s"),
    (1.0, "ms"),
    (0.001, "µs"),
)


def figure_of(title: str, lines: Sequence[int], panels: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure with panels side by side, high enough for rows whose labels have so many lines."""
    height = _FRAME + sum(_ROW + _LINE * (count - 1) for count in lines)
    figure = Figure(figsize=(_WIDTH, max(height, 2.2)), layout="constrained", facecolor="white")
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(w_pad=0.14, h_pad=0.12)  # type: ignore[call-arg] # known to the constrained engine
    widths = [3.0, 2.0][:panels]
    grid = figure.subplots(1, panels, squeeze=False, sharey=True, width_ratios=widths)
    axes = list(grid[0])
    figure.suptitle(
        label(title),
        x=0.012,
        ha="left",
        fontsize=13,
        fontweight="bold",
        color=COLOURS["text"],
        fontfamily=_FONT,
    )
    for each in axes:
        _dress(each)
    return figure, axes


def rows_on(axes: Axes, labels: Sequence[str]) -> list[int]:
    """Put row labels on the left, first row on top; the places of the rows."""
    places = list(range(len(labels)))
    axes.set_yticks(places, labels=list(labels), fontsize=9, color=COLOURS["text"], fontfamily=_FONT)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    return places


def duration_axis(axes: Axes, values_ms: Iterable[float], *, text: str, ticks: int = 5) -> None:
    """Label the horizontal axis with durations; logarithmic when they span more than two orders of magnitude."""
    known = [value for value in values_ms if value > 0]
    top = max(known, default=1.0)
    if known and top > 100 * min(known):
        axes.set_xscale("log")
        axes.set_xlim(min(known) / 2, top * 4)
        axes.xaxis.set_major_locator(FixedLocator(_MOMENTS))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _place: duration(value)))
        text = f"{text}, logarithmic"
    else:
        scale, unit = _span(top)
        axes.set_xlim(0, top * 1.2)
        places = MaxNLocator(ticks).tick_values(0, top / scale)
        axes.set_xticks([place * scale for place in places], labels=[f"{place:g} {unit}" for place in places])
    axes.xaxis.set_minor_locator(NullLocator())
    name_axis(axes, text)


def count_axis(axes: Axes, most: float, *, text: str, room: float) -> None:
    """Label the horizontal axis with whole numbers; `room` is the factor that the notes beside the bars need."""
    axes.set_xlim(0, most * room)
    axes.xaxis.set_major_locator(FixedLocator(MaxNLocator(5, integer=True).tick_values(0, most)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:,.0f}"))
    name_axis(axes, text)


def name_axis(axes: Axes, text: str) -> None:
    """Say what the horizontal axis shows."""
    axes.set_xlabel(text, fontsize=9, color=COLOURS["muted"], fontfamily=_FONT)


def duration(value_ms: float) -> str:
    """A duration with two or three figures and its unit.

    Examples
    --------
    >>> duration(1234), duration(0.25), duration(90_000)
    ('1.23 s', '250 µs', '1.5 min')
    """
    if value_ms <= 0:
        return "0"
    scale, unit = _span(value_ms)
    return f"{value_ms / scale:.3g} {unit}"


def label(text: object, width: int = 44, lines: int = 3) -> str:
    r"""Text that is drawn as it stands: wrapped and cut, without mathematics, control characters or missing glyphs.

    Examples
    --------
    >>> label("cost in $")
    'cost in \\$'
    """
    shown = visible(str(text)).replace("\n", " ")
    covered = _covered()
    shown = "".join(char if ord(char) in covered else "\ufffd" for char in shown)
    wrapped = textwrap.wrap(shown, width, max_lines=lines, placeholder=" …", break_on_hyphens=False) or [""]
    return "\n".join(wrapped).replace("$", r"\$")


def note(axes: Axes, x: float, row: int, text: str, colour: str = "muted") -> None:
    """A small text to the right of a mark."""
    axes.annotate(
        label(text, width=60, lines=1),
        (x, row),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        color=COLOURS[colour],
        fontfamily=_FONT,
        annotation_clip=False,
    )


def key(axes: Axes, columns: int = 4) -> None:
    """What the marks mean, above the panel, so many names to a line."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=columns,
        frameon=False,
        fontsize=8.5,
        labelcolor=COLOURS["muted"],
        handlelength=1.2,
        columnspacing=1.4,
        borderaxespad=0.1,
        prop=FontProperties(family=_FONT, size=8.5),
    )


def nothing(title: str, text: str) -> Figure:
    """A figure that says that there is nothing to draw."""
    figure, (axes,) = figure_of(title, [1])
    axes.set_axis_off()
    axes.text(0.0, 0.6, label(text, width=90), fontsize=10, color=COLOURS["muted"], transform=axes.transAxes)
    return figure


def _span(value_ms: float) -> tuple[float, str]:
    """The largest unit that fits into a duration, in milliseconds, and its sign."""
    return next(((scale, unit) for scale, unit in _SPANS if value_ms >= scale), _SPANS[-1])


def _dress(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["edge"])
    axes.tick_params(axis="y", length=0, pad=6)
    axes.tick_params(
        axis="x", which="both", length=0, labelsize=8.5, labelcolor=COLOURS["muted"], labelfontfamily=_FONT
    )
    axes.grid(axis="x", color=COLOURS["edge"], linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_facecolor("white")


@cache
def _covered() -> frozenset[int]:
    """Characters that the font can draw."""
    return frozenset(get_font(findfont(_FONT)).get_charmap())
