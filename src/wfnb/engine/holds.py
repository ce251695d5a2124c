"""Holds of an engine: runs that its people keep standing, wherever they are driven, for as long as the engine lives.

Everything that is agreed stands in the row of the run, and is changed there by whoever has seen what stands there. A hold is
prolonged with the leases. When the process dies, nobody prolongs it, and the run goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from wfnb.debug.hold import Go, Hold, Holder
from wfnb.engine.clock import Clock
from wfnb.engine.owner import is_dead
from wfnb.errors import CommandError, NotFoundError, StoreError
from wfnb.model.values import JsonValue
from wfnb.store.port import Store
from wfnb.store.records import RunRow

__all__ = ["Holds"]

_TRIES = 100  # others change the hold too: whoever was slower looks again

Change = Callable[[Hold | None], Hold | None]


class Holds:
    """What an engine and the people in it agree with others about runs.

    Parameters
    ----------
    store, clock
        The engine's.
    key
        The name of the engine among those who hold runs.
    span_ms
        How long a hold lasts that is not prolonged.
    """

    def __init__(self, store: Store, clock: Clock, key: str, span_ms: Callable[[], int]) -> None:
        self.key = key
        self._store = store
        self._clock = clock
        self._span_ms = span_ms
        self._kept: set[int] = set()
        self._lock = threading.Lock()  # cells, the widget and the engine's thread come here

    def now_us(self) -> int:
        """The moment by which holds are judged."""
        return self._store.now_us(self._clock.lease_us())

    def on(self, run: RunRow) -> Hold | None:
        """The hold on a run, without those whose time is over."""
        hold = None if run.hold is None else Hold.of(run.hold)
        return None if hold is None else hold.at(self.now_us())

    def mine(self, run: RunRow) -> bool:
        """Whether this engine holds a run."""
        hold = self.on(run)
        return hold is not None and any(holder.key == self.key for holder in hold.holders)

    def stands(self, run: RunRow) -> bool:
        """Whether a run is held and nobody is at work on it any more."""
        hold = self.on(run)
        return hold is not None and hold.stands and not run.over and not self.driven(run)

    def driven(self, run: RunRow) -> bool:
        """Whether somebody who lives has a run."""
        if run.owner is None or is_dead(run.owner):
            return False
        return run.lease_until_us is None or run.lease_until_us > self.now_us()

    # --- agreeing

    def join(self, run_no: int, name: str, reason: str, keep_ms: int | None = None) -> Hold | None:
        """Hold a run, beside those who do: as long as this engine lives, or for a time in the name of a person."""
        now_us = self.now_us()
        key = self.key if keep_ms is None else name
        until_us = now_us + (self._span_ms() if keep_ms is None else keep_ms) * 1000
        holder = Holder(key, name, reason, now_us, until_us)

        def joined(hold: Hold | None) -> Hold:
            return (hold.stopped() if hold is not None else Hold(())).joined(holder)

        if keep_ms is None:
            with self._lock:
                self._kept.add(run_no)
        return self._change(run_no, joined)

    def leave(self, run_no: int, name: str, *, everybody: bool = False) -> Hold | None:
        """Hold a run no longer, or let nobody hold it; what is left of the hold."""
        with self._lock:
            self._kept.discard(run_no)

        def left(hold: Hold | None) -> Hold | None:
            return None if hold is None or everybody else hold.without(self.key, name)

        return self._change(run_no, left)

    def let(self, run_no: int, go: Go) -> Hold | None:
        """Let a held run go on so far."""
        return self._change(run_no, lambda hold: None if hold is None else hold.going(go))

    def stop(self, run_no: int) -> Hold | None:
        """Have a held run stand still again."""
        return self._change(run_no, lambda hold: None if hold is None else hold.stopped())

    def mark(self, run_no: int, breakpoints: tuple[dict[str, JsonValue], ...]) -> Hold | None:
        """Say where a held run stops by itself."""
        return self._change(
            run_no, lambda hold: None if hold is None else replace(hold, breakpoints=breakpoints)
        )

    # --- keeping

    def keep(self) -> None:
        """Prolong what this engine holds, and end the holds of those who have died on this machine."""
        with self._lock:
            kept = list(self._kept)
        for run_no in kept:
            with suppress(StoreError):
                if self._change(run_no, self._prolonged) is None:
                    with self._lock:
                        self._kept.discard(run_no)
        with suppress(StoreError):
            for run in self._store.held_runs():
                self._bury(run)

    def _prolonged(self, hold: Hold | None) -> Hold | None:
        """The hold with a later end; one that somebody else has ended stays ended."""
        mine = None if hold is None else next((one for one in hold.holders if one.key == self.key), None)
        if hold is None or mine is None:
            return hold
        return hold.joined(replace(mine, until_us=self.now_us() + self._span_ms() * 1000))

    def _bury(self, run: RunRow) -> None:
        hold = Hold.of(run.hold)
        dead = () if hold is None else tuple(one.key for one in hold.holders if is_dead(one.key))
        if dead:
            self._change(run.run_no, lambda hold: None if hold is None else hold.without(*dead))

    def close(self) -> None:
        """Hold nothing any more."""
        with self._lock:
            kept = list(self._kept)
        for run_no in kept:
            with suppress(StoreError, NotFoundError):
                self.leave(run_no, self.key)

    def _change(self, run_no: int, change: Change) -> Hold | None:
        for _ in range(_TRIES):
            run = self._store.run_by_no(run_no)
            if run is None:
                raise NotFoundError(f"There is no run number {run_no}.", code="NO_SUCH_RUN")
            hold = None if run.over else change(self.on(run))
            text = None if hold is None else hold.text
            stands_us = hold.until_us if hold is not None and hold.stands else None
            if text == run.hold or self._store.change_hold(run_no, run.hold, text, stands_us):
                return hold
        raise CommandError("The hold changes faster than it can be changed.", where=f"run number {run_no}")
