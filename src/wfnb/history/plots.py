"""The pictures of the first five analyses, and what all pictures of rows share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from wfnb.history.figures import (
    COLOURS,
    MOST_ROWS,
    count_axis,
    duration,
    duration_axis,
    figure_of,
    key,
    label,
    name_axis,
    note,
    nothing,
    rows_on,
)

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "BAR",
    "EMPTY",
    "before_failures",
    "duration_by_step",
    "each",
    "failure_rate_by_version",
    "lines",
    "retries",
    "slowest_paths",
    "with_workflow",
]

EMPTY = "Nothing yet: there is no run that this question is about."
"""What a picture without a run says."""
BAR = 0.56
"""Height of a bar, when a row has the height 1."""


def duration_by_step(frame: DataFrame, title: str) -> Figure:
    """Median and 95th percentile of every step, slowest first."""
    rows = frame.head(MOST_ROWS)
    if rows.empty:
        return nothing(title, EMPTY)
    labels = with_workflow(rows, rows["step_id"])
    figure, (axes,) = figure_of(title, lines(labels))
    places = rows_on(axes, labels)
    axes.hlines(places, rows["p50_ms"], rows["p95_ms"], color=COLOURS["soft"], linewidth=5, zorder=2)
    axes.scatter(
        rows["p50_ms"], places, s=46, color="white", edgecolor=COLOURS["accent"], linewidth=1.6, zorder=3
    )
    axes.scatter(rows["p95_ms"], places, s=46, color=COLOURS["accent"], zorder=3)
    axes.scatter(rows["max_ms"], places, s=52, marker="|", color=COLOURS["muted"], zorder=3)
    axes.scatter([], [], s=46, color="white", edgecolor=COLOURS["accent"], linewidth=1.6, label="median")
    axes.scatter([], [], s=46, color=COLOURS["accent"], label="95th percentile")
    axes.scatter([], [], s=52, marker="|", color=COLOURS["muted"], label="longest")
    duration_axis(axes, [*rows["p50_ms"], *rows["p95_ms"], *rows["max_ms"]], text="duration of an attempt")
    for place, row in zip(places, each(rows), strict=True):
        note(axes, row.max_ms, place, f"{duration(row.p95_ms)} · {row.attempts:,}×")
    key(axes)
    return figure


def failure_rate_by_version(frame: DataFrame, title: str) -> Figure:
    """Failure rate of every version with its confidence interval."""
    rows = frame.tail(MOST_ROWS)
    if rows.empty:
        return nothing(title, EMPTY)
    labels = [label(f"{row.workflow} v{row.version}") for row in each(rows)]
    figure, (axes,) = figure_of(title, lines(labels))
    places = rows_on(axes, labels)
    axes.hlines(
        places, rows["low"], rows["high"], color="#f3c5b3", linewidth=7, zorder=2, label="95 % confidence"
    )
    axes.scatter(rows["failure_rate"], places, s=52, color=COLOURS["failed"], zorder=3, label="failed")
    axes.set_xlim(0, max(0.05, float(rows["high"].max())) * 1.2)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    name_axis(axes, "runs that failed")
    for place, row in zip(places, each(rows), strict=True):
        note(axes, row.high, place, f"{row.failure_rate * 100:.3g} % · {row.failed:,} of {row.runs:,}")
    key(axes)
    return figure


def slowest_paths(frame: DataFrame, title: str) -> Figure:
    """Duration of the runs of every path."""
    rows = frame.head(MOST_ROWS)
    if rows.empty:
        return nothing(title, EMPTY)
    labels = with_workflow(rows, rows["path"])
    figure, (axes,) = figure_of(title, lines(labels))
    places = rows_on(axes, labels)
    axes.barh(places, rows["p95_ms"], height=BAR, color=COLOURS["soft"], label="95th percentile")
    axes.vlines(
        rows["p50_ms"],
        [place - BAR / 2 for place in places],
        [place + BAR / 2 for place in places],
        color=COLOURS["accent"],
        linewidth=2.4,
        label="median",
    )
    duration_axis(axes, [float(rows["p95_ms"].max())], text="duration of a run")  # bars need a zero
    for place, row in zip(places, each(rows), strict=True):
        note(
            axes,
            row.p95_ms,
            place,
            f"{duration(row.p95_ms)} · {row.runs:,} {'run' if row.runs == 1 else 'runs'}",
        )
    key(axes)
    return figure


def retries(frame: DataFrame, title: str) -> Figure:
    """How retried executions ended, and the time spent waiting."""
    rows = frame.head(MOST_ROWS)
    if rows.empty:
        return nothing(title, "No step was tried a second time.")
    labels = with_workflow(rows, rows["step_id"])
    figure, (ends, waiting) = figure_of(title, lines(labels), panels=2)
    places = rows_on(ends, labels)
    open_ = rows["retried"] - rows["recovered"] - rows["gave_up"]
    left = rows["recovered"] * 0
    for name, values, colour in (
        ("recovered", rows["recovered"], "succeeded"),
        ("gave up", rows["gave_up"], "failed"),
        ("under way", open_, "canceled"),
    ):
        if values.sum():
            ends.barh(places, values, left=left, height=BAR, color=COLOURS[colour], label=name)
            left = left + values
    count_axis(ends, float(rows["retried"].max()), text="executions that were tried again", room=1.35)
    waiting.barh(places, rows["waited_ms"], height=BAR, color=COLOURS["soft"], label="time lost waiting")
    duration_axis(waiting, [float(rows["waited_ms"].max())], text="waiting for the next attempt", ticks=3)
    for place, row in zip(places, each(rows), strict=True):
        note(ends, row.retried, place, f"{row.attempts:,} attempts")
        note(waiting, row.waited_ms, place, duration(row.waited_ms))
    key(ends)
    key(waiting)
    return figure


def before_failures(frame: DataFrame, title: str) -> Figure:
    """The steps before failures, most frequent first."""
    rows = frame.head(MOST_ROWS)
    if rows.empty:
        return nothing(title, "No run has failed.")
    labels = with_workflow(rows, [f"{row.before} → {row.failed_step}" for row in each(rows)], most_lines=5)
    figure, (axes,) = figure_of(title, lines(labels))
    places = rows_on(axes, labels)
    axes.barh(places, rows["failures"], height=BAR, color=COLOURS["failed"], alpha=0.85)
    count_axis(axes, float(rows["failures"].max()), text="runs that failed after these steps", room=1.5)
    for place, row in zip(places, each(rows), strict=True):
        code = row.error_code if isinstance(row.error_code, str) else "no code"
        note(axes, row.failures, place, f"{row.failures:,} · {row.share * 100:.0f} % · {code}")
    return figure


def with_workflow(rows: DataFrame, texts: Iterable[str], most_lines: int = 3) -> list[str]:
    """Labels of rows; they name the workflow when there is more than one."""
    several = len(set(rows["workflow"])) > 1
    return [
        label(f"{workflow}: {text}" if several else text, lines=most_lines)
        for workflow, text in zip(rows["workflow"], texts, strict=True)
    ]


def each(rows: DataFrame) -> Iterator[Any]:
    """Rows with their columns as attributes."""
    return iter(rows.itertuples())


def lines(labels: list[str]) -> list[int]:
    """How many lines each label has."""
    return [text.count("\n") + 1 for text in labels]
