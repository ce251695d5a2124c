"""Inside a step: every evaluation and every event of its macrosteps, one by one, with the state that each leaves.

The machine that ran the step is asked again, with an `evaluate` that watches. Nothing is performed: what the world gave is
taken from the record. When the machine of today would not do the same, the record is shown as it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from wfnb.errors import WfnbError
from wfnb.machine.messages import (
    ChildScheduled,
    Command,
    Event,
    InvocationScheduled,
    StepFailed,
    StepSucceeded,
    WaitOpened,
)
from wfnb.machine.protocol import Machine
from wfnb.machine.state import State, compact, fold
from wfnb.model.values import JsonValue, Path, Write
from wfnb.validate.program import Program
from wfnb.validate.template import ExprTemplate, ListTemplate, ObjectTemplate, Scope, Template

__all__ = ["Evaluation", "Given", "Happened", "Microstep", "Watched", "microsteps_of", "watch"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An expression was evaluated: the field it stands in, its text, what it read and what it gave."""

    field: str
    source: str
    value: JsonValue
    variables: dict[str, JsonValue] = dataclasses.field(default_factory=dict)
    error: str | None = None
    at_us: int = 0
    kind: Literal["evaluation"] = "evaluation"


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the machine, or what a macrostep wrote when it cannot be taken apart."""

    name: str
    instance: str | None
    facts: dict[str, JsonValue]
    writes: tuple[Path, ...]
    kind: Literal["event"] = "event"


@dataclass(frozen=True, slots=True)
class Microstep:
    """One thing that happened inside a step, and the state after it; `envelope` is what expressions saw there."""

    what: Evaluation | Happened
    seq: int
    state: State
    envelope: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Given:
    """A recorded macrostep: what it wrote, and its command when that could be rebuilt."""

    seq: int
    name: str
    writes: tuple[Write, ...]
    command: Command | None


@dataclass(frozen=True, slots=True)
class Watched:
    """An evaluation and the scope it saw."""

    what: Evaluation
    roots: dict[str, JsonValue]


def watch(seen: list[Watched]) -> Callable[[Template, Scope], JsonValue]:
    """An `evaluate` that notes every expression inside a template, also when it fails."""

    def evaluate(template: Template, scope: Scope) -> JsonValue:
        match template:
            case ExprTemplate():
                return _watched(template, scope, seen)
            case ObjectTemplate():
                return {name: evaluate(inner, scope) for name, inner in template.entries}
            case ListTemplate():
                return [evaluate(inner, scope) for inner in template.items]
            case _:
                return template.evaluate(scope)

    return evaluate


def _watched(template: ExprTemplate, scope: Scope, seen: list[Watched]) -> JsonValue:
    noted = Evaluation(
        template.field, template.compiled.source, None, dict(scope.variables), None, scope.at_us
    )
    try:
        value = template.evaluate(scope)
    except WfnbError as error:
        seen.append(Watched(replace(noted, error=error.message), dict(scope.roots)))
        raise
    seen.append(Watched(replace(noted, value=value), dict(scope.roots)))
    return value


def microsteps_of(
    machine: Machine, program: Program | None, state: State, given: Sequence[Given]
) -> list[Microstep]:
    """Everything inside some macrosteps, in order, beginning at the state before them."""
    found: list[Microstep] = []
    for one in given:
        found += _taken_apart(machine, program, state, one) or [_as_recorded(state, one)]
        state = fold(state, one.writes)
    return found


def _taken_apart(machine: Machine, program: Program | None, state: State, given: Given) -> list[Microstep]:
    """The microsteps of a macrostep; none when it would go another way today."""
    if program is None or given.command is None:
        return []
    seen: list[Watched] = []
    try:
        events = list(machine.microsteps(program, state, given.command, watch(seen)))
    except (
        WfnbError,
        LookupError,
        AssertionError,
    ):  # the program of today does not fit what is on the record
        return []
    writes = tuple(compact(write for event, _ in events for write in event.writes))
    if not events or _without_times(writes) != _without_times(given.writes):
        return []
    return list(_in_order(given.seq, state, events, seen))


def _in_order(
    seq: int, state: State, events: Iterable[tuple[Event, State]], seen: list[Watched]
) -> Iterator[Microstep]:
    """Evaluations stand before the first event that rests on them."""
    waiting = list(seen)
    for event, after in events:
        if isinstance(event, _RESULTS):
            yield from (Microstep(one.what, seq, state, one.roots) for one in waiting)
            waiting.clear()
        yield Microstep(_happened(event), seq, after, after.envelope)
        state = after
    yield from (Microstep(one.what, seq, state, one.roots) for one in waiting)


_RESULTS: Final = (StepSucceeded, StepFailed, InvocationScheduled, ChildScheduled, WaitOpened)


def _happened(event: Event) -> Happened:
    facts = {name: getattr(event, name, None) for name in _FACTS}
    error = getattr(event, "error", None)
    if error:
        facts["error"] = str(error.get("message"))
    if isinstance(event, InvocationScheduled):
        facts["action"] = f"{event.action_id}@{event.action_version}"
    instance = getattr(event, "instance", None)
    told = {name: value for name, value in facts.items() if value is not None and value is not False}
    return Happened(type(event).__name__, instance, told, tuple(write.path for write in event.writes))


_FACTS: Final = (
    "attempt", "branch", "handled_by", "move", "wait_type", "status", "by", "cached", "workflow_id"
)  # fmt: skip


def _as_recorded(state: State, given: Given) -> Microstep:
    after = fold(state, given.writes)
    happened = Happened(given.name, None, {"recorded": True}, tuple(write.path for write in given.writes))
    return Microstep(happened, given.seq, after, after.envelope)


def _without_times(writes: Iterable[Write]) -> list[tuple[Path, JsonValue]]:
    """Writes to be compared: the moment of a retry depends on chance, which the record keeps in the moment itself."""
    return [(write.path, _timeless(write.value)) for write in writes]


def _timeless(value: JsonValue) -> JsonValue:
    if isinstance(value, dict) and value.get("waitType") == "retry":
        return {name: inner for name, inner in value.items() if name != "dueAt"}
    return value
