"""Films of runs of the pure machine: what a store would hold of them, in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from unit.machine.world import World
from wfnb.debug.breakpoints import Ahead
from wfnb.debug.film import Film, StepMark
from wfnb.debug.microsteps import Given, Microstep, microsteps_of
from wfnb.debug.reel import Reel
from wfnb.machine import pipeline
from wfnb.machine.messages import Advance, Start, StepCanceled, StepFailed, StepStarted, StepSucceeded
from wfnb.machine.state import State, compact, fold
from wfnb.model.paths import definition_path
from wfnb.model.values import Write

__all__ = ["Recorded", "recorded"]


class Recorded:
    """A finished world as the source of a film."""

    def __init__(self, world: World, start: State) -> None:
        self.world = world
        self.program = world.program
        self.start = start
        self.macrosteps = world.macrosteps
        self.written = [
            compact(write for event in events for write in event.writes) for _, events in world.macrosteps
        ]
        self.rows: dict[int, list[Any]] = {}
        opened: dict[tuple[str, int], int] = {}
        for seq, (_, events) in enumerate(world.macrosteps, 1):
            for event in events:
                if isinstance(event, StepStarted):
                    self.rows[seq] = [event, None, None]
                    opened[event.instance, event.attempt] = seq
                elif isinstance(event, StepSucceeded | StepFailed | StepCanceled):
                    begin = opened.pop((event.instance, event.attempt))
                    self.rows[begin][1:] = [seq, event]
        self.film = Film(self)
        self.film.extend(len(self.macrosteps), over=True)
        self.reel = Reel(
            "run-0001", self.film, inside=self.inside, action=self._action, parallel=self._parallel
        )

    def ends(self, from_seq: int) -> Iterator[tuple[int, int | None, int]]:
        for seq, (_, end, event) in sorted(self.rows.items()):
            if seq >= from_seq:
                error = getattr(event, "error", None)
                retried = getattr(event, "handled_by", None) == "retry"
                yield seq, end, 0 if error is None else 1 if retried else 2

    def steps(self, begins: Sequence[int]) -> dict[int, StepMark]:
        return {seq: self._mark(*self.rows[seq]) for seq in begins}

    def _mark(self, begun: StepStarted, _end: int, ended: Any) -> StepMark:
        handled = getattr(ended, "handled_by", None)
        failed = "RETRY_SCHEDULED" if handled == "retry" else "FAILED"
        status = "SUCCEEDED" if isinstance(ended, StepSucceeded) else failed
        return StepMark(
            begun.step_id, begun.type, begun.instance, status, begun.attempt, getattr(ended, "branch", None),
            getattr(ended, "error", None), handled,
        )  # fmt: skip

    def writes(self, after: int, upto: int) -> list[tuple[int, int, tuple[Write, ...]]]:
        return [
            (seq, self.macrosteps[seq - 1][0].at_us, tuple(self.written[seq - 1]))
            for seq in range(after + 1, upto + 1)
        ]

    def state(self, seq: int) -> State:
        return fold(self.start, (write for writes in self.written[:seq] for write in writes))

    def inside(self, position: int) -> Sequence[Microstep]:
        seqs = range(self.film.seq_at(position - 1) + 1, self.film.seq_at(position) + 1)
        stored = [
            tuple(Write.from_json(json.loads(json.dumps(w.to_json()))) for w in self.written[seq - 1])
            for seq in seqs
        ]
        given = [
            Given(seq, "", writes, self.macrosteps[seq - 1][0])
            for seq, writes in zip(seqs, stored, strict=True)
        ]
        return microsteps_of(pipeline, self.program, self.film.state(position - 1), given)

    def _action(self, path: str) -> str | None:
        step = self.program.step(path)
        return f"{step.action.id}@{step.action.version}" if step and step.action else None

    def _parallel(self, owner: str) -> bool:
        step = self.program.step(definition_path(owner)) if owner else None
        return step is not None and step.width > 1


def recorded(
    steps: list[dict[str, Any]],
    actions: dict[str, Callable[[Any], Any]] | None = None,
    payload: Any = None,
    *,
    together: bool = False,
) -> Recorded:
    """A run to its end, as a film; `together`: items of a parallel loop take turns."""
    world = World(steps, actions, payload)
    start = world.state
    if not together:
        world.run()
        return Recorded(world, start)
    world.send(Start(at_us=world.tick()))
    while not world.state.terminal:
        if world.state.can_advance:
            world.send(Advance(at_us=world.tick()))
        else:
            oldest = next(
                e.effect_id for e in world.events if getattr(e, "effect_id", "") in world.state.pending
            )
            world.send(world.answer(oldest, world.state.pending[oldest]))
    return Recorded(world, start)


def ahead(reel: Reel) -> list[str | None]:
    """Ids of the steps that come next, for every position."""
    found: list[Ahead | None] = [reel.ahead(position) for position in range(reel.length + 1)]
    return [None if one is None else one.id for one in found]
