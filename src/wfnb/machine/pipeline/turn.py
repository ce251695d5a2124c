"""One turn of the pipeline machine: events as they are decided, with the state that each leaves."""

from __future__ import annotations

from collections.abc import Iterable

from wfnb.machine.messages import Event
from wfnb.machine.pipeline import frames
from wfnb.machine.protocol import Evaluate
from wfnb.machine.state import State, evolve, fold
from wfnb.model.values import JsonValue, Write
from wfnb.validate.program import LinkedStep, Program, Target
from wfnb.validate.template import Scope, Template

__all__ = ["Turn"]


class Turn:
    """Collects the events of one command. The state given is never changed; each event makes a new one."""

    def __init__(self, program: Program, state: State, evaluate: Evaluate, at_us: int, spread: float) -> None:
        self.program = program
        self.state = state
        self.at_us = at_us
        self.spread = spread
        self.in_lane = False
        self.microsteps: list[tuple[Event, State]] = []
        self._place: tuple[object, str] = (
            None,
            "",
        )  # of the step under way, for as long as the frames are these
        self._evaluate = evaluate
        self._tried: dict[str, int] = state.tree.get("tried", {})
        self.forked = "fork" in state.tree

    def within(self, lane: State) -> Turn:
        """A turn of the same moment in a parallel item."""
        turn = Turn(self.program, lane, self._evaluate, self.at_us, self.spread)
        turn.in_lane = True
        turn._tried = self._tried
        turn.forked = self.forked
        return turn

    def emit(self, event: Event) -> None:
        """Add an event and take the state on."""
        self.state = evolve(self.state, event)
        self.microsteps.append((event, self.state))

    @property
    def step(self) -> LinkedStep:
        """The step under way."""
        step = frames.current_step(self.program, self.state)
        if step is None:
            raise AssertionError("a turn that asks for its step has one: settle() left the block otherwise")
        return step

    @property
    def instance(self) -> str:
        """Instance path of the step under way."""
        stack = self.state.tree["frames"]
        if self._place[0] is not stack:
            self._place = (stack, frames.instance_of(self.state))
        return self._place[1]

    @property
    def attempt(self) -> int:
        """Number of the attempt under way or next, from 1; it goes on counting when a person has the run retried."""
        return self.tries + (self._tried.get(self.instance, 0) if self._tried else 0)

    @property
    def tries(self) -> int:
        """How many of the attempts that the retry policy allows have begun with the one under way or next."""
        return int(self.state.frames[-1]["failed"]) + 1

    def value(self, template: Template, envelope: dict[str, JsonValue] | None = None) -> JsonValue:
        """Evaluate against the current envelope, or a given one."""
        variables = frames.loop_variables(self.state)
        roots = self.state.envelope if envelope is None else envelope
        return self._evaluate(template, Scope(roots, self.at_us, variables))

    def assignments(self, targets: Iterable[Target], extra: Iterable[Write] = ()) -> list[Write]:
        """Writes of assignments, in order: later ones see earlier ones, and nothing is written when one fails."""
        scratch = fold(self.state, extra)
        writes: list[Write] = []
        for target in targets:
            if writes:  # not after the last one: nothing reads what it would leave
                scratch = fold(scratch, (writes[-1],))
            writes.append(Write(("envelope", *target.path), self.value(target.value, scratch.envelope)))
        return writes
