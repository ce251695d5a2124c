"""A worker: drives runs until it is told to stop, and tells the tables that it lives."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue

from wfnb.engine.dispatch import Dispatch
from wfnb.engine.engine import Engine
from wfnb.engine.lookout import Lookout
from wfnb.engine.pace import Pace
from wfnb.errors import StoreError
from wfnb.limits import LIMITS
from wfnb.services import workers
from wfnb.services.workers import WorkerRow
from wfnb.store.database import Database

__all__ = ["Worker"]

_BEAT_S = LIMITS.worker_beat_ms / 1000


class Worker:
    """Made by ``ws.worker()``; `run` works, `stop` ends it.

    Parameters
    ----------
    database, engine
        Where it tells that it lives, and what drives.
    pace
        How many runs at once, how often it looks for more, how long its leases hold.
    name
        What people call it; the process and a random part are added.
    dispatch
        How it comes by runs.
    stop_within_s
        How long it waits for steps under way when it is told to stop.
    say
        Hears of every change of state, in a line for people.
    """

    def __init__(
        self,
        database: Database,
        engine: Engine,
        pace: Pace,
        *,
        name: str,
        dispatch: Dispatch = Lookout,
        stop_within_s: float,
        say: Callable[[str], None],
    ) -> None:
        self._database = database
        self._engine = engine
        self._pace = pace
        self._dispatch = dispatch
        self._stop_within_s = stop_within_s
        self._say = say
        self._orders: SimpleQueue[None] = SimpleQueue()  # may be put to by a signal's function
        now_us = engine.clock.lease_us()
        worker_id = f"{name}-{os.getpid()}-{secrets.token_hex(2)}"
        self._row = WorkerRow(
            worker_id, socket.gethostname(), os.getpid(), "starting", pace.runs or 0, 0, 0, now_us, now_us
        )

    @property
    def id(self) -> str:
        """Its name among the workers of a store."""
        return self._row.worker_id

    @property
    def state(self) -> str:
        """Starting, running, stopping or stopped."""
        return self._row.state

    def stop(self) -> None:
        """Ask it to stop; from any thread, and from the function of a signal."""
        self._orders.put(None)

    def run(self) -> int:
        """Drive runs until `stop`; how many runs it had to leave in the middle of a step.

        A run that is left at the end of a step goes on wherever there is room.
        """
        with suppress(StoreError):
            workers.forget_old(self._database, self._engine.clock.lease_us())
        self._enter("starting")
        self._engine.drive(self._pace, self._dispatch)
        self._enter("running", f"up to {self._pace.runs} runs at once")
        while not self._told_to_stop():
            self._beat()
        self._engine.retire(0)  # before it is said: who hears it may rely on it
        self._enter("stopping", f"{self._engine.running} runs under way")
        late = self._leave()
        left = f", {late} left in the middle of a step" if late else ""
        self._enter("stopped", f"{self._engine.finished} runs ended here{left}")
        return late

    def _told_to_stop(self) -> bool:
        try:
            self._orders.get(timeout=_BEAT_S)
        except Empty:
            return False
        return True

    def _leave(self) -> int:
        """Let steps under way end, and go on telling that it lives; how many runs did not end their step in time."""
        deadline = time.monotonic() + self._stop_within_s
        while True:
            left_s = deadline - time.monotonic()
            late = self._engine.retire(max(0.0, min(_BEAT_S, left_s)))
            if not late or left_s <= 0:
                return late
            self._beat()

    def _enter(self, state: str, detail: str = "") -> None:
        self._row = replace(self._row, state=state)
        self._beat()
        self._say(f"{self.id}: {state}{f', {detail}' if detail else ''}")

    def _beat(self) -> None:
        self._row = replace(
            self._row,
            running=self._engine.running,
            finished=self._engine.finished,
            beat_us=self._engine.clock.lease_us(),
        )
        with suppress(StoreError):  # tables that do not answer now may answer at the next beat
            workers.beat(self._database, self._row)
