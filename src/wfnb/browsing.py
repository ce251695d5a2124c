"""The part of a workspace that lists runs: filtered, searched, sorted, page by page, and counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from wfnb.engine.engine import Engine
from wfnb.errors import ValidationError
from wfnb.model.arguments import check_text
from wfnb.model.times import parse_iso
from wfnb.rows import RunSummary
from wfnb.services import run_search
from wfnb.services.listing import run_filter
from wfnb.services.run_search import RunSearch
from wfnb.store.port import Store
from wfnb.store.records import RunRow
from wfnb.tables import Rows

__all__ = ["Browsing", "RunList"]


class RunList(Rows[RunSummary]):
    """A page of runs, and how many match on all pages.

    `next_cursor` begins the following page: pass it as ``cursor``. `next_before` does the same for lists of the newest runs
    first, as ``before``. Both are None on the last page. The column ``held_by`` is there when somebody holds one of the runs.
    """

    def __init__(
        self, rows: list[RunSummary], *, total: int, next_before: int | None, next_cursor: str | None
    ) -> None:
        held = any(row.held_by for row in rows)
        super().__init__(rows, columns=[name for name in RunSummary.columns() if held or name != "held_by"])
        self.total = total
        self.next_before = next_before
        self.next_cursor = next_cursor


class Browsing:
    """The part of a workspace that lists runs."""

    _engine: Engine
    _store: Store
    tenant: str

    def runs(
        self,
        status: str | Iterable[str] | None = None,
        workflow: str | None = None,
        *,
        version: int | None = None,
        since: str | None = None,
        until: str | None = None,
        search: str | None = None,
        sort: Literal["started", "updated"] = "started",
        ascending: bool = False,
        limit: int = 50,
        before: int | None = None,
        cursor: str | None = None,
    ) -> RunList:
        """A page of runs, newest first.

        Parameters
        ----------
        status
            One status or several.
        workflow, version
            Only runs of this workflow, of this version.
        since, until
            Only runs started at or after, and before, this ISO 8601 moment.
        search
            Only runs with this text, in whatever case, in their id, their key or the key of one of their waits.
        sort, ascending
            By the time they were ``started`` or last ``updated``; the newest first unless `ascending`.
        limit
            Runs on a page.
        before
            ``next_before`` of the page before this one; only for the newest started ones first.
        cursor
            ``next_cursor`` of the page before this one. Runs that are added meanwhile do not shift the pages.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT`` for a status that does not exist, or a page that cannot be; ``INVALID_TIME``.
        """
        chosen = RunSearch(
            run_filter(status, workflow, version, before=before, limit=limit, tenant=self.tenant),
            *_span(since, until),
            None if search is None else check_text(search, "search"),
            sort,
            bool(ascending),
        )
        _check_order(chosen, before, cursor)
        if cursor is not None:
            chosen = run_search.read_cursor(chosen, check_text(cursor, "cursor"))
        if _is_plain(chosen):
            rows, total = self._store.runs(chosen.filter), self._store.count_runs(chosen.filter)
            more = len(rows) == limit and rows[-1].run_no > 1
        else:
            found = run_search.find(self._store, chosen, extra=1)
            rows, total = found[:limit], run_search.count(self._store, chosen)
            more = len(found) > limit
        following = run_search.cursor_of(chosen, rows[-1]) if more else None
        before_no = rows[-1].run_no if more and _is_plain(chosen) else None
        summaries = [RunSummary.of(row, self._holders(row)) for row in rows]
        return RunList(summaries, total=total, next_before=before_no, next_cursor=following)

    def _holders(self, row: RunRow) -> tuple[str, ...]:
        hold = None if row.hold is None or row.over else self._engine.attached.on(row)
        return () if hold is None else hold.names

    def summary(
        self,
        workflow: str | None = None,
        *,
        version: int | None = None,
        since: str | None = None,
        until: str | None = None,
        search: str | None = None,
    ) -> dict[str, int]:
        """How many runs there are, by status, and ``total``.

        Parameters
        ----------
        workflow, version, since, until, search
            As for `runs`.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT``, ``INVALID_TIME``.
        """
        chosen = RunSearch(
            run_filter(None, workflow, version, before=None, limit=1, tenant=self.tenant),
            *_span(since, until),
            None if search is None else check_text(search, "search"),
        )
        counts = dict(sorted(run_search.summary(self._store, chosen).items()))
        return {"total": sum(counts.values()), **counts}


def _span(since: str | None, until: str | None) -> tuple[int | None, int | None]:
    moments = ((since, "since"), (until, "until"))
    first, last = (None if text is None else parse_iso(check_text(text, name)) for text, name in moments)
    return first, last


def _is_plain(chosen: RunSearch) -> bool:
    """Whether the newest runs are wanted first, by nothing but status, workflow and version: what indexes are for."""
    return chosen == RunSearch(chosen.filter)


def _check_order(chosen: RunSearch, before: int | None, cursor: str | None) -> None:
    if chosen.sort not in ("started", "updated"):
        raise ValidationError("“sort” must be started or updated.", code="INVALID_ARGUMENT", where="sort")
    if before is not None and (cursor is not None or not _is_plain(chosen)):
        raise ValidationError(
            "“before” is for lists of the newest runs first.",
            code="INVALID_ARGUMENT",
            where="before",
            hint="Pass next_cursor of the page before as cursor.",
        )
