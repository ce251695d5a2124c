"""What lists of workers and of the queue hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wfnb.model.times import iso
from wfnb.services.queue import Waiting
from wfnb.services.workers import WorkerRow

__all__ = ["Queued", "WorkerInfo"]


@dataclass(frozen=True)
class WorkerInfo:
    """A worker: starting, running, stopping, stopped, or lost when it fell silent. `beat_age_ms` is how long ago it spoke."""

    COLUMNS: ClassVar = (
        "worker", "host", "pid", "state", "running", "capacity", "finished", "started_at", "beat_age_ms",
    )  # fmt: skip

    worker: str
    host: str
    pid: int
    state: str
    running: int
    capacity: int
    finished: int
    started_at: str
    beat_age_ms: int

    @classmethod
    def of(cls, row: WorkerRow, now_us: int) -> WorkerInfo:
        """From the tables."""
        age_ms = max(0, now_us - row.beat_us) // 1000
        return cls(
            row.worker_id, row.host, row.pid, row.state, row.running, row.capacity, row.finished, iso(row.started_us),
            age_ms,
        )  # fmt: skip


@dataclass(frozen=True)
class Queued:
    """Runs of a workflow that wait for somebody to drive them; `oldest_ms` is how long the first of them has waited.

    Where Procrastinate dispatches runs, `jobs` is how many jobs in its queue are due, and `timers` how many lie ahead.
    """

    COLUMNS: ClassVar = ("workflow", "runs", "oldest_ms", "jobs", "timers")

    workflow: str
    runs: int
    oldest_ms: int
    jobs: int = 0
    timers: int = 0

    @classmethod
    def of(cls, waiting: Waiting, now_us: int) -> Queued:
        """From the tables."""
        oldest_us = now_us if waiting.oldest_us is None else waiting.oldest_us
        age_ms = max(0, now_us - oldest_us) // 1000
        return cls(waiting.workflow_id, waiting.depth, age_ms, waiting.jobs, waiting.timers)
