"""A worker: one thread that does what widgets are asked to, in order, so that a kernel's callback returns at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

__all__ = ["Worker"]


class Worker:
    """Does calls one after another on a thread of its own, which begins with the first call and never keeps a process alive."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def __call__(self, call: Callable[[], None]) -> None:
        """Do `call` soon; it must catch its own errors."""
        self._calls.put(call)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="wfnb-widget", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            self._calls.get()()
