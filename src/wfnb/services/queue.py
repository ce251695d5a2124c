"""The queue: runs that can go on and that nobody drives."""

from __future__ import annotations

from dataclasses import dataclass

from wfnb.engine.clock import Clock
from wfnb.engine.lookout import dead_owners
from wfnb.limits import LIMITS
from wfnb.store.port import Store

__all__ = ["Waiting", "queue"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Runs of one workflow that wait for somebody to drive them: how many, and since when the first of them."""

    workflow_id: str
    depth: int
    oldest_us: int


def queue(store: Store, clock: Clock) -> list[Waiting]:
    """What waits, by workflow; of a very long queue its older part."""
    dead = dead_owners(store)
    found: dict[str, list[int]] = {}
    for run in store.ready_runs(clock.ready_us(), clock.lease_us(), dead, LIMITS.queue_counted):
        since_us = max(run.ready_us or 0, run.updated_us)
        found.setdefault(run.workflow_id, []).append(since_us)
    return [Waiting(workflow, len(since), min(since)) for workflow, since in sorted(found.items())]
