"""The five named analyses: what each asks, how to read it, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING

from wfnb.errors import QueryError, ValidationError
from wfnb.history.analysis import Analysis
from wfnb.history.projection import Projection
from wfnb.history.sql import query
from wfnb.history.statements import statement
from wfnb.model.times import parse_iso

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

__all__ = ["ANALYSES", "analyse"]


@dataclass(frozen=True, slots=True)
class _Kind:
    title: str
    explanation: str


_KINDS = {
    "before_failures": _Kind(
        "What happened before failures",
        "The last three steps before the one that made a run fail. “share” is the part of all failures of the workflow.",
    ),
    "duration_by_step": _Kind(
        "How long steps take",
        "Every attempt that ended, by step. Half of them take at most p50_ms, all but one in twenty at most p95_ms.",
    ),
    "failure_rate_by_version": _Kind(
        "How often runs fail, by version",
        "Runs that succeeded or failed. The true rate lies between “low” and “high” with 95 % confidence: "
        "few runs, wide range.",
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
}

ANALYSES = tuple(_KINDS)
"""Names of the analyses, sorted."""


def analyse(
    projection: Projection,
    name: str,
    *,
    workflow: str | None = None,
    since: datetime | date | str | None = None,
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

    Raises
    ------
    QueryError
        ``QUERY_SYNTAX`` when `since` is not a moment.
    """
    kind = _KINDS[name]
    sql = statement("analyses", name)
    frame = query(projection, sql, {"workflow": workflow, "since": _moment(since)})
    return Analysis(name, kind.title, kind.explanation, sql, frame, partial(_draw, name))


def _draw(name: str, frame: DataFrame, title: str) -> Figure:
    """Draw an analysis; matplotlib is imported when the first picture is wanted."""
    from wfnb.history import plots

    picture: Figure = getattr(plots, name)(frame, title)
    return picture


def _moment(since: datetime | date | str | None) -> datetime | None:
    """A moment as UTC without an offset, as the history stores it."""
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
