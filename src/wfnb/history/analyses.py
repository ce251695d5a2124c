"""The named analyses: what each asks, how to read it, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from wfnb.errors import QueryError, ValidationError
from wfnb.history.analysis import Analysis
from wfnb.history.projection import Projection
from wfnb.history.sql import query
from wfnb.history.statements import statement
from wfnb.model.times import parse_iso

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

__all__ = ["ANALYSES", "analyse", "moment"]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the history keeps UTC without an offset


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a reader is told, and the file of statements (and of pictures) that it stands in."""

    title: str
    explanation: str
    file: str = "analyses"


_KINDS = {
    "action_latency": _Kind(
        "How long actions take",
        "Every attempt at a call, by action and version; calls that shared a result are left out. One in twenty takes longer "
        "than p95_ms, one in a hundred longer than p99_ms.",
        "operations",
    ),
    "backlog": _Kind(
        "Runs that are open",
        "At the end of every span: runs that are under way, and runs that wait. “peak” is the most there were at one moment "
        "of the span.",
        "operations",
    ),
    "before_failures": _Kind(
        "What happened before failures",
        "The last three steps before the one that made a run fail. “share” is the part of all failures of the workflow.",
    ),
    "duration_by_step": _Kind(
        "How long steps take",
        "Every attempt that ended, by step. Half of them take at most p50_ms, all but one in twenty at most p95_ms.",
    ),
    "error_categories": _Kind(
        "What goes wrong",
        "Failed attempts at steps, by kind of error: how many were tried again, how many somebody handled, and how many "
        "ended their run.",
        "operations",
    ),
    "failure_rate_by_version": _Kind(
        "How often runs fail, by version",
        "Runs that succeeded or failed. The true rate lies between “low” and “high” with 95 % confidence: "
        "few runs, wide range.",
    ),
    "health": _Kind(
        "Health of every workflow",
        "One row for each workflow, the least healthy first. “last_20_rate” is the success rate of the twenty runs that ended "
        "last; “success_rate” that of all.",
        "operations",
    ),
    "latency": _Kind(
        "How long steps and actions take",
        "By step type and by action: quantiles, and how many took up to 10 ms, up to 100 ms, and so on.",
        "operations",
    ),
    "retries": _Kind(
        "What retries cost",
        "Executions of a step that needed more than one attempt, how they ended, and the time spent waiting for the next "
        "attempt.",
    ),
    "slowest_paths": _Kind(
        "The slowest paths",
        "Runs that took the same branches and met the same failures, by how long they took from start to end; written out "
        "in the order of the slowest of them.",
    ),
    "success_rate": _Kind(
        "How often runs succeed, day by day",
        "Runs that are over, by workflow, version and the day (UTC) on which they began. Canceled runs do not count for the "
        "rate.",
        "operations",
    ),
    "takeovers": _Kind(
        "Runs that changed hands",
        "Runs that somebody else went on with: their kernel or worker was closed, was killed, or did not renew its lease. "
        "“takeovers” counts every change.",
        "operations",
    ),
    "throughput": _Kind(
        "Runs that begin and end",
        "How many runs began and how many ended in every span of time.",
        "operations",
    ),
    "waits_by_type": _Kind(
        "What runs wait for",
        "Open waits, overdue ones among them, and how long the ones that are over took. “oldest_open_ms” is the age of the "
        "oldest open one.",
        "operations",
    ),
}

ANALYSES = tuple(_KINDS)
"""Names of the analyses, sorted."""


def analyse(
    projection: Projection,
    name: str,
    *,
    workflow: str | None = None,
    since: datetime | date | str | None = None,
    now_us: int | None = None,
) -> Analysis:
    """Ask one of the named analyses.

    Parameters
    ----------
    projection
        The history; it is brought up to date first.
    name
        One of `ANALYSES`.
    workflow
        Only runs of this workflow.
    since
        Only what started at or after this moment: a datetime, a date or ISO 8601 text; UTC unless it names an offset.
    now_us
        The moment up to which open runs and waits are looked at; the newest one of the history when absent.

    Raises
    ------
    QueryError
        ``QUERY_SYNTAX`` when `since` is not a moment.
    """
    kind = _KINDS[name]
    sql = statement(kind.file, name)
    params: dict[str, Any] = {"workflow": workflow, "since": moment(since)}
    if "$now" in sql:
        params["now"] = None if now_us is None else _EPOCH + timedelta(microseconds=now_us)
    frame = query(projection, sql, params)
    return Analysis(name, kind.title, kind.explanation, sql, frame, partial(_draw, kind.file, name), params)


def _draw(file: str, name: str, frame: DataFrame, title: str) -> Figure:
    """Draw an analysis; matplotlib is imported when the first picture is wanted."""
    from wfnb.history import operations_plots, plots

    picture: Figure = getattr(plots if file == "analyses" else operations_plots, name)(frame, title)
    return picture


def moment(since: datetime | date | str | None) -> datetime | None:
    """A moment as UTC without an offset, as the history stores it.

    Raises
    ------
    QueryError
        ``QUERY_SYNTAX`` when it is none.

    Examples
    --------
    >>> moment("2026-01-31T10:00:00+01:00")
    datetime.datetime(2026, 1, 31, 9, 0)
    """
    if since is None:
        return None
    try:
        if isinstance(since, str):
            since = datetime.fromtimestamp(parse_iso(since) / 1_000_000, UTC)
        elif not isinstance(since, datetime):
            since = datetime(since.year, since.month, since.day, tzinfo=UTC)
    except (ValidationError, AttributeError, OverflowError, OSError):
        raise QueryError(
            "“since” is not a date or a time.",
            code="QUERY_SYNTAX",
            hint='Write since="2026-01-31" or pass a datetime.',
        ) from None
    return since.astimezone(UTC).replace(tzinfo=None) if since.tzinfo else since
