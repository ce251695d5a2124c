"""From a record back to the commands: what arrived at every macrostep, as the machine was given it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

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

__all__ = ["ANSWERS", "Answer", "Commands", "Past"]

Answer: TypeAlias = Completed | Failed | Fired | Doubted | Signaled
"""A command that brings something for an effect."""

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
        if given.command in ANSWERS:
            return self.answer(given, self._effect(given, state))
        match given.command:
            case "Advance":
                return Advance(at_us=given.at_us, spread=self.spread(given))
            case "Start":
                return Start(at_us=given.at_us)
            case "Cancel":
                return self.cancel(given)
            case "Retry":
                return self.retry(given, state)
            case _:
                raise self._refused(f"A command {given.command} cannot be replayed.")

    def answer(self, given: Given, effect_id: str) -> Answer:
        """What came for an effect of the record."""
        match given.command:
            case "Completed":
                return self._completed(given, effect_id)
            case "Failed":
                return self._failed(given, effect_id)
            case "Fired":
                return Fired(at_us=given.at_us, effect_id=effect_id, spread=self.spread(given))
            case "Doubted":
                found = _ATTEMPT.search(given.writes)
                return Doubted(at_us=given.at_us, effect_id=effect_id, attempt=int(found[1]) if found else 1)
            case _:
                return self._signaled(given, effect_id)

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

    def _completed(self, given: Given, effect_id: str) -> Answer:
        call = self._record.calls.get(effect_id)
        return Completed(
            at_us=given.at_us,
            effect_id=effect_id,
            output=self._record.output(effect_id),
            cached=call is not None and call.shared_with is not None,
            spread=self.spread(given),
        )

    def _failed(self, given: Given, effect_id: str) -> Answer:
        error = self._record.error(effect_id)
        return Failed(at_us=given.at_us, effect_id=effect_id, error=error, spread=self.spread(given))

    def _signaled(self, given: Given, effect_id: str) -> Answer:
        name, payload = self._record.answer(effect_id)
        return Signaled(
            at_us=given.at_us,
            effect_id=effect_id,
            name=name,
            payload=payload,
            override=name == RESUMED,
            spread=self.spread(given),
        )

    def cancel(self, given: Given) -> Cancel:
        """An end from outside."""
        facts = self._noted(given)
        return Cancel(at_us=given.at_us, reason=str(facts["reason"]), actor=str(facts["actor"]))

    def retry(self, given: Given, state: State, instance: str | None = None) -> Retry:
        """A person had the run go on; `instance` when the step is another one than in the record."""
        facts = self._noted(given)
        if self.past is None:
            raise AssertionError("a record with a retry keeps the past")
        place = str(facts["instance"]) if instance is None else instance
        return self.past.retry(given.at_us, state, place, str(facts["reason"]), str(facts["actor"]))

    def _noted(self, given: Given) -> dict[str, JsonValue]:
        facts = self._record.notes.get(given.seq)
        if facts is None:
            raise self._refused(f"Who asked for the {given.command} is not in the record.")
        return facts

    def _effect(self, given: Given, state: State) -> str:
        """The effect that something came for: the only one that is pending, or the one that the macrostep ended."""
        pending = state.tree["pending"]
        if len(pending) == 1 and "lanes" not in state.frames[-1]:
            return str(next(iter(pending)))
        found = removed_effect(self._record.writes(given))
        if found is None:
            raise self._refused(f"What the {given.command} was for is not in the record.")
        return found

    def _refused(self, message: str) -> CommandError:
        return CommandError(message, code="NOT_REPLAYABLE", where=self._record.tape.run_id)


ANSWERS: Final = frozenset({"Completed", "Doubted", "Failed", "Fired", "Signaled"})
"""Names of the commands that bring something for an effect."""


def _chance(policy: RetryPolicy, tries: int, delay_us: int) -> float:
    """The number in [0, 1) with which a policy gives a delay.

    Examples
    --------
    >>> policy = RetryPolicy(max_attempts=3, backoff_ms=100)
    >>> round(_chance(policy, 1, round(policy.delay_ms(1, spread=0.25) * 1000)), 9)
    0.25
    """
    least, most = policy.delay_ms(tries, spread=0.0), policy.delay_ms(tries, spread=1.0)
    if not policy.jitter or most <= least:
        return _MIDDLE
    whole = policy.backoff_ms * policy.backoff_multiplier ** (tries - 1)
    return min(max((delay_us / 1000 / whole - 0.8) / 0.4, 0.0), 1.0)
