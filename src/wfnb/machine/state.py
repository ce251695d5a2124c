"""The state of a run, as one JSON tree that only writes change.

``evolve`` applies what an event carries and does nothing else, so it cannot fail, and the state at any point is a checkpoint
and the writes after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wfnb.machine.messages import Event
from wfnb.model.times import iso
from wfnb.model.values import JsonValue, Path, Write, apply_writes

__all__ = ["TERMINAL", "State", "can_advance", "compact", "evolve", "fold", "initial_state", "pending_of"]

TERMINAL = frozenset({"SUCCEEDED", "FAILED", "CANCELED"})
"""Statuses of a run that is over. They never change again, unless a person has a failed run retried."""


@dataclass(frozen=True, slots=True)
class State:
    """A run between two commands.

    Parameters
    ----------
    run_id
        The run.
    tree
        ``status``; ``envelope`` (what expressions read); ``frames`` (where execution stands, innermost last); ``pending``
        (effects that were scheduled and have not ended, by effect id).
    """

    run_id: str
    tree: dict[str, JsonValue]

    @property
    def status(self) -> str:
        """PENDING before the start, then RUNNING, WAITING, SUCCEEDED, FAILED or CANCELED."""
        status: str = self.tree["status"]
        return status

    @property
    def envelope(self) -> dict[str, JsonValue]:
        """Run facts, payload, meta, vars, and the last error."""
        envelope: dict[str, JsonValue] = self.tree["envelope"]
        return envelope

    @property
    def frames(self) -> list[dict[str, JsonValue]]:
        """Blocks that execution is in, outermost first."""
        frames: list[dict[str, JsonValue]] = self.tree["frames"]
        return frames

    @property
    def pending(self) -> dict[str, dict[str, JsonValue]]:
        """Scheduled effects by id, those of parallel items included."""
        return pending_of(self.tree)

    @property
    def can_advance(self) -> bool:
        """Whether a next step can begin, here or in a parallel item."""
        return can_advance(self)

    @property
    def terminal(self) -> bool:
        """Whether the run is over."""
        return self.status in TERMINAL


def initial_state(
    run_id: str,
    *,
    workflow_id: str,
    workflow_version: int,
    started_at_us: int,
    payload: JsonValue,
    meta: JsonValue,
    tenant: str = "local",
) -> State:
    """The state before the first command."""
    run = {
        "id": run_id,
        "workflowId": workflow_id,
        "workflowVersion": workflow_version,
        "startedAt": iso(started_at_us),
    }
    if tenant != "local":
        run["tenant"] = tenant
    envelope = {"v": 1, "run": run, "payload": payload, "meta": meta, "vars": {}}
    return State(run_id, {"status": "PENDING", "envelope": envelope, "frames": [], "pending": {}})


def pending_of(tree: dict[str, JsonValue]) -> dict[str, dict[str, JsonValue]]:
    """Scheduled effects of a state tree, in the order of the items they belong to."""
    pending: dict[str, dict[str, JsonValue]] = tree["pending"]
    frames = tree["frames"]
    if not frames or "lanes" not in frames[-1]:
        return pending
    merged = dict(pending)
    lanes = frames[-1]["lanes"]["open"]
    for index in sorted(lanes, key=int):
        merged.update(pending_of(lanes[index]))
    return merged


def can_advance(state: State) -> bool:
    """Whether a next step can begin, here or in a parallel item."""
    if state.status not in ("RUNNING", "WAITING"):
        return False
    frames = state.frames
    if frames and "lanes" in frames[-1]:
        lanes = frames[-1]["lanes"]["open"].values()
        return any(can_advance(State(state.run_id, lane)) for lane in lanes)
    return state.status == "RUNNING" and not state.tree["pending"]


def evolve(state: State, event: Event) -> State:
    """The state after an event."""
    return State(state.run_id, apply_writes(state.tree, event.writes)) if event.writes else state


def fold(state: State, writes: Iterable[Write]) -> State:
    """The state after recorded writes: time travel and recovery."""
    return State(state.run_id, apply_writes(state.tree, writes))


def compact(writes: Iterable[Write]) -> list[Write]:
    """Writes without those on a frame's fields that a later one overrides: what is stored of a macrostep.

    Fields of frames are there from the beginning, so leaving out an earlier value changes neither what comes out nor the order
    of keys. Writes on the envelope are all kept: the debugger tells them one by one.
    """
    kept: list[Write] = []
    overridden: set[Path] = set()
    for write in reversed(list(writes)):
        if write.path[0] == "frames" and len(write.path) > 2 and "lanes" not in write.path:
            if write.path in overridden:
                continue
            overridden.add(write.path)
        elif write.path[0] == "frames":
            overridden.clear()  # a frame came or went: the same path is another frame's field before it
        kept.append(write)
    kept.reverse()
    return kept
