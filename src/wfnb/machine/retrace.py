"""Retracing: a record is led through a program that goes another way.

The program is asked step by step; what it asks of the world is answered from the record wherever the record has an answer to
it. Steps are matched by their id and iteration, attempt by attempt; steps whose id is new by their place, when the step that
stood there is gone. Everything else is *stubbed*: answered by something that stands in for the world, and said to be.

Time, chance, waits, cancellations and retries come from the record, in its order.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from wfnb.errors import CommandError
from wfnb.limits import LIMITS
from wfnb.machine.commands import ANSWERS, Commands
from wfnb.machine.messages import (
    Advance,
    Cancel,
    ChildScheduled,
    Command,
    Completed,
    Error,
    Event,
    Failed,
    Fired,
    InvocationScheduled,
    Retry,
    Start,
    StepStarted,
    WaitOpened,
)
from wfnb.machine.passages import UNKNOWN, Passage, Passages, iterations, recorded_passages
from wfnb.machine.protocol import evaluate
from wfnb.machine.record import Given, Record, removed_effect
from wfnb.machine.replay import Replayer
from wfnb.machine.state import State
from wfnb.model.values import JsonValue

__all__ = ["Pair", "Retraced", "StandIn", "Supplied", "retrace"]


@dataclass(frozen=True, slots=True)
class Supplied:
    """An answer that stands in for the world, and where it came from: fixture, example, schema or empty."""

    source: str
    output: JsonValue = None
    error: Error | None = None


class StandIn(Protocol):
    """Answers what no record answers."""

    def call(self, step_id: str, asked: InvocationScheduled | ChildScheduled) -> Supplied:
        """The answer to a call."""

    def wait(self, step_id: str, opened: WaitOpened, at_us: int) -> Command | None:
        """What ends a wait; None when it stays open."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A passage of the record and one of the replay that belong together; one of them is missing for a step that only one took."""

    recorded: Passage | None
    now: Passage | None


@dataclass(frozen=True, slots=True)
class Retraced:
    """Where a retraced run ended, and all passages side by side, in order."""

    state: State
    pairs: tuple[Pair, ...]


def retrace(replayer: Replayer, record: Record, stand_in: StandIn) -> Retraced:
    """Lead a record through a program, wherever that goes; the record must hold the whole of its steps.

    Raises
    ------
    CommandError
        ``NOT_REPLAYABLE`` when rows are missing, or when the program goes on and on.
    """
    return _Retracing(replayer, record, stand_in).to_end()


class _Retracing:
    """One record on its way."""

    def __init__(self, replayer: Replayer, record: Record, stand_in: StandIn) -> None:
        if record.edited:
            raise CommandError(
                "The run was changed by hand while it was under way: what was meant in another version, nobody knows.",
                code="NOT_REPLAYABLE",
                where=record.tape.run_id,
            )
        self._by = replayer
        self._record = record
        self._stand_in = stand_in
        self._commands = Commands(record, replayer.own)
        self._state = replayer.start(record)
        self._now_us = record.macrosteps[0].at_us if record.macrosteps else 0
        self._number = 0
        self._passages = Passages()
        self._events: dict[str, InvocationScheduled | ChildScheduled | WaitOpened] = {}
        self._matches = _Matches(record, replayer)
        self._given = {given.seq: given for given in record.macrosteps}
        self._answers: defaultdict[str, deque[Given]] = defaultdict(deque)
        self._deeds: deque[Given] = deque()  # what people did: cancel, retry
        for given in record.macrosteps:
            effect_id = removed_effect(record.writes(given)) if given.command in ANSWERS else None
            if effect_id is not None:
                self._answers[effect_id].append(given)
            elif given.command in ("Cancel", "Retry"):
                self._deeds.append(given)

    def to_end(self) -> Retraced:
        most = LIMITS.retrace_macrosteps + 10 * len(self._record.macrosteps)
        while (command := self._next()) is not None:
            if not self._send(command):
                break
            if self._number > most:
                raise CommandError(
                    f"The replay does not come to an end within {most:,} macrosteps.",
                    code="NOT_REPLAYABLE",
                    where=self._record.tape.run_id,
                )
        return Retraced(self._state, self._matches.pairs(self._passages.all))

    # --- deciding

    def _send(self, command: Command) -> bool:
        """Give the machine a command; whether anything came of it."""
        before, decided = self._state, self._decide(command)
        if isinstance(command, Advance):
            begun = next((event for event, _ in decided if isinstance(event, StepStarted)), None)
            given = self._begins(begun) if begun is not None else None
            if (
                given is not None
            ):  # a step that the record knows begins at its own moment, with its own chance and key
                at_us = max(self._now_us, given.at_us)
                command = Advance(at_us=at_us, spread=self._commands.spread(given))
                decided = self._decide(command, given)
        if not decided:
            return False
        self._number += 1
        self._now_us = max(self._now_us, command.at_us)
        self._state = decided[-1][1]
        events = [event for event, _ in decided]
        for event in events:
            if isinstance(event, InvocationScheduled | ChildScheduled | WaitOpened):
                self._events.setdefault(event.effect_id, event)  # a child's wait comes after its call
        self._passages.note(self._number, events)
        for event in events:
            if isinstance(event, StepStarted):
                self._matches.settle(self._passages.all[-1])
        if self._commands.past is not None:
            self._commands.past.note(before, events)
        return True

    def _decide(self, command: Command, given: Given | None = None) -> Sequence[tuple[Event, State]]:
        self._by.keys.at(self._record if given is not None else None, given)
        return list(self._by.machine.microsteps(self._by.program, self._state, command, evaluate))

    def _begins(self, begun: StepStarted) -> Given | None:
        """The macrostep of the record in which a step began that begins now."""
        known = self._matches.peek(begun.step_id, begun.instance, begun.type)
        return None if known is None else self._given.get(known.seq)

    # --- what comes next

    def _next(self) -> Command | None:
        state = self._state
        if state.status == "PENDING":
            return Start(at_us=self._now_us) if self._record.macrosteps else None
        deed = self._deeds[0] if self._deeds else None
        if state.terminal:
            again = state.status == "FAILED" and deed is not None and deed.command == "Retry"
            return self._retry(self._deeds.popleft()) if again else None
        answer = None if state.can_advance else self._earliest()
        if deed is not None and deed.command == "Cancel" and self._comes_now(deed, answer):
            return self._cancel()
        if state.can_advance:
            return Advance(at_us=self._now_us)
        return self._from_stand_in() if answer is None else self._from_record(*answer)

    def _cancel(self) -> Cancel:
        return replace(
            self._commands.cancel(given := self._deeds.popleft()), at_us=max(self._now_us, given.at_us)
        )

    def _comes_now(self, deed: Given, answer: tuple[str, Given] | None) -> bool:
        """Whether everything that the record has before a cancellation has happened, or nothing more of it can."""
        if not self._state.can_advance:
            return answer is None or answer[1].seq > deed.seq
        waiting = (queue[0].seq for queue in self._answers.values() if queue)
        return all(seq > deed.seq for seq in waiting) and self._matches.all_before(deed.seq)

    def _retry(self, given: Given) -> Retry | None:
        """A person had the run go on; nothing comes of it when the step they chose was not begun here."""
        chosen = str(self._record.notes.get(given.seq, {}).get("instance", ""))
        instance = self._matches.place_of(chosen)
        try:
            command = self._commands.retry(given, self._state, instance)
        except CommandError:
            return None
        return replace(command, at_us=max(self._now_us, given.at_us))

    def _earliest(self) -> tuple[str, Given] | None:
        """The pending effect that the record answers first, with its answer."""
        found = [
            (effect_id, queue[0])
            for effect_id in self._state.pending
            if (known := self._recorded(effect_id)) is not None and (queue := self._answers.get(known))
        ]
        return min(found, key=lambda pair: pair[1].seq, default=None)

    def _recorded(self, effect_id: str) -> str | None:
        """The effect of the record that an effect of the replay stands for."""
        instance, _, ending = effect_id.rpartition("#")
        passage = self._passages.of(instance)
        known = self._matches.known(passage) if passage is not None else None
        if passage is None or known is None or not _same_kind(passage, known):
            return None
        name, number = ("retry", ending[5:]) if ending.startswith("retry") else ("", ending)
        attempt, doubt, again = number.partition("!")
        attempt = str(int(attempt) - passage.attempt + known.attempt)
        return f"{known.instance}#{name}{attempt}{doubt}{again}"

    def _from_record(self, effect_id: str, given: Given) -> Command:
        known = self._recorded(effect_id) or effect_id
        self._answers[known].popleft()
        command = self._commands.answer(given, known)
        at_us = max(self._now_us, given.at_us)
        if isinstance(command, Fired):
            at_us = max(at_us, self._state.pending[effect_id].get("dueAt") or at_us)
        passage = self._passages.of(effect_id.rpartition("#")[0])
        if passage is not None and isinstance(command, Completed):
            passage.source, passage.output = "recorded", command.output
        elif passage is not None and isinstance(command, Failed):
            passage.source = "recorded"
        return replace(command, effect_id=effect_id, at_us=at_us)

    def _from_stand_in(self) -> Command | None:
        """An answer to the first pending effect that the record knows nothing of."""
        for effect_id, pending in self._state.pending.items():
            known = self._recorded(effect_id)
            if known is not None and self._was_asked(known):
                continue  # it was open when the record ends
            due_us = pending.get("dueAt")
            if pending.get("waitType") in ("retry", "time") and due_us is not None:
                return Fired(at_us=max(self._now_us, int(due_us)), effect_id=effect_id)
            asked = self._events.get(effect_id)
            command = None if asked is None else self._stubbed(asked)
            if command is not None:
                return command
        return None

    def _was_asked(self, effect_id: str) -> bool:
        tape = self._record
        return effect_id in tape.calls or effect_id in tape.waits or effect_id in tape.tape.children

    def _stubbed(self, asked: InvocationScheduled | ChildScheduled | WaitOpened) -> Command | None:
        passage = self._passages.of(asked.instance)
        step_id = passage.step_id if passage is not None else ""
        if isinstance(asked, WaitOpened):
            ended = self._stand_in.wait(step_id, asked, self._now_us)
            if passage is not None and ended is not None:
                passage.source = "fixture"
            return ended
        supplied = self._stand_in.call(step_id, asked)
        if passage is not None:
            passage.source, passage.output = supplied.source, supplied.output
        at_us, effect_id = self._now_us, asked.effect_id
        if supplied.error is not None:
            return Failed(at_us=at_us, effect_id=effect_id, error=supplied.error)
        return Completed(at_us=at_us, effect_id=effect_id, output=supplied.output)


def _same_kind(passage: Passage, known: Passage) -> bool:
    """Whether both ask for the same thing, so that the answer to one is an answer to the other."""
    asked, was = ((one.action or "").rpartition("@")[0] or one.action for one in (passage, known))
    return asked == was or known.given is UNKNOWN


class _Matches:
    """Which passage of the record each passage of the replay stands for."""

    def __init__(self, record: Record, replayer: Replayer) -> None:
        self._recorded = recorded_passages(record, replayer.own_replayer)
        steps = {step.id for block in replayer.program.blocks.values() for step in block}
        self._by_id: defaultdict[tuple[str, tuple[int, ...]], deque[int]] = defaultdict(deque)
        self._by_place: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)
        for number, passage in enumerate(self._recorded):
            self._by_id[passage.step_id, iterations(passage.instance)].append(number)
            if passage.step_id not in steps:
                self._by_place[passage.instance, passage.type].append(number)
        self._ids = {passage.step_id for passage in self._recorded}
        self._numbers: dict[int, int] = {}  # places in the record, by identity of a passage
        self._places: dict[int, str] = {}  # instance paths in the program, by place in the record
        self._used: set[int] = set()

    def peek(self, step_id: str, instance: str, kind: str) -> Passage | None:
        """The passage of the record that a step which begins now will stand for."""
        queue = self._queue(step_id, instance, kind)
        return self._recorded[queue[0]] if queue else None

    def _queue(self, step_id: str, instance: str, kind: str) -> deque[int] | None:
        if step_id in self._ids:
            return self._by_id.get((step_id, iterations(instance)))
        return self._by_place.get((instance, kind))

    def settle(self, passage: Passage) -> None:
        """A step has begun."""
        queue = self._queue(passage.step_id, passage.instance, passage.type)
        if queue:
            number = queue.popleft()
            self._numbers[id(passage)] = number
            self._places[number] = passage.instance
            self._used.add(number)

    def known(self, passage: Passage) -> Passage | None:
        """The passage of the record that a passage of the replay stands for."""
        number = self._numbers.get(id(passage))
        return None if number is None else self._recorded[number]

    def place_of(self, instance: str) -> str | None:
        """Where a step of the record stands in the program."""
        used = (n for n in sorted(self._used, reverse=True) if self._recorded[n].instance == instance)
        number = next(used, None)
        return None if number is None else self._places[number]

    def all_before(self, seq: int) -> bool:
        """Whether every step that the record began before a macrostep has begun."""
        return all(n in self._used for n, passage in enumerate(self._recorded) if passage.seq < seq)

    def pairs(self, passages: Sequence[Passage]) -> tuple[Pair, ...]:
        """All passages side by side: what only the record has stands where the record has it."""
        made: list[Pair] = []
        told = 0
        for passage in passages:
            number = self._numbers.get(id(passage))
            if number is None:
                made.append(Pair(None, passage))
                continue
            made += [Pair(self._recorded[n], None) for n in range(told, number) if n not in self._used]
            told = max(told, number + 1)
            made.append(Pair(self._recorded[number], passage))
        made += [Pair(row, None) for n, row in enumerate(self._recorded) if n >= told and n not in self._used]
        return tuple(made)
