"""A daemon thread with an event loop of its own, and ways for other threads to have things done on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["LoopThread"]

T = TypeVar("T")


class LoopThread:
    """Begins at once, and ends with `stop`.

    Examples
    --------
    >>> thread = LoopThread("example")
    >>> thread.call(lambda: 6 * 7)
    42
    >>> thread.stop()
    """

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    def call(self, function: Callable[[], T]) -> T:
        """What a function gives when it is called on the thread."""

        async def run() -> T:
            return function()

        return self.wait_for(run())

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine gives that runs on the thread."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result()

    def stop(self) -> None:
        """End the thread; what is still on the loop ends with it."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=10)
