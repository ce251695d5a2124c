"""The parts of a run and of a workspace that tell what happened, line by line: logs, filtered and searched."""

from __future__ import annotations

import json
from collections.abc import Iterable

from wfnb.model.arguments import check_text, check_whole
from wfnb.operator_rows import LogLine, columns_of
from wfnb.services import logs as run_logs
from wfnb.store import logs
from wfnb.store.logs import LogFilter, check_level
from wfnb.store.port import Store
from wfnb.store.records import RunRow
from wfnb.tables import Rows

__all__ = ["Telling", "TellingAll"]


class Telling:
    """The part of a run that tells what happened to it."""

    id: str
    _store: Store

    @property
    def row(self) -> RunRow:
        """The run's row in the tables, read now."""
        raise NotImplementedError

    def logs(
        self,
        level: str | Iterable[str] | None = None,
        *,
        search: str | None = None,
        limit: int = 1_000,
        before: int | None = None,
    ) -> Rows[LogLine]:
        """What happened, in order: what the engine did, and what actions wrote with ``ctx.log``.

        Parameters
        ----------
        level
            One level or several of ``DEBUG``, ``INFO``, ``WARN``, ``ERROR``.
        search
            Only lines with this text, in whatever case, in their message or their context.
        limit
            At most so many lines, the newest ones.
        before
            Only lines before the one with this number.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT``.
        """
        levels, text = _levels(level), _text(search)
        end = None if before is None else check_whole(before, "before", least=1) - 1
        lines = enumerate(run_logs.of_run(self._store, self.row)[:end], 1)
        told = [LogLine.told(number, line, self.id) for number, line in lines]
        fit = [
            line
            for line in told
            if (not levels or line.level in levels) and (text is None or _says(line, text))
        ]
        return Rows(fit[-check_whole(limit, "limit", least=1) :], columns=columns_of(LogLine))


class TellingAll:
    """The part of a workspace that tells what actions wrote down, over all runs."""

    _store: Store

    def logs(
        self,
        level: str | Iterable[str] | None = None,
        *,
        search: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> Rows[LogLine]:
        """What actions wrote with ``ctx.log``, over all runs, newest first. What the engine did is in `Run.logs`.

        Parameters
        ----------
        level, search
            As for `Run.logs`.
        limit
            Lines on a page.
        before
            ``number`` of the last line of the page before this one.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT``.
        """
        if before is not None:
            check_whole(before, "before")
        chosen = LogFilter(_levels(level), _text(search), before, check_whole(limit, "limit", least=1))
        found = logs.page(self._store.database, chosen)
        runs = {number: self._store.run_by_no(number) for number in {row.run_no for row in found}}
        names = {number: "" if run is None else run.run_id for number, run in runs.items()}
        return Rows((LogLine.of(row, names[row.run_no]) for row in found), columns=columns_of(LogLine))


def _levels(level: str | Iterable[str] | None) -> tuple[str, ...]:
    if level is None:
        return ()
    given = (level,) if isinstance(level, str) or not isinstance(level, Iterable) else tuple(level)
    return tuple(dict.fromkeys(map(check_level, given)))


def _text(search: str | None) -> str | None:
    return None if search is None else check_text(search, "search").lower()


def _says(line: LogLine, text: str) -> bool:
    return text in line.message.lower() or text in json.dumps(line.context, ensure_ascii=False).lower()
