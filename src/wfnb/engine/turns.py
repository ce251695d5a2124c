"""Turns: under simulated time one run is driven at a time, in the order in which runs began; under real time all of them are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["Turns"]


class Turns:
    """Hands out the right to drive.

    Parameters
    ----------
    one_at_a_time
        Whether runs take turns. Then the order of effects is the same in every execution, also when a long run lets the loop
        do other things in between.
    """

    def __init__(self, *, one_at_a_time: bool) -> None:
        self._lock = asyncio.Lock() if one_at_a_time else None

    @asynccontextmanager
    async def mine(self) -> AsyncIterator[None]:
        """Wait for the turn and keep it."""
        if self._lock is None:
            yield
            return
        async with self._lock:
            yield

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[None]:
        """Give the turn away while waiting for another run, and take it back."""
        if self._lock is None:
            yield
            return
        self._lock.release()
        try:
            yield
        finally:
            await self._lock.acquire()
