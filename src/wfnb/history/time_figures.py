"""What the pictures over time share: a horizontal axis of moments, and figures that are as wide as time is long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from pandas import concat

from wfnb.history.figures import COLOURS, figure_of, name_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame, Series

__all__ = ["count_upwards", "figure_over_time", "line_colours", "span_days", "to_the_end"]

_ROWS = 6  # as high as a picture with so many rows
# Colours that keep apart for the usual kinds of colour blindness, after Okabe and Ito; the darker ones first.
_LINES = ("#2f5fd0", "#c8400f", "#12805c", "#8447b8", "#a86a00", "#5d6879")


def figure_over_time(title: str, text: str = "time (UTC)") -> tuple[Figure, Axes]:
    """A figure with one panel whose horizontal axis is time and whose lines of reference are level."""
    figure, (axes,) = figure_of(title, [1] * _ROWS)
    locator = AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call] # as matplotlib ships it
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, show_offset=True)  # type: ignore[no-untyped-call] # as above
    axes.xaxis.set_major_formatter(formatter)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.get_offset_text().set(fontsize=8.5, color=COLOURS["muted"])
    axes.grid(visible=False, axis="x")
    axes.grid(axis="y", color=COLOURS["edge"], linewidth=0.8)
    axes.tick_params(axis="y", labelsize=8.5, labelcolor=COLOURS["muted"])
    name_axis(axes, text)
    return figure, axes


def count_upwards(axes: Axes, most: float, text: str) -> None:
    """Label the vertical axis with whole numbers from zero."""
    axes.set_ylim(0, max(most, 1) * 1.15)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:,.0f}"))
    axes.set_ylabel(text, fontsize=9, color=COLOURS["muted"])


def span_days(moments: Series) -> float:
    """Length of the spans of a table in days, which is what matplotlib counts time in; an hour when there is only one."""
    if len(moments) < 2:
        return 1 / 24
    return float((moments.iloc[1] - moments.iloc[0]).total_seconds()) / 86_400


def to_the_end(frame: DataFrame) -> DataFrame:
    """The rows and the last one once more, at the end of its span: a line of steps ends where its last step does."""
    last = frame.tail(1).assign(moment=frame["moment"].iloc[-1] + timedelta(days=span_days(frame["moment"])))
    return concat([frame, last], ignore_index=True)


def line_colours(count: int) -> Sequence[str]:
    """Colours for so many lines; they begin anew when there are more lines than eyes can tell apart."""
    return [_LINES[place % len(_LINES)] for place in range(count)]
