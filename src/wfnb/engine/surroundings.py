"""What the driver of a run needs from the engine around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from wfnb.engine.clock import Clock
from wfnb.engine.performers import Performer
from wfnb.engine.programs import Programs
from wfnb.engine.secrets import NO_SECRETS, Secrets
from wfnb.machine.state import State
from wfnb.model.values import JsonValue
from wfnb.registry.actions import ActionRegistry
from wfnb.store.port import Store
from wfnb.store.records import RunRow

__all__ = ["Surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a driver needs from the engine around it.

    `child` begins the child run that a pending effect asks for, unless it is there already; `standstill` waits until a run is
    over or waits itself; `committed` hears of the state after every commit, and whether the run was parked with it; `secrets`
    gives out the values that a call asks for; `programs` links the versions that a fork comes from.
    """

    store: Store
    actions: ActionRegistry
    clock: Clock
    performer: Performer
    seed: int | None
    child: Callable[[RunRow, str, dict[str, JsonValue]], RunRow]
    standstill: Callable[[RunRow], Awaitable[RunRow]]
    committed: Callable[[State, bool], None]
    programs: Programs
    secrets: Secrets = NO_SECRETS
