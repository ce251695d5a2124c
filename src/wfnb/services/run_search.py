"""Finding runs: by time, by text in their keys, in the order of their start or their last change, page by page."""

from __future__ import annotations

import operator
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from operator import itemgetter
from typing import Any, Literal

from wfnb.errors import ValidationError
from wfnb.services.listing import STATUSES
from wfnb.store import decode
from wfnb.store.database import MemoryDatabase
from wfnb.store.port import Store
from wfnb.store.records import RunFilter, RunRow
from wfnb.store.statements import SEARCH

__all__ = ["RunSearch", "by_key", "count", "cursor_of", "find", "read_cursor", "summary"]

_FIRST, _LAST = -sys.maxsize, sys.maxsize
_PAGE = 500


@dataclass(frozen=True, slots=True)
class RunSearch:
    """Which runs are meant, and in which order.

    `filter` says by status, workflow and version, and how many; `since_us` and `until_us` when they were started; `text` what
    stands in the run's id, its key or the key of one of its waits. `after` is the place behind which the page begins.
    """

    filter: RunFilter
    since_us: int | None = None
    until_us: int | None = None
    text: str | None = None
    sort: Literal["started", "updated"] = "started"
    ascending: bool = False
    after: tuple[int, int] | None = None


def by_key(store: Store, workflow_id: str, key: str) -> RunRow | None:
    """The run of a workflow that was started with a key."""
    if isinstance(store.database, MemoryDatabase):
        known = RunSearch(RunFilter(workflow_id=workflow_id))
        return next((run for run in _matching(store, known) if run.key == key), None)
    with store.database.reading() as session:
        found = session.execute(SEARCH.by_key, (workflow_id, key))
    return decode.run_row(found[0]) if found else None


def find(store: Store, search: RunSearch, *, extra: int = 0) -> list[RunRow]:
    """A page of runs, and `extra` of the next one."""
    search = replace(search, filter=replace(search.filter, limit=search.filter.limit + extra))
    if isinstance(store.database, MemoryDatabase):
        return _find_in_memory(store, search)
    edge = _FIRST if search.ascending else _LAST
    place = search.after or (edge, edge)
    with store.database.reading() as session:
        found = session.execute(_statement(search), (*_chosen(search), *place, search.filter.limit))
    return [decode.run_row(row) for row in found]


def count(store: Store, search: RunSearch) -> int:
    """How many runs match, on all pages."""
    return sum(summary(store, search).values())


def summary(store: Store, search: RunSearch) -> dict[str, int]:
    """How many runs match, by status."""
    if isinstance(store.database, MemoryDatabase):
        return dict(Counter(run.status for run in _matching(store, search)))
    with store.database.reading() as session:
        return dict(session.execute(SEARCH.summary, _chosen(search)))


def cursor_of(search: RunSearch, run: RunRow) -> str:
    """Where the next page begins, as text to be given back."""
    value, run_no = _place(search, run)
    return f"{search.sort}:{value}:{run_no}"


def read_cursor(search: RunSearch, cursor: str) -> RunSearch:
    """The search for the page behind a cursor.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT`` for a cursor of another order, or for what is none.
    """
    sort, *numbers = cursor.split(":")
    if sort != search.sort or len(numbers) != 2 or not all(_is_number(text) for text in numbers):
        raise ValidationError(
            "This is no cursor of a list in this order.",
            code="INVALID_ARGUMENT",
            where="cursor",
            hint="Pass next_cursor of the page before, and the same sort.",
        )
    return replace(search, after=(int(numbers[0]), int(numbers[1])))


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and len(text) < 19


def _statement(search: RunSearch) -> str:
    if search.sort == "started":
        return SEARCH.started_asc if search.ascending else SEARCH.started_desc
    return SEARCH.updated_asc if search.ascending else SEARCH.updated_desc


def _chosen(search: RunSearch) -> tuple[Any, ...]:
    wanted = search.filter.status or STATUSES
    statuses = (*wanted, *([wanted[0]] * (len(STATUSES) - len(wanted))))
    chosen = (search.filter.workflow_id, search.filter.workflow_version, search.filter.tenant)
    pairs = (value for value in chosen for _ in range(2))
    since = _FIRST if search.since_us is None else search.since_us
    until = _LAST if search.until_us is None else search.until_us
    pattern = None if search.text is None else f"%{_escaped(search.text.lower())}%"
    return (*statuses, *pairs, since, until, *([pattern] * 4))


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _place(search: RunSearch, run: RunRow) -> tuple[int, int]:
    return (run.started_us if search.sort == "started" else run.updated_us, run.run_no)


def _find_in_memory(store: Store, search: RunSearch) -> list[RunRow]:
    found = sorted(((_place(search, run), run) for run in _matching(store, search)), key=itemgetter(0))
    if search.after is not None:
        ahead = operator.gt if search.ascending else operator.lt
        found = [(place, run) for place, run in found if ahead(place, search.after)]
    ordered = found if search.ascending else reversed(found)
    return [run for _, run in islice(ordered, search.filter.limit)]


def _matching(store: Store, search: RunSearch) -> Iterator[RunRow]:
    chosen = replace(search.filter, before=None, limit=_PAGE)
    while page := store.runs(chosen):
        yield from (run for run in page if _fits(store, search, run))
        chosen = replace(chosen, before=page[-1].run_no)


def _fits(store: Store, search: RunSearch, run: RunRow) -> bool:
    if search.since_us is not None and run.started_us < search.since_us:
        return False
    if search.until_us is not None and run.started_us >= search.until_us:
        return False
    if search.text is None:
        return True
    keys = (run.run_id, run.key, *(wait.key for wait in store.waits(run.run_no)))
    return any(search.text.lower() in key.lower() for key in keys if key is not None)
