"""The part of a workspace about who drives its runs: workers, and the queue they take from."""

from __future__ import annotations

import socket
from collections.abc import Callable

from wfnb.engine.clock import Clock
from wfnb.engine.engine import Engine
from wfnb.engine.pace import Pace
from wfnb.limits import LIMITS
from wfnb.model.arguments import check_text, check_whole
from wfnb.services.dispatching import WAYS, dispatch_of, way_of
from wfnb.services.queue import queue
from wfnb.services.worker import Worker
from wfnb.services.workers import workers
from wfnb.store.port import Store
from wfnb.tables import Rows
from wfnb.worker_rows import Queued, WorkerInfo

__all__ = ["Working"]


def _quiet(_line: str) -> None:
    """Say nothing."""


class Working:
    """The part of a workspace that knows who drives."""

    _clock: Clock
    _engine: Engine
    _store: Store

    def workers(self) -> Rows[WorkerInfo]:
        """Workers of this store: what each is doing, and how long ago it said so. One that fell silent is ``lost``."""
        now_us = self._clock.lease_us()
        found = workers(self._store.database, now_us)
        return Rows((WorkerInfo.of(row, now_us) for row in found), columns=WorkerInfo.COLUMNS)

    def queue(self) -> Rows[Queued]:
        """Runs that can go on and that nobody drives, counted by workflow, with the age of the oldest."""
        now_us = self._clock.ready_us()
        found = queue(self._store, self._clock)
        return Rows((Queued.of(row, now_us) for row in found), columns=Queued.COLUMNS)

    def worker(
        self,
        name: str | None = None,
        *,
        runs: int = 8,
        dispatch: str | None = None,
        poll_ms: int | None = None,
        lease_ms: int = LIMITS.lease_ms,
        stop_within_ms: int = 30_000,
        say: Callable[[str], None] = _quiet,
    ) -> Worker:
        """A worker in this process: `Worker.run` drives runs until `Worker.stop`. What ``wfnb worker`` does.

        Parameters
        ----------
        name
            What people call it; the name of the host when absent.
        runs
            How many runs it drives at once.
        dispatch
            How it comes by runs: ``"lookout"`` looks into the tables; ``"procrastinate"`` is woken by jobs in a queue on the
            PostgreSQL server, which is prepared for that. Without a word: what the store is prepared for.
        poll_ms
            How often it looks for runs that another process has set going: every 250 ms, or every second as a safety net
            when jobs wake it.
        lease_ms
            After how long without a sign of life its runs are free for others. Its own machine notices its death at once.
        stop_within_ms
            How long it waits for steps under way when it is told to stop.
        say
            Hears of every change of state, in a line for people.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT``.
        MissingExtraError
            When Procrastinate is asked for and not installed.
        StoreError
            ``STORE_TOO_NEW`` when a newer Procrastinate has made the queue.
        """
        way = way_of(self._store, dispatch)
        called = socket.gethostname() if name is None else check_text(name, "name", longest=100)
        pace = Pace(
            check_whole(runs, "runs", least=1),
            look_s=check_whole(WAYS[way] if poll_ms is None else poll_ms, "poll_ms", least=1) / 1000,
            lease_ms=check_whole(lease_ms, "lease_ms", least=1),
        )
        wait_s = check_whole(stop_within_ms, "stop_within_ms", least=0) / 1000
        database = self._store.database
        found_by = dispatch_of(self._store, self._clock, way)
        return Worker(
            database, self._engine, pace, name=called, dispatch=found_by, stop_within_s=wait_s, say=say
        )
