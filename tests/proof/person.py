"""A person at a workspace who tries again when something goes wrong, and the ending of what was begun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import wfnb
from proof.faults import Faults, FaultyClock, FaultyStore, faulty_action
from sim.crashing import Outside, Process
from sim.ending import BENCH, PAYLOAD, Ending, read
from sim.reference import CHILDREN, WORKFLOWS
from wfnb.engine.programs import Programs
from wfnb.errors import WfnbError
from wfnb.machine.state import TERMINAL
from wfnb.store.port import Store

T = TypeVar("T")
TRIES = 12
WAIT_S = 20.0  # far more than a run takes: who waits that long is stuck
HOUR_US = 3_600_000_000


class Person:
    """Publishes a reference workflow, starts it once, and waits for its end, however often that takes.

    Parameters
    ----------
    disk
        What survives.
    face
        ``store``, ``actions`` or ``clock``: what goes wrong.
    """

    def __init__(
        self, disk: Store, name: str, *, face: str, faults: Faults, change: Callable[[Any], Any]
    ) -> None:
        self.disk = disk
        self.codes: Counter[str] = Counter()
        self._name = name
        self._face = face
        self._faults = faults
        self._change = change
        faults.meanwhile = self.rival

    def rival(self) -> None:
        """Another process finds the leases over and goes on with all runs."""
        programs = Programs(self.disk, BENCH.catalog)
        Process(self.disk, programs, BENCH.catalog.actions, "rival", None).go_on()

    def work(self) -> None:
        """Until it is done: in one workspace, or in a second one when the first can do nothing any more."""
        BENCH.outside = Outside()
        if not self._sit_down(self._faults):
            assert self._sit_down(Faults(), late_us=HOUR_US), ("no recovery", self._name, self.codes)

    def ending(self) -> Ending:
        """What is there now."""
        return read(self.disk, BENCH.outside, 0)

    def _sit_down(self, faults: Faults, late_us: int = 0) -> bool:
        clock = FaultyClock(faults if self._face == "clock" else Faults())
        clock.late_us = late_us
        store: Any = FaultyStore(self.disk, faults) if self._face == "store" else self.disk
        ws = self._persist(lambda: wfnb.open(Path("unused"), store=store, clock=clock, seed=3))
        if ws is None:
            return False
        try:
            return self._run(ws, faults if self._face == "actions" else Faults())
        finally:
            self._once(ws.close)

    def _run(self, ws: wfnb.Workspace, faults: Faults) -> bool:
        for function in (BENCH.pay, BENCH.late, BENCH.odd_only, BENCH.refuse):
            ws.action(function.__name__, side_effect=True, idempotency="engine")(
                faulty_action(function, faults)
            )
        for name, steps in {**CHILDREN, f"{self._name}-run": WORKFLOWS[self._name]}.items():
            written = {"id": name, "name": name, "steps": self._change(steps)}
            if self._persist(lambda written=written: ws.publish(written)) is None:
                return False
        run = self._persist(lambda: ws.start(f"{self._name}-run", PAYLOAD, key="once"))
        return run is not None and self._persist(lambda: run.wait(WAIT_S).status in TERMINAL) is True

    def _persist(self, what: Callable[[], T]) -> T | None:
        """Try again and again; None when it is in vain."""
        for _ in range(TRIES):
            done, value = self._once(what)
            if done:
                return value
        return None

    def _once(self, what: Callable[[], T]) -> tuple[bool, T | None]:
        try:
            return True, what()
        except WfnbError as error:
            self.codes[error.code] += 1
        except OSError as error:
            # A clock is handed in by the person: its own error on the person's own thread is the person's.
            if self._face != "clock" or str(error) != "the clock does not answer":
                raise
            self.codes["the clock's own"] += 1
        return False, None
