"""The clock of a server, as a client keeps it: asked now and then, and carried on by the steady clock of the process.

So a client whose own clock is wrong, or is set while it runs, judges leases as everybody else does, and asks nothing for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["ServerClock"]

_FRESH_US = (
    10_000_000  # steady clocks differ by microseconds in this time, and a server's clock is hardly ever set
)


class ServerClock:
    """What time it is on the server.

    Parameters
    ----------
    ask
        Asks the server, in microseconds since 1970.
    steady_us
        A clock that only goes forward.

    Examples
    --------
    >>> steady = iter([5, 7, 1_006, 2_006])
    >>> clock = ServerClock(lambda: 1_000_000, lambda: next(steady))
    >>> clock.now_us(), clock.now_us(), clock.now_us()
    (1000001, 1001000, 1002000)
    """

    def __init__(
        self, ask: Callable[[], int], steady_us: Callable[[], int] = lambda: time.monotonic_ns() // 1000
    ) -> None:
        self._ask = ask
        self._steady_us = steady_us
        self._asked: tuple[int, int] | None = None  # when, and by how much the server's clock is ahead

    def now_us(self) -> int:
        """The server's moment."""
        before_us = self._steady_us()
        if self._asked is None or before_us - self._asked[0] > _FRESH_US:
            server_us = self._ask()
            after_us = self._steady_us()
            self._asked = (after_us, server_us - (before_us + after_us) // 2)
            return after_us + self._asked[1]
        return before_us + self._asked[1]
