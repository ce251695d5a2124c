"""Clocks: the real one, and a simulated one that gives every run the same times on every machine."""

from __future__ import annotations

import time
from typing import Protocol

from wfnb.engine.ids import spread_of
from wfnb.errors import ValidationError
from wfnb.model.times import parse_iso

__all__ = ["Clock", "SimulatedClock", "SystemClock"]

_FIRST_US, _LAST_US = parse_iso("0001-01-01"), parse_iso("9000-01-01")  # runs need years after it


class Clock(Protocol):
    """Where time comes from. Moments are microseconds since 1970 (UTC)."""

    @property
    def simulated(self) -> bool:
        """Whether waiting costs no real time."""

    def start_us(self, run_id: str, number: int) -> int:
        """When run number `number` begins."""

    def moment_us(self, run_id: str, seq: int, after_us: int, *, acted: bool) -> int:
        """When macrostep `seq` of a run happens: never before `after_us`. `acted` says that an action came before it."""

    def due_now_us(self, due_us: int) -> int | None:
        """The moment at which a wait until `due_us` is over, or None when that lies ahead."""

    def expired_us(self, due_us: int) -> int | None:
        """The moment at which somebody has waited until `due_us` in vain, or None when there is time left."""

    def ready_us(self) -> int:
        """The moment up to which parked runs are to be set going."""

    def lease_us(self) -> int:
        """Real time, whatever runs are told. Leases are judged by it, unless the store has a clock of its own: `Store.now_us`."""


class SystemClock:
    """Real time."""

    simulated = False

    def start_us(self, run_id: str, number: int) -> int:  # noqa: ARG002 - real time is the same for every run
        """Now."""
        return self.lease_us()

    def moment_us(self, run_id: str, seq: int, after_us: int, *, acted: bool) -> int:  # noqa: ARG002 - as above
        """Now, or `after_us` when the system's clock was set back."""
        return max(self.lease_us(), after_us)

    def due_now_us(self, due_us: int) -> int | None:
        """Now, when the moment has come."""
        now = self.lease_us()
        return now if now >= due_us else None

    def expired_us(self, due_us: int) -> int | None:
        """Now, when the moment has come."""
        return self.due_now_us(due_us)

    def ready_us(self) -> int:
        """Now."""
        return self.lease_us()

    def lease_us(self) -> int:
        """Now."""
        return time.time_ns() // 1000


class SimulatedClock:
    """Time that depends on nothing but the start, the seed and the run itself.

    Run number *n* begins `gap_ms` after the run before it. Each macrostep takes `tick_ms` on average, one that ends an action
    ten times as long, spread by the seed; waiting takes no real time. So a notebook shows the same times whenever and wherever
    it is run, also when several runs are under way at once.

    Parameters
    ----------
    start
        ISO 8601 moment of the first run.
    seed
        Chooses the spread.
    gap_ms, tick_ms
        Milliseconds between runs, and of a macrostep on average.

    Examples
    --------
    >>> clock = SimulatedClock("2026-01-01", seed=1)
    >>> clock.start_us("run-0002", 2) - clock.start_us("run-0001", 1)
    60000000
    """

    simulated = True

    def __init__(self, start: str, *, seed: int = 0, gap_ms: int = 60_000, tick_ms: float = 2.0) -> None:
        self._start_us = parse_iso(start)
        if not _FIRST_US <= self._start_us < _LAST_US:
            raise ValidationError(
                "A simulated clock begins between the years 1 and 9000.", code="INVALID_TIME", where="clock"
            )
        self._seed = seed
        self._passed_us = self._start_us
        self._gap_us = gap_ms * 1000
        self._tick_us = tick_ms * 1000
        if tick_ms <= 0 or gap_ms < 0:
            raise ValidationError("A simulated clock needs a tick above zero and a gap of zero or more.")

    def start_us(self, run_id: str, number: int) -> int:  # noqa: ARG002 - the number alone places a run
        """The start of the clock plus one gap for every run before."""
        return self._start_us + (number - 1) * self._gap_us

    def moment_us(self, run_id: str, seq: int, after_us: int, *, acted: bool) -> int:
        """`after_us` plus the time this macrostep takes."""
        mean = self._tick_us * (10 if acted else 1)
        return after_us + max(1, round(mean * (0.4 + 1.2 * spread_of(self._seed, f"clock {run_id}", seq))))

    def due_now_us(self, due_us: int) -> int | None:
        """The moment itself: simulated waits are over at once."""
        return due_us

    def expired_us(self, due_us: int) -> int | None:
        """The moment itself, once time was made to pass beyond it: nobody answers in no time."""
        return due_us if due_us <= self._passed_us else None

    def ready_us(self) -> int:
        """The moment up to which time was made to pass."""
        return self._passed_us

    def pass_time(self, after_us: int, span_us: int) -> None:
        """Make time pass for whoever waits: `span_us` beyond `after_us`, or beyond the moment it has come to."""
        self._passed_us = max(self._passed_us, after_us) + span_us

    def lease_us(self) -> int:
        """Real time: leases are between processes, not inside a story."""
        return time.time_ns() // 1000
