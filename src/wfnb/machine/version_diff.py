"""Comparing two versions of a workflow: steps added, removed, moved and changed, field by field. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from wfnb.model.values import JsonValue, diff
from wfnb.validate.raw import RawStep, block_names, walk_raw

__all__ = ["FieldChange", "StepChange", "changes_of_steps", "changes_outside"]

_OUTSIDE = ("steps", "version", "id")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that is not the same: its name, what stood there, and what stands there now; `DELETE` for nothing."""

    field: str
    old: JsonValue
    new: JsonValue
    expression: bool = False


@dataclass(frozen=True, slots=True)
class StepChange:
    """A step that is not the same.

    Parameters
    ----------
    kind
        ``added``, ``removed``, ``changed``, ``moved``, or ``moved and changed``.
    step_id, type
        The step.
    old_path, new_path
        Where it stood and stands.
    fields
        Which of its fields changed.
    """

    kind: Literal["added", "removed", "changed", "moved", "moved and changed"]
    step_id: str
    type: str
    old_path: str | None
    new_path: str | None
    fields: tuple[FieldChange, ...] = ()


def changes_of_steps(old: Mapping[str, JsonValue], new: Mapping[str, JsonValue]) -> list[StepChange]:
    """Every step that is not the same, in the order of the new definition; removed ones last.

    Examples
    --------
    >>> step = {"id": "a", "type": "state.set", "config": {"state": "X"}}
    >>> [(c.kind, c.step_id) for c in changes_of_steps({"steps": [step]}, {"steps": [step, {**step, "id": "b"}]})]
    [('added', 'b')]
    """
    before, after = _by_id(old), _by_id(new)
    moved = _moved(before, after)
    found = []
    for step_id, step in after.items():
        was = before.get(step_id)
        if was is None:
            found.append(StepChange("added", step_id, step.type, None, step.path))
            continue
        fields = _fields(was, step)
        kinds = [kind for kind, holds in (("moved", step_id in moved), ("changed", bool(fields))) if holds]
        if kinds:
            kind = " and ".join(kinds)
            found.append(StepChange(kind, step_id, step.type, was.path, step.path, fields))  # type: ignore[arg-type]  # one of the kinds
    gone = (step for step_id, step in before.items() if step_id not in after)
    return found + [StepChange("removed", step.id or "", step.type, step.path, None) for step in gone]


def changes_outside(old: Mapping[str, JsonValue], new: Mapping[str, JsonValue]) -> tuple[FieldChange, ...]:
    """What changed outside of the steps: name, trigger, payload schema and so on."""
    one, other = (
        {name: value for name, value in definition.items() if name not in _OUTSIDE}
        for definition in (old, new)
    )
    return _told(one, other)


def _by_id(definition: Mapping[str, JsonValue]) -> dict[str, RawStep]:
    return {step.id: step for step in walk_raw(definition) if step.id is not None}


def _fields(old: RawStep, new: RawStep) -> tuple[FieldChange, ...]:
    blocks = {*block_names(old), *block_names(new)}
    one, other = (
        {name: value for name, value in step.raw.items() if name not in blocks} for step in (old, new)
    )
    return _told(one, other)


def _told(old: JsonValue, new: JsonValue) -> tuple[FieldChange, ...]:
    changes = []
    for path, was, now in diff(old, new):
        expression = path[-1:] == ("$expr",)
        name = ".".join(map(str, path[:-1] if expression else path))
        changes.append(FieldChange(name, _text(was), _text(now), expression))
    return tuple(changes)


def _text(value: JsonValue) -> JsonValue:
    """An expression as its text."""
    return value["$expr"] if isinstance(value, dict) and set(value) == {"$expr"} else value


def _moved(before: Mapping[str, RawStep], after: Mapping[str, RawStep]) -> set[str]:
    """Steps that stand in another block, or in another order among those that stayed in theirs."""
    homes = _home(before), _home(after)
    common = [step_id for step_id in after if step_id in before]
    moved = {step_id for step_id in common if homes[0][step_id] != homes[1][step_id]}
    stayed: dict[tuple[str, str], list[str]] = {}
    for step_id in common:
        if step_id not in moved:
            stayed.setdefault(homes[1][step_id], []).append(step_id)
    place = {step_id: number for number, step_id in enumerate(before)}
    for siblings in stayed.values():
        kept = _longest_rising([place[step_id] for step_id in siblings])
        moved |= {step_id for number, step_id in enumerate(siblings) if number not in kept}
    return moved


def _home(steps: Mapping[str, RawStep]) -> dict[str, tuple[str, str]]:
    """The step around each step, and the block of it; so that a step does not move because an outer one does."""
    owners = {step.path: step_id for step_id, step in steps.items()}
    homes = {}
    for step_id, step in steps.items():
        outer, _, name = step.path.rpartition(".steps[")[0].rpartition(".")
        homes[step_id] = (owners.get(outer, outer), name)
    return homes


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """Positions of a longest rising part: what kept its order."""
    ends: list[int] = []
    places: list[int] = []
    before: list[int | None] = []
    for position, number in enumerate(numbers):
        slot = bisect_left(ends, number)
        before.append(places[slot - 1] if slot else None)
        ends[slot : slot + 1] = [number]
        places[slot : slot + 1] = [position]
    kept: set[int] = set()
    at = places[-1] if places else None
    while at is not None:
        kept.add(at)
        at = before[at]
    return kept
