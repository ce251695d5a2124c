"""From a record back to the commands: what arrived at every macrostep, as the machine was given it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from wfnb.errors import CommandError
from wfnb.machine.messages import (
    Advance,
    Cancel,
    Command,
    Completed,
    Doubted,
    Event,
    Failed,
    Fired,
    Retry,
    Signaled,
    Start,
    StepFailed,
    StepStarted,
)
from wfnb.machine.pipeline.waits import RESUMED
from wfnb.machine.record import Given, Record, removed_effect
from wfnb.machine.state import State
from wfnb.model.paths import definition_path
from wfnb.model.policies import RetryPolicy
from wfnb.model.values import JsonValue
from wfnb.validate.program import Program

__all__ = ["COMMANDS", "Commands", "Past"]

_RETRY: Final = '"waitType":"retry"'
_ATTEMPT: Final = re.compile(r'"waitType":"doubt".*?"attempt":(\d+)')
_MIDDLE: Final = 0.5


class Past:
    """What a retry needs to know of the way a run has gone: the states before its steps, and how often each was tried."""

    def __init__(self) -> None:
        self._begun: list[tuple[str, int, State]] = []
        self._again: set[str] = set()  # instance paths whose next attempt belongs to the execution before it

    def note(self, before: State, events: Iterable[Event]) -> None:
        """Take in a macrostep: the state before it, and what came of it."""
        for event in events:
            if isinstance(event, StepStarted):
                self._begun.append((event.instance, event.attempt, before))
            elif isinstance(event, StepFailed) and event.handled_by == "retry":
                self._again.add(f"{event.instance}#{event.attempt}")

    def retry(self, at_us: int, now: State, instance: str, reason: str, actor: str) -> Retry:
        """The command with which a person let the run go on before the last execution of a step.

        Raises
        ------
        CommandError
            ``NOT_REPLAYABLE`` when the run has not come to this step.
        """
        place = next((n for n in reversed(range(len(self._begun))) if self._begun[n][0] == instance), None)
        if place is None:
            raise CommandError("The run has not come to the step it was retried at.", code="NOT_REPLAYABLE")
        while (earlier := self._attempt_before(place)) is not None:
            place = earlier
        tried: dict[str, int] = dict(now.tree.get("tried", {}))
        for other, attempt, _ in self._begun[place:]:
            tried[other] = max(attempt, tried.get(other, 0))
        tree = self._begun[place][2].tree
        return Retry(at_us=at_us, tree=tree, tried=tried, reason=reason, actor=actor)

    def _attempt_before(self, place: int) -> int | None:
        """Where the attempt stands that this one repeats."""
        instance, attempt, _ = self._begun[place]
        if f"{instance}#{attempt - 1}" not in self._again:
            return None
        wanted = (instance, attempt - 1)
        return next(n for n in reversed(range(place)) if self._begun[n][:2] == wanted)


class Commands:
    """Rebuilds the commands of one record.

    Parameters
    ----------
    record
        What the run was given.
    own
        The program the run belongs to: its retry policies tell which chance a retry was given. Without it the middle one.
    """

    def __init__(self, record: Record, own: Program | None) -> None:
        self._record = record
        self._own = own
        self.past = Past() if record.reopened else None

    def command(self, given: Given, state: State) -> Command:
        """The command of a macrostep, given the state before it.

        Raises
        ------
        CommandError
            ``NOT_REPLAYABLE`` when rows are missing, or when this version does not know such a command.
        """
        make = _MAKES.get(given.command)
        if make is None:
            raise CommandError(
                f"A command {given.command} cannot be replayed.",
                code="NOT_REPLAYABLE",
                where=self._record.tape.run_id,
            )
        return make(self, given, state)

    def spread(self, given: Given) -> float:
        """The chance that a retry was given, such that its delay comes out as recorded; the middle one without a retry."""
        if _RETRY not in given.writes or self._own is None:
            return _MIDDLE
        tries, instance, due_us = 1, "", 0
        for path, *value in self._record.writes(given):
            if path[-1] == "failed":
                tries = value[0]
            elif len(path) > 1 and path[-2] == "pending" and value and value[0].get("waitType") == "retry":
                instance, due_us = value[0]["instance"], value[0]["dueAt"]
                break
        step = self._own.step(definition_path(instance))
        return (
            _MIDDLE
            if step is None or step.retry is None
            else _chance(step.retry, tries, due_us - given.at_us)
        )

    # --- one for each command

    def start(self, given: Given, _: State) -> Command:
        """The beginning."""
        return Start(at_us=given.at_us)

    def advance(self, given: Given, _: State) -> Command:
        """The next step."""
        return Advance(at_us=given.at_us, spread=self.spread(given))

    def completed(self, given: Given, state: State) -> Command:
        """A result."""
        effect_id = self._effect(given, state)
        call = self._record.calls.get(effect_id)
        return Completed(
            at_us=given.at_us,
            effect_id=effect_id,
            output=self._record.output(effect_id),
            cached=call is not None and call.shared_with is not None,
            spread=self.spread(given),
        )

    def failed(self, given: Given, state: State) -> Command:
        """An error."""
        effect_id = self._effect(given, state)
        error = self._record.error(effect_id)
        return Failed(at_us=given.at_us, effect_id=effect_id, error=error, spread=self.spread(given))

    def fired(self, given: Given, state: State) -> Command:
        """A moment."""
        return Fired(at_us=given.at_us, effect_id=self._effect(given, state), spread=self.spread(given))

    def doubted(self, given: Given, state: State) -> Command:
        """A doubt."""
        found = _ATTEMPT.search(given.writes)
        attempt = int(found[1]) if found else 1
        return Doubted(at_us=given.at_us, effect_id=self._effect(given, state), attempt=attempt)

    def signaled(self, given: Given, state: State) -> Command:
        """An answer."""
        effect_id = self._effect(given, state)
        name, payload = self._record.answer(effect_id)
        return Signaled(
            at_us=given.at_us,
            effect_id=effect_id,
            name=name,
            payload=payload,
            override=name == RESUMED,
            spread=self.spread(given),
        )

    def cancel(self, given: Given, _: State) -> Command:
        """An end from outside."""
        facts = self._noted(given)
        return Cancel(at_us=given.at_us, reason=str(facts["reason"]), actor=str(facts["actor"]))

    def retry(self, given: Given, state: State) -> Command:
        """A person had the run go on."""
        facts = self._noted(given)
        if self.past is None:
            raise AssertionError("a record with a retry keeps the past")
        return self.past.retry(
            given.at_us, state, str(facts["instance"]), str(facts["reason"]), str(facts["actor"])
        )

    def _noted(self, given: Given) -> dict[str, JsonValue]:
        facts = self._record.notes.get(given.seq)
        if facts is None:
            raise CommandError(
                f"Who asked for the {given.command} is not in the record.",
                code="NOT_REPLAYABLE",
                where=self._record.tape.run_id,
            )
        return facts

    def _effect(self, given: Given, state: State) -> str:
        """The effect that something came for: the only one that is pending, or the one that the macrostep ended."""
        pending = state.tree["pending"]
        if len(pending) == 1 and "lanes" not in state.frames[-1]:
            return str(next(iter(pending)))
        found = removed_effect(self._record.writes(given))
        if found is None:
            raise CommandError(
                f"What the {given.command} was for is not in the record.",
                code="NOT_REPLAYABLE",
                where=self._record.tape.run_id,
            )
        return found


_MAKES: Final[dict[str, Callable[[Commands, Given, State], Command]]] = {
    "Advance": Commands.advance,
    "Cancel": Commands.cancel,
    "Completed": Commands.completed,
    "Doubted": Commands.doubted,
    "Failed": Commands.failed,
    "Fired": Commands.fired,
    "Retry": Commands.retry,
    "Signaled": Commands.signaled,
    "Start": Commands.start,
}

COMMANDS: Final = frozenset(_MAKES)
"""Names of the commands that can be rebuilt."""


def _chance(policy: RetryPolicy, tries: int, delay_us: int) -> float:
    """The number in [0, 1) with which a policy gives a delay.

    Examples
    --------
    >>> policy = RetryPolicy(max_attempts=3, backoff_ms=100)
    >>> _chance(policy, 1, round(policy.delay_ms(1, spread=0.25) * 1000))
    0.25
    """
    least, most = policy.delay_ms(tries, spread=0.0), policy.delay_ms(tries, spread=1.0)
    if not policy.jitter or most <= least:
        return _MIDDLE
    whole = policy.backoff_ms * policy.backoff_multiplier ** (tries - 1)
    return min(max((delay_us / 1000 / whole - 0.8) / 0.4, 0.0), 1.0)
