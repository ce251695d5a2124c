"""Rule: the definition has the fields it needs, of the right kind, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from wfnb.model.definition import (
    CallWorkflow,
    Definition,
    EventTrigger,
    Expr,
    ForEach,
    If,
    NodeStep,
    RecurringTrigger,
    Return,
    ScheduleTrigger,
    TryCatch,
)
from wfnb.model.paths import ROOT, block_path, step_path
from wfnb.model.policies import ErrorPolicy, RetryPolicy
from wfnb.validate.findings import Finding, nearest
from wfnb.validate.fit import describe, field_path, known_fields
from wfnb.validate.raw import BLOCKS, RawStep, text_of
from wfnb.validate.source import Source

__all__ = ["check"]

_CODE = "INVALID_WORKFLOW_DEFINITION"

_STEPS: dict[str, type[BaseModel]] = {
    "node": NodeStep,
    "control.if": If,
    "control.forEach": ForEach,
    "control.tryCatch": TryCatch,
    "control.callWorkflow": CallWorkflow,
    "control.return": Return,
}
_PARTS: dict[str, type[BaseModel]] = {
    "retry": RetryPolicy,
    "onError": ErrorPolicy,
    "event": EventTrigger,
    "schedule": ScheduleTrigger,
    "recurring": RecurringTrigger,
    "condition": Expr,
    "items": Expr,
}
_NAMES = "letters, digits and . _ : -"
_PATTERNS = {
    "id": f"may have {_NAMES}, and begins with a letter or digit",
    "itemVar": "must be a name: letters, digits and _, not beginning with a digit",
}
_HINTS = {
    ("trigger", "union_tag_not_found"): "Its type is event, schedule or recurring.",
    ("steps", "missing"): "Write at least an empty list.",
    ("condition", "model_type"): 'Write it as {"$expr": "…"}.',
    ("items", "model_type"): 'Write it as {"$expr": "…"}.',
}


def check(source: Source) -> Iterator[Finding]:
    """One finding for every place where the shape is wrong."""
    steps = {step.path: step for step in source.steps}
    for fault in source.shape_faults:
        path, kind, rest = _place(fault["loc"])
        step = steps.get(path) or RawStep(path, -1, {})
        if not _is_told_elsewhere(step, fault, rest):
            yield _finding(step, kind, fault, rest)


def _place(loc: Sequence[str | int]) -> tuple[str, str, tuple[str | int, ...]]:
    """Definition path, kind of the innermost step (empty outside), and the field inside it."""
    path, kind, at = ROOT, "", 0
    while at + 2 < len(loc) and isinstance(index := loc[at + 1], int):
        name = str(loc[at])
        if name != "steps" if path == ROOT else name not in BLOCKS.get(kind, ()):
            break
        path = step_path(path if path == ROOT else block_path(path, name), index)
        kind = str(loc[at + 2])
        at += 3
    return path, kind, tuple(loc[at:])


def _is_told_elsewhere(step: RawStep, fault: ErrorDetails, rest: Sequence[str | int]) -> bool:
    """Whether a rule of its own says it better: broken expressions, and everything about an unknown control block."""
    if rest and rest[-1] == "$expr" and fault["type"] == "string_type":
        return True
    strange = step.type.startswith("control.") and step.type not in BLOCKS
    return strange and fault["type"] == "extra_forbidden"


def _finding(step: RawStep, kind: str, fault: ErrorDetails, rest: tuple[str | int, ...]) -> Finding:
    if not rest:
        what = "The step" if kind else "The definition"
        return step.error(_CODE, f"{what} {describe(fault)}.")
    field = field_path(*_untagged(rest))
    name = str(rest[-1])
    if fault["type"] == "extra_forbidden":
        if kind == "node" and not step.type:
            kind = ""
        return step.error(_CODE, f"There is no field “{field}” here.", _field_hint(kind, rest), field)
    expected = describe(fault)
    if fault["type"] == "string_pattern_mismatch":
        expected = _PATTERNS.get(name, expected)
    return step.error(_CODE, f"The field “{field}” {expected}.", _hint(name, fault), field)


def _untagged(rest: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A place without the name of the trigger's type, which the model puts into it."""
    return rest[:1] + rest[2:] if rest[0] == "trigger" and len(rest) > 2 else rest


def _hint(name: str, fault: ErrorDetails) -> str | None:
    if name in ("condition", "items") and isinstance(fault["input"], str) and fault["type"] == "model_type":
        return f'Write it as {{"$expr": "{_short(text_of(fault["input"]))}"}}.'
    return _HINTS.get((name, fault["type"]))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _field_hint(kind: str, rest: Sequence[str | int]) -> str:
    """The nearest field of the part in which the unknown one stands, or all of them."""
    holder = next((_PARTS[part] for part in reversed(rest[:-1]) if part in _PARTS), None)
    model = holder or _STEPS.get(kind) or (NodeStep if kind else Definition)
    known = known_fields(model)
    return nearest(str(rest[-1]), known) or f"Known are: {', '.join(known)}."
