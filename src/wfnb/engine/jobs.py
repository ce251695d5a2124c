"""Runs dispatched by Procrastinate: beyond one machine, a job in a queue on the server says that a run can go on.

A job says no more than that. It is put into the queue by the transaction that lets the run go on (`wfnb.store.postgres_jobs`), a
worker anywhere is woken by the server, and claims the run as ever: lease and epoch tell whose it is. So a job that comes twice,
late, or for a run that somebody else drives does nothing.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wfnb.engine.clock import Clock
from wfnb.engine.dispatch import Crew, Dispatcher, dead_owners
from wfnb.engine.loop_thread import LoopThread
from wfnb.errors import MissingExtraError, StoreError, WfnbError
from wfnb.limits import LIMITS
from wfnb.store.port import Store
from wfnb.store.postgres_jobs import JobQueue, Script
from wfnb.store.postgres_statements import JOBS
from wfnb.store.records import RunRow

if find_spec("procrastinate") is None:
    raise MissingExtraError(
        "Dispatching runs over many machines needs Procrastinate.",
        hint="Install it with: pip install 'wfnb[procrastinate]'; or say dispatch=\"lookout\".",
    )

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.schema import SchemaManager

__all__ = ["Jobs", "scripts", "whole"]

_QUEUE = "wfnb"  # as in jobs.sql
_PAUSE_S = 1.0  # before a server is tried again that could not be reached
_PATIENCE_S = 10.0  # for the server, when the last jobs are given back
_CONNECTIONS = 4  # for fetching, finishing and the sweep; listening has one of its own


def whole() -> str:
    """The script that makes all tables of the installed Procrastinate."""
    return SchemaManager.get_schema()


def scripts() -> list[Script]:
    """Its scripts that bring the tables of one version to the next, oldest first."""
    folder = Path(SchemaManager.get_migrations_path())
    return [(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.sql"))]


class Jobs(Dispatcher):
    """Drives the runs whose jobs Procrastinate fetches, each job for as long as its run is driven here.

    Parameters
    ----------
    loop, store, clock, crew, fire
        See `Dispatcher`.
    queue
        The jobs of the store.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        store: Store,
        clock: Clock,
        crew: Crew,
        fire: Callable[[], int | None] = lambda: None,
        *,
        queue: JobQueue,
    ) -> None:
        super().__init__(loop, store, clock, crew, fire)
        self._queue = queue
        self._thread: LoopThread | None = None
        self._work: Future[None] | None = None
        self._done = threading.Event()

    async def keep(self) -> None:
        """Begin to fetch jobs, and make the rounds of every dispatcher."""
        self._thread = LoopThread("wfnb-jobs")
        self._work = asyncio.run_coroutine_threadsafe(self._fetch(), self._thread.loop)
        await super().keep()

    def look(self, extra: int = 0) -> None:  # noqa: ARG002 - which runs can go on is told by jobs
        """Start what is scheduled."""
        self._fire_due()

    def retire(self) -> None:
        """Fetch nothing more; jobs whose runs are driven here end with them."""
        super().retire()
        if self._work is not None:
            self._work.cancel()

    def close(self) -> None:
        """Fetch nothing more, and look no more."""
        self.retire()
        super().close()

    async def gone(self) -> None:
        """Wait until what was fetched is given back."""
        if self._thread is not None:
            await asyncio.to_thread(self._done.wait, _PATIENCE_S)
            self._thread.stop()

    # --- the thread of the jobs

    async def _fetch(self) -> None:
        """Let Procrastinate work; again when the server could not be reached."""
        try:
            while not self._leaving:
                with suppress(Exception):  # whatever it is: runs wait for somebody to fetch their jobs
                    app = self._app()
                    async with app.open_async():
                        await app.run_worker_async(**self._options())
                await asyncio.sleep(_PAUSE_S)
        finally:
            self._done.set()

    def _options(self) -> dict[str, Any]:
        pace = self._crew.pace
        return {
            "queues": [_QUEUE],
            "name": "wfnb",
            "concurrency": pace.runs or 1,
            "fetch_job_polling_interval": pace.look_s,
            "update_heartbeat_interval": pace.round_s,
            "stalled_worker_timeout": pace.lease_ms / 1000,
            "delete_jobs": "always",
            "install_signal_handlers": False,
        }

    def _app(self) -> App:
        async def configure(link: psycopg.AsyncConnection[Any]) -> None:
            await link.set_autocommit(True)
            async with psycopg.AsyncRawCursor(link) as cursor:
                await cursor.execute(JOBS.use, (self._queue.schema,))

        connector = PsycopgConnector(
            conninfo=self._queue.conninfo, min_size=1, max_size=_CONNECTIONS, configure=configure
        )
        app = App(connector=connector)
        seconds = max(1, int(self._crew.pace.round_s))

        @app.task(name="wfnb.run", queue=_QUEUE)
        async def run(run_no: int) -> None:
            await self._on_engine(self._drive(run_no))

        @app.periodic(cron=f"* * * * * */{seconds}")
        @app.task(name="wfnb.sweep", queue=_QUEUE, queueing_lock="sweep", priority=1)
        async def sweep(timestamp: int) -> None:  # noqa: ARG001 - Procrastinate gives it
            await self._rescue(app)
            await self._on_engine(self._sweep())

        return app

    async def _on_engine(self, work: Coroutine[Any, Any, None]) -> None:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _rescue(self, app: App) -> None:
        """Put jobs back whose worker fell silent; where the run has a job again, the old one is dropped."""
        silence_s = self._crew.pace.lease_ms / 1000
        stalled = await app.job_manager.get_stalled_jobs(queue=_QUEUE, seconds_since_heartbeat=silence_s)
        for job in stalled:
            await self._put_back(app, job)

    async def _put_back(self, app: App, job: Job) -> None:
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:
            await app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)

    # --- the thread of the engine

    async def _sweep(self) -> None:
        """Put runs into the queue again that were lost from it: the owner has died, or a job came before its moment."""
        with suppress(StoreError):
            dead = dead_owners(self._store, self._crew.owner)
            now_us, lease_us = self._clock.ready_us(), self._store.now_us(self._clock.lease_us())
            self._queue.queue_lost(now_us, lease_us, dead, LIMITS.swept_at_once)

    async def _drive(self, run_no: int) -> None:
        """Drive a run when there is room, until it stands still; one that is over, held elsewhere or too early is left alone."""
        with suppress(WfnbError):
            if not await self._has_room():
                self._queue.queue_run(run_no)
                return
            run = await self._ready(run_no)
            if run is not None and self._crew.wants(run_no):
                self._crew.take_up(run)
        if (task := self._crew.tasks.get(run_no)) is not None:
            await asyncio.wait([task])

    async def _has_room(self) -> bool:
        """Wait for room, which runs may have taken that came without a job; False when there will be none."""
        while not self._leaving and self._crew.room() <= 0 and self._crew.tasks:
            await asyncio.wait(list(self._crew.tasks.values()), return_when=asyncio.FIRST_COMPLETED)
        return not self._leaving and self._crew.room() > 0

    async def _ready(self, run_no: int) -> RunRow | None:
        """The run, when its moment has come; by the clock of the server it may come a little earlier than by that of this machine."""
        run = self._store.run_by_no(run_no)
        if run is None or run.over or run.ready_us is None:
            return None
        early_s = max(0.0, (run.ready_us - self._clock.ready_us()) / 1_000_000)
        if early_s > self._crew.pace.round_s:
            return None
        await asyncio.sleep(early_s)
        return run
