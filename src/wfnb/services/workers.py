"""Workers as others see them: each tells the tables every few seconds that it lives, and what it is doing."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

from wfnb.limits import LIMITS
from wfnb.store.database import Database
from wfnb.store.statements import WORKERS

__all__ = ["WorkerRow", "beat", "forget_old", "workers"]

_MISSED = 3  # beats that are not there: nobody is late by that much


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker. `state` is starting, running, stopping or stopped; lost when it has said nothing for three beats."""

    worker_id: str
    host: str
    pid: int
    state: str
    capacity: int
    running: int
    finished: int
    started_us: int
    beat_us: int

    def seen_at(self, now_us: int) -> WorkerRow:
        """The worker as it looks at a moment.

        Examples
        --------
        >>> row = WorkerRow("a", "here", 7, "running", 8, 2, 0, 0, 0)
        >>> row.seen_at(15_000_000).state, row.seen_at(15_000_001).state
        ('running', 'lost')
        """
        silent = now_us - self.beat_us > _MISSED * LIMITS.worker_beat_ms * 1000
        return replace(self, state="lost") if silent and self.state != "stopped" else self


def beat(database: Database, worker: WorkerRow) -> None:
    """Note that a worker lives."""
    with database.writing() as session:
        session.execute(WORKERS.beat, astuple(worker))


def forget_old(database: Database, now_us: int) -> None:
    """Forget workers of whom nothing was heard for days."""
    with database.writing() as session:
        session.execute(WORKERS.forget, (now_us - LIMITS.worker_kept_days * 86_400_000_000,))


def workers(database: Database, now_us: int) -> list[WorkerRow]:
    """All workers that are known, in the order in which they began."""
    with database.reading() as session:
        rows = session.execute(WORKERS.every)
    return [WorkerRow(*row).seen_at(now_us) for row in rows]
