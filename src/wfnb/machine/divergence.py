"""Divergence: where a replay first does something else than the record, what that is, and which expression made it so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from wfnb.machine.passages import UNKNOWN, Passage
from wfnb.machine.retrace import Pair, Retraced
from wfnb.model.paths import definition_path
from wfnb.model.values import DELETE, JsonValue, canonical_json, diff

__all__ = ["Difference", "Divergence", "Kind", "Texts", "differences", "first_divergence"]

Definition: TypeAlias = dict[str, JsonValue]
Kind: TypeAlias = Literal[
    "new step",
    "missing step",
    "other order",
    "other action",
    "other input",
    "other branch",
    "other error",
    "other value",
    "other end",
]
"""What is different: a step that only one of the two took; what was called, or with what; where it went; how it ended."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs; `DELETE` stands for “not there”."""

    field: str
    recorded: JsonValue
    now: JsonValue


@dataclass(frozen=True, slots=True)
class Texts:
    """What is written in a field of the step, as it was and as it is; None where nothing is.

    Expressions stand as their text, everything else as JSON. `decisive`: it feeds a field that differs.
    """

    field: str
    old: str | None
    new: str | None
    decisive: bool


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first place where a replay and its record part.

    Parameters
    ----------
    kind
        What is different there.
    instance, path, step_id
        The step: its instance path, its definition path and its id; empty for the end of the run.
    recorded, now
        What the record has, and what comes out now, in a word or a value.
    fields
        Every field that differs.
    texts
        What was changed in the step. Nothing is decisive when what is written is the same and reads other data.
    """

    kind: Kind
    instance: str
    path: str
    step_id: str
    recorded: JsonValue
    now: JsonValue
    fields: tuple[Difference, ...] = ()
    texts: tuple[Texts, ...] = ()


def first_divergence(
    retraced: Retraced, status: str, *, old: Definition, new: Definition
) -> Divergence | None:
    """The first divergence of a retraced run, or None when it went the same way.

    Parameters
    ----------
    retraced
        The run, led through `new`.
    status
        How the recorded run ended.
    old, new
        The definitions, for what is written in them.
    """
    latest = 0
    for pair in retraced.pairs:
        found = _of_pair(pair, old, new)
        if found is not None:
            return found
        recorded, now = pair.recorded, pair.now
        if recorded is not None and now is not None and not _is_in_parallel(now.instance, new):
            if recorded.seq < latest:
                return _alone("other order", now, "came earlier", "comes later")
            latest = recorded.seq
    ended = retraced.state.status
    if ended == status:
        return None
    return Divergence("other end", "", "", "", status, ended, (Difference("status", status, ended),))


def _is_in_parallel(instance: str, definition: Definition) -> bool:
    """Whether a step is done for several items at once: those have no order."""
    loops = (definition_path(instance[: found.start()]) for found in _BODY.finditer(instance))
    return any(_written(definition, loop).get("concurrency", "1") != "1" for loop in loops)


def differences(recorded: Passage, now: Passage) -> tuple[Kind, tuple[Difference, ...]] | None:
    """What the two passages of a pair differ in, by the first kind of difference there is."""
    return next(((kind, fields) for kind, fields in _kinds(recorded, now) if fields), None)


def _kinds(recorded: Passage, now: Passage) -> Iterator[tuple[Kind, tuple[Difference, ...]]]:
    if recorded.error is None and now.error is not None:
        yield "other error", _errors(recorded, now)  # whatever else is not there is not there because of it
    # A call that the record does not know any more cannot be compared.
    known = recorded.given is not UNKNOWN
    action = (recorded.type, recorded.action if known else now.action)
    yield "other action", _apart(("type", "action"), action, (now.type, now.action))
    asked = [*_places("input", recorded.given, now.given)] if known else []
    if recorded.key and now.key:
        asked += _apart(("idempotencyKey",), (recorded.key,), (now.key,))
    yield "other input", tuple(asked)
    yield "other branch", _apart(("branch",), (recorded.branch,), (now.branch,))
    yield "other error", _errors(recorded, now)
    yield "other value", tuple(_values(recorded, now))
    yield "other end", _apart(("status",), (recorded.status,), (now.status,))


def _apart(names: Sequence[str], old: Sequence[Any], new: Sequence[Any]) -> tuple[Difference, ...]:
    return tuple(Difference(*row) for row in zip(names, old, new, strict=True) if row[1] != row[2])


def _places(root: str, old: JsonValue, new: JsonValue) -> Iterator[Difference]:
    for path, before, after in diff(old, new):
        yield Difference(".".join((root, *map(str, path))), before, after)


def _errors(recorded: Passage, now: Passage) -> tuple[Difference, ...]:
    names = ("category", "code", "message")
    old, new = (tuple((row.error or {}).get(name) for name in names) for row in (recorded, now))
    found = _apart(tuple(f"error.{name}" for name in names), old, new)
    ways = ((recorded.handled_by, recorded.retry_at_us), (now.handled_by, now.retry_at_us))
    return found + _apart(("handledBy", "retryAt"), *ways)


def _values(recorded: Passage, now: Passage) -> Iterator[Difference]:
    """Differences of what was written: the last value of each place."""
    before, after = dict(recorded.wrote), dict(now.wrote)
    more = () if recorded.loose else (path for path in before if path not in after)
    for path in (*after, *more):
        yield from _places(".".join(map(str, path)), before.get(path, DELETE), after.get(path, DELETE))


def _of_pair(pair: Pair, old: Definition, new: Definition) -> Divergence | None:
    recorded, now = pair.recorded, pair.now
    if recorded is None:
        return None if now is None else _alone("new step", now, None, now.type)
    if now is None:
        return _alone("missing step", recorded, recorded.type, None)
    found = differences(recorded, now)
    if found is None:
        return None
    kind, fields = found
    texts = tuple(_texts(old, new, (recorded, now), fields, kind))
    place = (now.instance, now.path, now.step_id)
    return Divergence(kind, *place, *_told(fields), fields, texts)


def _alone(kind: Kind, passage: Passage, recorded: JsonValue, now: JsonValue) -> Divergence:
    return Divergence(kind, passage.instance, passage.path, passage.step_id, recorded, now)


def _told(fields: Sequence[Difference]) -> tuple[JsonValue, JsonValue]:
    """Both sides in one value: of one field the value itself, of several an object."""
    old = {row.field: row.recorded for row in fields if row.recorded is not DELETE}
    new = {row.field: row.now for row in fields if row.now is not DELETE}
    if len(fields) > 1:
        return old, new
    return next(iter(old.values()), None), next(iter(new.values()), None)


def _texts(
    old: Definition, new: Definition, pair: tuple[Passage, Passage], fields: Sequence[Difference], kind: Kind
) -> Iterator[Texts]:
    """What was changed in the step, that which feeds a field that differs first."""
    before, after = _written(old, pair[0].path), _written(new, pair[1].path)
    names = [*before, *(name for name in after if name not in before)]
    differ = {row.field for row in fields}
    made = [
        Texts(name, before.get(name), after.get(name), _feeds(name, differ, kind))
        for name in names
        if before.get(name) != after.get(name)
    ]
    yield from sorted(made, key=lambda row: not row.decisive)


_BODY = re.compile(r"\.body\{")
_PLACE = re.compile(r"\.?(\w+)?\.steps\[(\d+)\]")
_BLOCKS = frozenset({"then", "else", "try", "catch", "body", "id", "name", "type"})
_ASKED: Final = {
    "inputMapping": "input",
    "args": "input",
    "correlationKey": "input.key",
    "durationMs": "input.dueAt",
    "timeoutMs": "input.dueAt",
    "until": "input.dueAt",
    "contextData": "input.task.context",
    "idempotencyKey": "idempotencyKey",
}


def _written(definition: Definition, path: str) -> dict[str, str]:
    """What is written in a step, as texts by field: expressions, and everything else as JSON. Blocks inside it are left out."""
    steps: Any = definition.get("steps")
    step: Any = {}
    for block, index in _PLACE.findall(path.removeprefix("root")):
        steps = step.get(block) if block else steps
        if not isinstance(steps, list) or int(index) >= len(steps):
            return {}
        step = steps[int(index)]
    own = {name: value for name, value in step.items() if name not in _BLOCKS | {"config"}}
    return dict(_leaves({**own, **(step.get("config") or {})}, ""))


def _leaves(value: JsonValue, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and "$expr" not in value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{field}.{key}" if field else key)
    elif isinstance(value, dict):
        yield field, str(value["$expr"])
    else:
        yield field, canonical_json(value)


def _feeds(name: str, differ: AbstractSet[str], kind: Kind) -> bool:
    """Whether what stands in a field of a step gives a value that differs."""
    root, _, rest = name.partition(".")
    match kind:
        case "other input":
            asked = _ASKED.get(root, f"input.{root}")
            place = f"{asked}.{rest}" if rest else asked
            return any(
                _within(field, place) or _within(field.replace(".task.", "."), place) for field in differ
            )
        case "other branch":
            return root in ("condition", "items")
        case "other value":
            target = rest if root in ("assign", "outputMapping") else "" if root == "saveAs" else name
            return any(_within(field, target) for field in differ)
        case "other error":
            return root not in ("onError", "retry") or bool(differ & {"handledBy", "retryAt"})
        case "other action":
            return root in ("actionId", "version", "workflowId", "workflowVersion")
        case _:
            return False


def _within(field: str, place: str) -> bool:
    """Whether one place holds the other."""
    return not place or field == place or field.startswith(f"{place}.") or place.startswith(f"{field}.")
