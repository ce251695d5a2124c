"""Ids of runs: sortable by time, or counted, when a workspace is seeded."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from functools import lru_cache
from typing import Protocol

__all__ = ["CountedIds", "Ids", "TimeIds", "spread_of"]


class Ids(Protocol):
    """Gives every run an id."""

    def next(self) -> tuple[str, int]:
        """A new id and its number (1 for the first run)."""

    def unused(self, run_id: str) -> None:
        """Take back an id that no run got."""


class TimeIds:
    """UUIDs of version 7 (RFC 9562): they sort by the time they were made."""

    def next(self) -> tuple[str, int]:
        """A new id; the number means nothing here."""
        millis = time.time_ns() // 1_000_000
        number = (millis << 80) | int.from_bytes(os.urandom(10))
        number = number & ~(0xF << 76) | (0x7 << 76)
        number = number & ~(0x3 << 62) | (0x2 << 62)
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}", 1

    def unused(self, run_id: str) -> None:
        """Nothing: there are enough of them."""


class CountedIds:
    """``run-0001``, ``run-0002`` ...: the same in every execution of a notebook."""

    _FORM = re.compile(r"^run-(\d+)$")

    def __init__(self, last: int = 0) -> None:
        self._last = last
        self._lock = threading.Lock()

    @classmethod
    def number_of(cls, run_id: str) -> int | None:
        """The number in a counted id, or None for any other id."""
        found = cls._FORM.match(run_id)
        return int(found[1]) if found else None

    def next(self) -> tuple[str, int]:
        """The next id and its number."""
        with self._lock:
            self._last += 1
            return f"run-{self._last:04d}", self._last

    def unused(self, run_id: str) -> None:
        """Count back, when the id was the last one given."""
        with self._lock:
            if self.number_of(run_id) == self._last:
                self._last -= 1


def spread_of(seed: int | None, run_id: str, seq: int) -> float:
    """A number in [0, 1) that places the jitter of a retry; the same for the same seed, run and macrostep."""
    mixed = (
        _base(seed, run_id) + seq * 0x9E3779B97F4A7C15
    ) & _MASK  # SplitMix64 (Steele, Lea and Flood, 2014)
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((mixed ^ (mixed >> 31)) >> 11) / 2**53


_MASK = 2**64 - 1


@lru_cache(maxsize=4096)
def _base(seed: int | None, run_id: str) -> int:
    """Where the numbers of a run begin."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{run_id}".encode()).digest()[:8])
