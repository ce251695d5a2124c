"""The pictures of the analyses of operations: from the rows of an answer to a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from wfnb.history.plots import BAR, EMPTY, each, lines, with_workflow
from wfnb.history.time_figures import count_upwards, figure_over_time, line_colours, span_days, to_the_end

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

__all__ = [
    "action_latency",
    "backlog",
    "error_categories",
    "health",
    "latency",
    "success_rate",
    "takeovers",
    "throughput",
    "waits_by_type",
]

_HISTOGRAM = {
    "to_10ms": ("≤ 10 ms", "#dbe5fb"),
    "to_100ms": ("≤ 100 ms", "#b9c9f2"),
    "to_1s": ("≤ 1 s", "#8ba5e6"),
    "to_10s": ("≤ 10 s", "#5a80da"),
    "to_1min": ("≤ 1 min", "#2f5fd0"),
    "longer": ("longer", "#183a8c"),
}
_MOST_LINES = 6
_MOST_TICKS = 8
_NAME_CHARS = 32  # four names fit into one line above a picture


def success_rate(frame: DataFrame, title: str) -> Figure:
    """Success rate by day, one line for each workflow and version; the versions with the newest runs."""
    rows = frame.dropna(subset=["success_rate"])
    if rows.empty:
        return nothing(title, EMPTY)
    figure, axes = figure_over_time(title, "day on which the runs began (UTC)")
    newest = rows.groupby(["workflow", "version"])["day"].max().sort_values(ascending=False, kind="stable")
    chosen = sorted(newest.index[:_MOST_LINES])
    for (workflow, version), colour in zip(chosen, line_colours(len(chosen)), strict=True):
        line = rows[(rows["workflow"] == workflow) & (rows["version"] == version)]
        # The space: matplotlib leaves names out of a legend that begin with an underscore.
        name = f" {label(_short(workflow), lines=1)} v{version}"
        axes.plot(line["day"], line["success_rate"], color=colour, linewidth=1.8, marker="o", label=name)
    days = sorted(set(rows["day"]))
    if len(days) <= _MOST_TICKS:  # a few days would get hours between them
        axes.set_xticks(days)
    axes.set_ylim(-0.02, 1.06)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    key(axes)
    return figure


def latency(frame: DataFrame, title: str) -> Figure:
    """Quantiles beside a histogram, for every step type and action."""
    rows = frame.head(MOST_ROWS)
    if rows.empty:
        return nothing(title, EMPTY)
    labels = [label(f"{row.name}" if row.kind == "action" else f"{row.name} (step)") for row in each(rows)]
    figure, (quantiles, shares) = figure_of(title, lines(labels), panels=2)
    _quantiles(quantiles, rows, labels)
    left = rows["calls"] * 0.0
    for column, (name, colour) in _HISTOGRAM.items():
        part = rows[column] / rows["calls"]
        if part.sum():
            shares.barh(range(len(rows)), part, left=left, height=BAR, color=colour, label=name)
            left = left + part
    shares.set_xlim(0, 1)
    shares.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    name_axis(shares, "share of the attempts")
    key(shares, columns=3)
    return figure


def action_latency(frame: DataFrame, title: str) -> Figure:
    """Quantiles of every action, slowest first."""
    rows = frame.head(MOST_ROWS)
    if rows.empty:
        return nothing(title, "No action was called.")
    labels = [label(f"{row.action} v{row.action_version}") for row in each(rows)]
    figure, (axes,) = figure_of(title, lines(labels))
    _quantiles(axes, rows, labels)
    return figure


def waits_by_type(frame: DataFrame, title: str) -> Figure:
    """Open and overdue waits, and how long the others took."""
    rows = frame.head(MOST_ROWS)
    if rows.empty:
        return nothing(title, "No run has waited.")
    labels = with_workflow(rows, rows["wait_type"])
    figure, (counts, took) = figure_of(title, lines(labels), panels=2)
    places = rows_on(counts, labels)
    in_time = rows["open"] - rows["overdue"]
    parts = [
        ("over", rows["resolved"] + rows["canceled"], "soft"),
        ("open", in_time, "accent"),
        ("overdue", rows["overdue"], "failed"),
    ]
    left = in_time * 0
    for name, values, colour in parts:
        if values.sum():
            counts.barh(places, values, left=left, height=BAR, color=COLOURS[colour], label=name)
            left = left + values
    count_axis(counts, float(left.max()), text="waits", room=1.35)
    known = rows["p95_ms"].fillna(0.0)
    took.barh(places, known, height=BAR, color=COLOURS["soft"], label="95th percentile")
    duration_axis(took, [float(known.max())], text="how long waits took", ticks=3)
    for place, row in zip(places, each(rows), strict=True):
        age = f" · oldest {duration(row.oldest_open_ms)}" if row.open else ""
        note(counts, left.iloc[place], place, f"{row.open:,} open{age}")
        note(took, known.iloc[place], place, duration(known.iloc[place]))
    key(counts)
    key(took)
    return figure


def takeovers(frame: DataFrame, title: str) -> Figure:
    """Runs that changed hands, by how they ended."""
    rows = frame.head(MOST_ROWS)
    if rows.empty:
        return nothing(title, "No run has changed hands.")
    labels = [label(f"{row.workflow} v{row.version}") for row in each(rows)]
    figure, (axes,) = figure_of(title, lines(labels))
    places = rows_on(axes, labels)
    left = rows["recovered"] * 0
    others = rows["taken_over"] - rows["recovered"] - rows["failed"]
    for name, values, colour in (
        ("succeeded", rows["recovered"], "succeeded"),
        ("failed", rows["failed"], "failed"),
        ("open or canceled", others, "canceled"),
    ):
        if values.sum():
            axes.barh(places, values, left=left, height=BAR, color=COLOURS[colour], label=name)
            left = left + values
    count_axis(axes, float(rows["taken_over"].max()), text="runs that changed hands", room=1.4)
    for place, row in zip(places, each(rows), strict=True):
        note(axes, row.taken_over, place, f"{row.takeovers:,} takeovers · of {row.runs:,} runs")
    key(axes)
    return figure


def error_categories(frame: DataFrame, title: str) -> Figure:
    """Errors by kind, and what became of them."""
    rows = frame.head(MOST_ROWS)
    if rows.empty:
        return nothing(title, "No step has failed.")
    labels = with_workflow(rows, [f"{row.error_code} ({row.error_category})" for row in each(rows)])
    figure, (axes,) = figure_of(title, lines(labels))
    places = rows_on(axes, labels)
    left = rows["errors"] * 0
    for name, values, colour in (
        ("tried again", rows["tried_again"], "soft"),
        ("handled", rows["handled"], "succeeded"),
        ("not handled", rows["not_handled"], "failed"),
    ):
        if values.sum():
            axes.barh(places, values, left=left, height=BAR, color=COLOURS[colour], label=name)
            left = left + values
    count_axis(axes, float(rows["errors"].max()), text="failed attempts at steps", room=1.35)
    for place, row in zip(places, each(rows), strict=True):
        note(axes, row.errors, place, f"{row.errors:,} in {row.runs:,} {'run' if row.runs == 1 else 'runs'}")
    key(axes)
    return figure


def backlog(frame: DataFrame, title: str) -> Figure:
    """Open runs over time, the waiting ones among them, and the peaks."""
    if frame.empty:
        return nothing(title, EMPTY)
    figure, axes = figure_over_time(title)
    steps = to_the_end(frame)
    axes.fill_between(
        steps["moment"], steps["waiting"], step="post", color=COLOURS["soft"], linewidth=0, label="waiting"
    )
    axes.fill_between(
        steps["moment"],
        steps["waiting"],
        steps["backlog"],
        step="post",
        color=COLOURS["accent"],
        linewidth=0,
        label="running",
    )
    axes.step(
        steps["moment"],
        steps["peak"],
        where="post",
        color=COLOURS["muted"],
        linewidth=1.2,
        linestyle=":",
        label="peak",
    )
    count_upwards(axes, float(steps["peak"].max()), "open runs")
    key(axes)
    return figure


def throughput(frame: DataFrame, title: str) -> Figure:
    """Runs that ended in every span, by how, and the ones that began."""
    if frame.empty:
        return nothing(title, EMPTY)
    figure, axes = figure_over_time(title)
    width = span_days(frame["moment"])
    bottom = frame["succeeded"] * 0
    for name in ("succeeded", "failed", "canceled"):
        if frame[name].sum():
            axes.bar(
                frame["moment"],
                frame[name],
                width * 0.9,
                bottom,
                align="edge",
                color=COLOURS[name],
                label=name,
            )
            bottom = bottom + frame[name]
    steps = to_the_end(frame)
    axes.step(
        steps["moment"], steps["started"], where="post", color=COLOURS["text"], linewidth=1.1, label="began"
    )
    count_upwards(axes, float(max(bottom.max(), frame["started"].max())), "runs")
    key(axes)
    return figure


def health(frame: DataFrame, title: str) -> Figure:
    """Success rate of every workflow, of all runs and of the last twenty, beside its 95th percentile."""
    rows = frame.head(MOST_ROWS)
    if rows.empty:
        return nothing(title, EMPTY)
    labels = [label(row.workflow) for row in each(rows)]
    figure, (rates, times) = figure_of(title, lines(labels), panels=2)
    places = rows_on(rates, labels)
    lately = rows["last_20_rate"].fillna(0.0)
    rates.barh(places, lately, height=BAR, color=COLOURS["succeeded"], alpha=0.85, label="last 20 runs")
    rates.scatter(
        rows["success_rate"], places, s=90, marker="|", color=COLOURS["text"], zorder=3, label="all runs"
    )
    rates.set_xlim(0, 1.5)
    rates.set_xticks([0, 0.5, 1.0])
    rates.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    name_axis(rates, "runs that succeeded")
    slow = rows["p95_ms"].fillna(0.0)
    times.barh(places, slow, height=BAR, color=COLOURS["soft"], label="95th percentile")
    duration_axis(times, [float(slow.max())], text="duration of a run", ticks=3)
    for place, row in zip(places, each(rows), strict=True):
        note(rates, 1.0, place, f"{row.runs:,} runs · {row.open:,} open")
        note(times, slow.iloc[place], place, duration(slow.iloc[place]))
    key(rates)
    key(times)
    return figure


def _short(text: str) -> str:
    return text if len(text) <= _NAME_CHARS else text[: _NAME_CHARS - 1] + "…"


def _quantiles(axes: Axes, rows: DataFrame, labels: list[str]) -> None:
    """Median, 95th and 99th percentile on one line for each row."""
    places = rows_on(axes, labels)
    axes.hlines(places, rows["p50_ms"], rows["p99_ms"], color=COLOURS["soft"], linewidth=5, zorder=2)
    edge = COLOURS["accent"]
    axes.scatter(
        rows["p50_ms"], places, s=46, color="white", edgecolor=edge, linewidth=1.6, zorder=3, label="median"
    )
    axes.scatter(rows["p95_ms"], places, s=46, color=COLOURS["accent"], zorder=3, label="95th percentile")
    axes.scatter(rows["p99_ms"], places, s=52, marker="|", color=COLOURS["muted"], zorder=3, label="99th")
    duration_axis(axes, [*rows["p50_ms"], *rows["p95_ms"], *rows["p99_ms"]], text="duration of an attempt")
    for place, row in zip(places, each(rows), strict=True):
        note(axes, row.p99_ms, place, f"{duration(row.p95_ms)} · {row.calls:,}×")
    key(axes)
