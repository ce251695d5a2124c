"""Replay: a record is given to a program, command by command, and nothing is performed.

As long as everything that is written and asked for comes out as the record has it, the replay is exactly the run. The first
macrostep at which something else comes out is where the two part; `wfnb.machine.retrace` goes on from the beginning then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

from wfnb.errors import (
    ActionError,
    ExpressionError,
    StepError,
    StepTimeoutError,
    TransientError,
    ValidationError,
)
from wfnb.machine.commands import Commands
from wfnb.machine.kinds import MACHINES
from wfnb.machine.messages import Event, InvocationScheduled, WaitOpened
from wfnb.machine.protocol import evaluate
from wfnb.machine.record import Given, Record
from wfnb.machine.state import State, compact, fold
from wfnb.model.values import DELETE, JsonValue, Write, apply_writes
from wfnb.validate.program import LinkedStep, Program

__all__ = ["Replayed", "Replayer", "text_of"]

_SEPARATORS: Final = (",", ":")
_encode: Final = json.JSONEncoder(
    separators=_SEPARATORS, ensure_ascii=False, allow_nan=False, check_circular=False
).encode


_CALL: Final = re.compile(r'"pending","([^"]+)"\],\{"kind":"action"')
_ERRORS: Final[dict[str, type[StepError]]] = {
    error.category: error
    for error in (ActionError, ExpressionError, StepTimeoutError, TransientError, ValidationError)
}


@dataclass(frozen=True, slots=True)
class Replayed:
    """How far a replay went as recorded: the state there, and the first macrostep at which something else came out, if any."""

    state: State
    parted: Given | None = None

    @property
    def identical(self) -> bool:
        """Whether everything came out as recorded."""
        return self.parted is None


class Keys:
    """Gives the idempotency keys of a record to a program, so that nobody's code is called to make them."""

    def __init__(self) -> None:
        self._record: Record | None = None
        self._given: Given | None = None

    def at(self, record: Record | None, given: Given | None) -> None:
        """The macrostep that is replayed now; None when it is in no record."""
        self._record, self._given = record, given

    def take(self, action: str, _data: JsonValue) -> str | None:
        """The key of the call that the macrostep made; what made the key fail is raised again."""
        if self._record is None or self._given is None:
            return ""
        found = _CALL.search(self._given.writes)
        call = self._record.calls.get(found[1]) if found else None
        if call is not None:
            return call.key.removeprefix(self._record.key_prefix)
        if found is None:
            self._fail(self._record, self._given.seq, action)
        return ""

    @staticmethod
    def _fail(record: Record, seq: int, action: str) -> None:
        """No call was made: when making its key has failed, it fails again."""
        row = next((row for row in record.tape.attempts if row.seq == seq and row.error is not None), None)
        error = record.failures[row.instance, row.attempt] if row else {}
        message = str(error.get("message", ""))
        if message.startswith((f"The key of {action} ", f"The input of {action} ")):
            kind = _ERRORS.get(str(error["category"]), ActionError)
            raise kind(message, code=str(error["code"]), hint=error.get("hint"))


def _with_keys(program: Program, keys: Keys) -> Program:
    """The program with keys from records; explicit keys stay, because their expressions can fail."""

    def tamed(step: LinkedStep) -> LinkedStep:
        if step.action is None:
            return step
        key_of = partial(keys.take, f"{step.action.id}@{step.action.version}")
        return replace(step, action=replace(step.action, key_of=key_of))

    blocks = {name: tuple(map(tamed, steps)) for name, steps in program.blocks.items()}
    return replace(program, blocks=blocks)


class Replayer:
    """Replays records against one program; made once for many records. For one thread at a time.

    Parameters
    ----------
    program, version
        What is replayed against, and the number of its version; None: that of the record.
    own
        The program the records were made with, as far as it can be linked.
    """

    def __init__(self, program: Program, version: int | None, own: Program | None) -> None:
        self.keys = Keys()
        self.program = _with_keys(program, self.keys)
        self.version = version
        self.own = own
        self.machine = MACHINES[program.kind]

    @cached_property
    def own_replayer(self) -> Replayer | None:
        """Replays against the program the records were made with."""
        return None if self.own is None else Replayer(self.own, None, self.own)

    def start(self, record: Record) -> State:
        """The state a replay begins with: that of the record, with the version that is replayed against."""
        start = record.start
        if self.version in (None, record.tape.version):
            return start
        place = ("envelope", "run", "workflowVersion")
        return State(start.run_id, apply_writes(start.tree, [Write(place, self.version)]))

    def replay(
        self, record: Record, watch: Callable[[Given, Sequence[Event], State], None] | None = None
    ) -> Replayed:
        """Give the program the commands of a record until something else comes out than recorded.

        Parameters
        ----------
        record
            What the run was given.
        watch
            Is told every macrostep that came out as recorded, with its events and the state it left.

        Raises
        ------
        CommandError
            ``NOT_REPLAYABLE``.
        """
        commands = Commands(record, self.own)
        state = self.start(record)
        microsteps, program, keys = self.machine.microsteps, self.program, self.keys
        for given in record.macrosteps:
            if given.command == "Edit":  # what people write is given, as results are
                state = fold(state, map(Write.from_json, record.writes(given)))
                continue
            command = commands.command(given, state)
            keys.at(record, given)
            before = state
            decided = list(microsteps(program, before, command, evaluate))
            if not decided or _text(decided) != given.writes:
                return Replayed(before, given)
            events = [event for event, _ in decided]
            for event in events:
                asks = _ASKS.get(type(event))
                if asks is not None and not asks(record, event):
                    return Replayed(before, given)
            state = decided[-1][1]
            if commands.past is not None:
                commands.past.note(before, events)
            if watch is not None:
                watch(given, events, state)
        return Replayed(state)


def text_of(value: JsonValue) -> str:
    """The text of a value as stores keep it: what is compared with a record."""
    return _encode(value)


def _text(decided: Sequence[tuple[Event, State]]) -> str:
    """The text of what a macrostep wrote, as stores keep it."""
    writes = [write for event, _ in decided for write in event.writes]
    if sum(write.path[0] == "frames" for write in writes) > 1:  # only such writes can be overridden
        writes = compact(writes)
    # Paths are tuples here and lists in the tables; as text they are the same.
    return _encode([(w.path,) if w.value is DELETE else (w.path, w.value) for w in writes])


def _same_call(record: Record, asked: InvocationScheduled) -> bool:
    """Whether a call is asked for as recorded. One whose row a later attempt has taken over cannot be compared."""
    call = record.calls.get(asked.effect_id)
    return call is None or (
        (call.action_id, call.action_version, call.key) == (asked.action_id, asked.action_version, asked.key)
        and text_of(asked.input) == call.input
    )


def _same_wait(record: Record, opened: WaitOpened) -> bool:
    """Whether a wait is opened as recorded."""
    wait = record.waits.get(opened.effect_id)
    return wait is not None and (
        (wait.wait_type, wait.due_us, wait.event_name, wait.key)
        == (opened.wait_type, opened.due_at_us, opened.event_name, opened.key)
        and wait.filters == (None if opened.filters is None else text_of(opened.filters))
        and wait.task == (None if opened.task is None else text_of(opened.task))
    )


_ASKS: Final[dict[type, Callable[[Record, Any], bool]]] = {
    InvocationScheduled: _same_call,
    WaitOpened: _same_wait,
}
"""What of an event stands in other rows than the writes."""
