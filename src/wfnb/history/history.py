"""History: what every run there ever was has to say, in SQL, DataFrames and pictures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wfnb.history.analyses import ANALYSES, analyse
from wfnb.history.analysis import Analysis
from wfnb.history.projection import Progress, Projection
from wfnb.history.sql import query
from wfnb.store.port import Store

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["History"]

Since = datetime | date | str | None


class History:
    """Questions about all runs of a workspace.

    Every question first takes in what changed since the last one. The runs themselves are not slowed down, and nothing that
    is asked can change them.

    Parameters
    ----------
    store
        The state tables.
    folder
        Where ``history.duckdb`` is kept. It may be deleted at any time. Absent: the history lives in memory.
    now_us
        Tells the time, for the age of what is open. Absent, as in simulated time: the newest moment that the history knows.
    """

    def __init__(
        self, store: Store, folder: str | Path | None = None, *, now_us: Callable[[], int] | None = None
    ) -> None:
        path = None if folder is None else Path(folder) / "history.duckdb"
        self._projection = Projection(store, path)
        self._now_us = now_us

    @property
    def now_us(self) -> int | None:
        """The moment by which ages are told; None for the newest one of the history."""
        return None if self._now_us is None else self._now_us()

    def sql(self, question: str, /, **params: Any) -> DataFrame:
        """Answer one SELECT over ``runs``, ``steps``, ``invocations``, ``waits`` and ``events``.

        Parameters
        ----------
        question
            DuckDB's SQL. Parameters stand in it as ``:name`` or ``$name``. Times are UTC, durations milliseconds.
        params
            Values of the parameters.

        Raises
        ------
        QueryError
            See `wfnb.history.sql.query`.
        """
        return query(self._projection, question, params)

    def refresh(self) -> Progress:
        """Take in what changed, without a question."""
        return self._projection.refresh()

    def close(self) -> None:
        """Give back the memory of a history that is not in a file."""
        self._projection.close()

    @property
    def analyses(self) -> tuple[str, ...]:
        """Names of the analyses; each is a method of the same name."""
        return ANALYSES

    def duration_by_step(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """How long every step takes: median, 95th percentile, longest, and all together.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("duration_by_step", workflow, since)

    def failure_rate_by_version(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """How often runs of every version fail, with a 95 % confidence interval.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("failure_rate_by_version", workflow, since)

    def slowest_paths(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """How long runs take that took the same branches and met the same failures.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("slowest_paths", workflow, since)

    def retries(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """How often steps were tried again, whether that helped, and the time lost waiting.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("retries", workflow, since)

    def before_failures(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """Which steps came directly before failures.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("before_failures", workflow, since)

    def success_rate(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """How often runs succeed, by workflow, version and day.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("success_rate", workflow, since)

    def latency(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """How long steps and actions take: quantiles and a histogram, by step type and by action.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("latency", workflow, since)

    def action_latency(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """How long actions take, by action and version, and how many calls failed.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("action_latency", workflow, since)

    def waits_by_type(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """What runs wait for: open and overdue waits, and how long the others took.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("waits_by_type", workflow, since)

    def takeovers(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """Runs that somebody else went on with, because their owner was closed, killed or cut off.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("takeovers", workflow, since)

    def error_categories(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """Which errors happen, and whether they were tried again, handled, or ended their run.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("error_categories", workflow, since)

    def backlog(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """How many runs are under way and how many wait, over time.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("backlog", workflow, since)

    def throughput(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """How many runs begin and end, over time.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("throughput", workflow, since)

    def health(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """One row for each workflow: success rates, 95th percentile, what is open, and the last failure.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return self._analyse("health", workflow, since)

    def _analyse(self, name: str, workflow: str | None, since: Since) -> Analysis:
        return analyse(self._projection, name, workflow=workflow, since=since, now_us=self.now_us)
