"""Which way the workers of a store come by runs: they look into its tables, or Procrastinate hands out jobs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from wfnb.engine.clock import Clock
from wfnb.engine.dispatch import Dispatch
from wfnb.engine.lookout import Lookout
from wfnb.errors import ValidationError
from wfnb.store.port import Store

if TYPE_CHECKING:
    from wfnb.store.postgres_jobs import JobQueue

__all__ = ["WAYS", "dispatch_of", "job_counts", "way_of"]

WAYS = {"lookout": 250, "procrastinate": 1_000}
"""How runs are found, and how many milliseconds lie between two looks unless something else is said."""


def _queue_of(store: Store) -> JobQueue | None:
    """The queue of a store that can have one: only a server has."""
    queue: JobQueue | None = getattr(store, "jobs", None)
    return queue


def way_of(store: Store, asked: str | None) -> str:
    """What a worker was asked for; without a word, what the store was last prepared for.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT`` when there is no such way.
    """
    if asked is None:
        queue = _queue_of(store)
        return "procrastinate" if queue is not None and queue.exists() else "lookout"
    if asked not in WAYS:
        raise ValidationError(
            f"“dispatch” must be one of {', '.join(WAYS)}.", code="INVALID_ARGUMENT", where="dispatch"
        )
    return asked


def dispatch_of(store: Store, clock: Clock, way: str) -> Dispatch:
    """Make the store ready for a way, and give what finds runs in it.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT`` for Procrastinate without a PostgreSQL store, or in simulated time.
    MissingExtraError
        When Procrastinate is not installed.
    StoreError
        ``STORE_TOO_NEW`` when a newer Procrastinate has made the queue.
    """
    if way == "lookout":
        return Lookout
    queue = _queue_of(store)
    if queue is None or clock.simulated:
        raise ValidationError(
            "Procrastinate dispatches runs of a PostgreSQL store in real time, and no others.",
            code="INVALID_ARGUMENT",
            where="dispatch",
            hint='Open the workspace with store="postgresql://...", or say dispatch="lookout".',
        )
    from wfnb.engine import jobs

    queue.prepare(jobs.whole(), jobs.scripts())
    return partial(jobs.Jobs, queue=queue)


def job_counts(store: Store) -> dict[str, tuple[int, int]]:
    """Jobs in the queue by workflow: those that are due, and those whose moment lies ahead; nothing without a queue."""
    queue = _queue_of(store)
    return queue.counts() if queue is not None and queue.exists() else {}
