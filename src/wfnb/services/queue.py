"""The queue: runs that can go on and that nobody drives."""

from __future__ import annotations

from dataclasses import dataclass

from wfnb.engine.clock import Clock
from wfnb.engine.dispatch import dead_owners
from wfnb.limits import LIMITS
from wfnb.services.dispatching import job_counts
from wfnb.store.port import Store

__all__ = ["Waiting", "queue"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Runs of one workflow that wait for somebody to drive them: how many, and since when the first of them.

    `jobs` is how many jobs say so where Procrastinate dispatches runs, and `timers` how many jobs have their moment ahead.
    """

    workflow_id: str
    depth: int
    oldest_us: int | None
    jobs: int = 0
    timers: int = 0


def queue(store: Store, clock: Clock) -> list[Waiting]:
    """What waits, by workflow; of a very long queue its older part."""
    dead = dead_owners(store)
    found: dict[str, list[int]] = {}
    lease_us = store.now_us(clock.lease_us())
    for run in store.ready_runs(clock.ready_us(), lease_us, dead, LIMITS.queue_counted):
        since_us = max(run.ready_us or 0, run.updated_us)
        found.setdefault(run.workflow_id, []).append(since_us)
    jobs = job_counts(store)
    return [
        Waiting(workflow, len(since), min(since, default=None), *jobs.get(workflow, ()))
        for workflow in sorted(found.keys() | jobs.keys())
        for since in [found.get(workflow, [])]
    ]
