"""A store, actions and a clock whose n-th call goes wrong, each in every way in which it may."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from unit.machine.world import Anything
from wfnb.engine.clock import SimulatedClock
from wfnb.errors import StoreError
from wfnb.registry.actions import ActionContext
from wfnb.store.port import Store

KINDS = ("before", "after", "hang", "cut")
"""How a call goes wrong: it fails and has changed nothing; it fails although its effect is there; it takes so long that the
lease is over and another process has gone on meanwhile; it is the last one, because the disk is gone."""

_UNGUARDED = frozenset({"location", "close"})


@dataclass(slots=True)
class Faults:
    """Counts the calls of one face of the world, and makes number `fatal` go wrong.

    Parameters
    ----------
    kind
        One of `KINDS`.
    fatal
        Number of the call, from 0; None for none.
    meanwhile
        What other processes do while a call hangs.
    """

    kind: str = "before"
    fatal: int | None = None
    meanwhile: Callable[[], None] = lambda: None
    count: int = 0
    hit: bool = False
    names: list[str] = field(default_factory=list)
    _lock: Any = field(default_factory=threading.Lock)

    def strikes(self, name: str) -> str | None:
        """The kind of fault that this call has, if it has one; after a cut all have it."""
        with self._lock:
            number = self.count
            self.count += 1
            self.names.append(name)
        if number == self.fatal:
            self.hit = True
            return self.kind
        return "cut" if self.hit and self.kind == "cut" else None


def broken(name: str) -> StoreError:
    """What a store says when it cannot be used."""
    return StoreError(f"The state file cannot be used: {name} failed.", code="STORE_BUSY")


class FaultyStore:
    """A store whose n-th call goes wrong."""

    def __init__(self, disk: Store, faults: Faults) -> None:
        self._disk = disk
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._disk, name)
        return self._guarded(name, found) if inspect.ismethod(found) and name not in _UNGUARDED else found

    def _guarded(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            match self._faults.strikes(name):
                case "before" | "cut":
                    raise broken(name)
                case "after":
                    method(*args, **options)
                    raise broken(name)
                case "hang":
                    self._faults.meanwhile()
            return method(*args, **options)

        return call


def faulty_action(function: Callable[[Any, ActionContext], Any], faults: Faults) -> Callable[..., Any]:
    """An action whose n-th call goes wrong in a way that it has not foreseen."""

    def act(data: Anything, ctx: ActionContext) -> Anything:
        match faults.strikes(function.__name__):
            case "before" | "cut":
                raise OSError("no answer")
            case "after":
                function(data, ctx)
                raise OSError("the answer was lost")
            case "hang":
                faults.meanwhile()
        return function(data, ctx)

    return act


class FaultyClock(SimulatedClock):
    """Simulated time whose n-th question goes wrong. Leases go by `late_us`, which a test moves on."""

    def __init__(self, faults: Faults) -> None:
        super().__init__("2026-01-01", seed=3)
        self._faults = faults
        self.late_us = 0

    def _ask(self, name: str) -> None:
        match self._faults.strikes(name):
            case "before" | "after" | "cut":
                raise OSError("the clock does not answer")
            case "hang":
                self._faults.meanwhile()

    def start_us(self, run_id: str, number: int) -> int:
        self._ask("start_us")
        return super().start_us(run_id, number)

    def moment_us(self, run_id: str, seq: int, after_us: int, *, acted: bool) -> int:
        self._ask("moment_us")
        return super().moment_us(run_id, seq, after_us, acted=acted)

    def due_now_us(self, due_us: int) -> int | None:
        self._ask("due_now_us")
        return super().due_now_us(due_us)

    def lease_us(self) -> int:
        self._ask("lease_us")
        return self.late_us
