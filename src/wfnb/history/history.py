"""History: what every run there ever was has to say, in SQL, DataFrames and pictures."""

from __future__ import annotations

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
    """

    def __init__(self, store: Store, folder: str | Path | None = None) -> None:
        path = None if folder is None else Path(folder) / "history.duckdb"
        self._projection = Projection(store, path)

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
        return analyse(self._projection, "duration_by_step", workflow=workflow, since=since)

    def failure_rate_by_version(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """How often runs of every version fail, with a 95 % confidence interval.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return analyse(self._projection, "failure_rate_by_version", workflow=workflow, since=since)

    def slowest_paths(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """How long runs take that took the same branches and met the same failures.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return analyse(self._projection, "slowest_paths", workflow=workflow, since=since)

    def retries(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """How often steps were tried again, whether that helped, and the time lost waiting.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return analyse(self._projection, "retries", workflow=workflow, since=since)

    def before_failures(self, *, workflow: str | None = None, since: Since = None) -> Analysis:
        """Which steps came directly before failures.

        Parameters
        ----------
        workflow, since
            Only runs of this workflow; only what started at or after this moment.
        """
        return analyse(self._projection, "before_failures", workflow=workflow, since=since)
