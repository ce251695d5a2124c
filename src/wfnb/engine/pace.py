"""Pace: how many runs an engine drives at once, how often it looks for more, and how long its leases hold."""

from __future__ import annotations

from dataclasses import dataclass

from wfnb.limits import LIMITS

__all__ = ["KERNEL", "Pace"]


@dataclass(frozen=True, slots=True)
class Pace:
    """How an engine works.

    `runs` is how many it drives at once, 0 for none and None for any number; the others stay in the tables, ready for whoever
    has room. Every `look_s` it looks for runs that another process has set going; every `round_s` it renews its leases and looks
    for owners that have died. A lease that was not renewed for `lease_ms` is free.

    Examples
    --------
    >>> Pace(runs=4, lease_ms=3_000).round_s
    1.0
    """

    runs: int | None = LIMITS.runs_at_once
    look_s: float = 0.25
    longest_round_s: float = 5.0  # pipeline specification, 4.14
    lease_ms: int = LIMITS.lease_ms

    @property
    def round_s(self) -> float:
        """Seconds between two renewals: two of them may fail before a lease runs out."""
        return min(self.longest_round_s, self.lease_ms / 3_000)


KERNEL = Pace()
"""The pace of a notebook: it drives what it starts."""
