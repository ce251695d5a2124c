"""A record: everything a run was given, rebuilt from what the tables hold of it. Pure; nothing here is performed or read.

A `Tape` is what the tables hold, with JSON as text. A `Record` reads it: the state the run began with, the command of every
macrostep, what was asked of the world, and what came back. Given these commands in their order, the machine goes exactly the
way the run went; that is the law of this module.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeAlias

from wfnb.errors import CommandError
from wfnb.machine.messages import Error
from wfnb.machine.state import State
from wfnb.model.values import JsonValue

__all__ = ["Ask", "Attempt", "Call", "Ending", "Given", "Record", "Tape", "removed_effect"]


class Given(NamedTuple):
    """A macrostep: when, which command, and the text of what it wrote."""

    seq: int
    at_us: int
    command: str
    writes: str


class Call(NamedTuple):
    """A call of an action; JSON is text. The row of a call that is tried again becomes that of the later attempt."""

    effect_id: str
    action_id: str
    action_version: int
    key: str
    status: str
    input: str
    output: str | None
    error: str | None
    shared_with: int | None


class Attempt(NamedTuple):
    """An attempt at a step; `error` is text."""

    seq: int
    instance: str
    step_id: str
    type: str
    attempt: int
    status: str
    branch: str | None
    error: str | None
    handled_by: str | None
    end_seq: int | None


class Ask(NamedTuple):
    """A wait, and what answered it; filters, task and payload are text."""

    effect_id: str
    wait_type: str
    due_us: int | None
    event_name: str | None
    key: str | None
    filters: str | None
    task: str | None
    name: str | None
    payload: str | None
    answer: str | None = None

    @property
    def kept(self) -> dict[str, JsonValue]:
        """What a person or a record answered, when it stands nowhere else."""
        return {} if self.answer is None else dict(_decode(self.answer))


class Ending(NamedTuple):
    """A run that this one called: its id, how it ended, and what it left; the envelope is there when it succeeded."""

    run_no: int
    run_id: str
    status: str
    envelope: dict[str, JsonValue] | None = None


Note: TypeAlias = tuple[int, str, str]
"""Something that happened to the run as a whole: macrostep, kind, and the text of its facts."""


@dataclass(slots=True)
class Tape:
    """What the tables hold of one run. `start` is the text of the state tree before the first command."""

    run_no: int
    run_id: str
    workflow_id: str
    version: int
    kind: str
    status: str
    seq: int
    tenant: str
    start: str | None = None
    macrosteps: list[Given] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    waits: list[Ask] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    children: dict[str, Ending] = field(default_factory=dict)


_UNKNOWN: Final[Error] = {
    "category": "ActionError",
    "code": "NOT_RECORDED",
    "message": "What the call failed with was not kept.",
}
_decode = json.JSONDecoder().decode


class Record:
    """What one run was given.

    Parameters
    ----------
    tape
        The rows of the run.

    Raises
    ------
    CommandError
        ``NOT_REPLAYABLE`` when rows are missing: without all of its macrosteps nothing of a run can be said to be so.
    """

    def __init__(self, tape: Tape) -> None:
        if tape.start is None or len(tape.macrosteps) != tape.seq:
            raise CommandError(
                f"The record has {len(tape.macrosteps)} of {tape.seq} macrosteps.",
                code="NOT_REPLAYABLE",
                where=tape.run_id,
                hint="Rows that were deleted cannot be replayed.",
            )
        self.tape = tape
        self.macrosteps: Sequence[Given] = tape.macrosteps
        self.calls: Mapping[str, Call] = {call[0]: call for call in tape.calls}
        self.waits: Mapping[str, Ask] = {wait[0]: wait for wait in tape.waits} if tape.waits else {}

    @property
    def start(self) -> State:
        """The state before the first command."""
        return State(self.tape.run_id, _decode(self.tape.start or ""))

    @cached_property
    def key_prefix(self) -> str:
        """What stands before the keys of calls: they are those of a tenant, and of a fork."""
        tenant = "" if self.tape.tenant == "local" else f"{self.tape.tenant}:"
        text = self.tape.start or ""
        fork = f"{self.tape.run_id}/" if '"fork":' in text and "fork" in self.start.tree else ""
        return tenant + fork

    @cached_property
    def edited(self) -> bool:
        """Whether a person changed the run while it was under way."""
        return any(given.command == "Edit" for given in self.macrosteps)

    @cached_property
    def failures(self) -> Mapping[tuple[str, int], Error]:
        """What attempts failed with, by instance path and number of the attempt."""
        return {
            (row.instance, row.attempt): _without_place(_decode(row.error))
            for row in self.tape.attempts
            if row.error is not None
        }

    @cached_property
    def notes(self) -> Mapping[int, dict[str, JsonValue]]:
        """Facts of what happened to the run as a whole, by macrostep."""
        return {seq: _decode(text) for seq, _, text in self.tape.notes}

    @cached_property
    def reopened(self) -> bool:
        """Whether a person had the run go on after it had failed."""
        return any(given.command == "Retry" for given in self.macrosteps)

    @staticmethod
    def value(text: str) -> JsonValue:
        """The value that a text of the tape stands for."""
        return _decode(text)

    def writes(self, given: Given) -> list[list[JsonValue]]:
        """What a macrostep wrote, as pairs of path and value; a removal has no value."""
        return list(_decode(given.writes))

    def output(self, effect_id: str) -> JsonValue:
        """What a call or a run that was called gave."""
        call = self.calls.get(effect_id)
        if call is not None and call.output is not None:
            return _decode(call.output)
        ended = self.tape.children.get(effect_id)
        wait = self.waits.get(effect_id)
        if wait is not None and "output" in wait.kept:
            return wait.kept["output"]
        if ended is None or ended.envelope is None:
            raise CommandError(
                "What a call gave is not in the record.",
                code="NOT_REPLAYABLE",
                where=f"{self.tape.run_id}/{effect_id}",
                hint="Rows that were deleted cannot be replayed.",
            )
        return ended.envelope

    def error(self, effect_id: str) -> Error:
        """What a call or a run that was called failed with."""
        call = self.calls.get(effect_id)
        if call is not None and call.error is not None:
            found: Error = _decode(call.error)
            return found
        instance, _, attempt = effect_id.rpartition("#")
        return self.failures.get((instance, int(attempt)), _UNKNOWN)

    def answer(self, effect_id: str) -> tuple[str, JsonValue]:
        """Name and payload of what a wait was answered with."""
        wait = self.waits.get(effect_id)
        if wait is not None and "name" in wait.kept:
            return str(wait.kept["name"]), wait.kept["payload"]
        if wait is None or wait.name is None:
            raise CommandError(
                "What a wait was answered with is not in the record.",
                code="NOT_REPLAYABLE",
                where=f"{self.tape.run_id}/{effect_id}",
                hint="Rows that were deleted cannot be replayed.",
            )
        return wait.name, None if wait.payload is None else _decode(wait.payload)


def _without_place(error: dict[str, Any]) -> Error:
    """An error as the command brought it: where it happened is added by the machine."""
    return {key: value for key, value in error.items() if key != "nodePath"}


def removed_effect(writes: Sequence[Sequence[JsonValue]]) -> str | None:
    """The effect that a macrostep ended: the first one that is pending no more.

    Examples
    --------
    >>> removed_effect([[["status"], "RUNNING"], [["pending", "root.steps[0]#1"]]])
    'root.steps[0]#1'
    """
    for entry in writes:
        path = entry[0]
        if len(entry) == 1 and len(path) > 1 and path[-2] == "pending" and path[0] in ("pending", "frames"):
            return str(path[-1])
    return None
