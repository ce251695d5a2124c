"""Sites: every expression of a definition, with the step and field it stands in, compiled once for all rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wfnb.errors import ExpressionError
from wfnb.expr import Compiled, Profile, compile_expression
from wfnb.model.values import JsonValue
from wfnb.validate.raw import RawStep, block_names, object_of
from wfnb.validate.template import is_expr

__all__ = ["ASSIGNING", "Site", "nested_values", "step_sites", "step_values", "trigger_sites"]


ASSIGNING = ("transform.assign", "event.wait", "time.wait", "human.task")
"""Node types that make assignments in order."""


@dataclass(frozen=True, slots=True)
class Site:
    """One expression.

    Parameters
    ----------
    step
        The step it stands in; the root for a trigger.
    field
        Its field, such as ``config.inputMapping.title``.
    entry
        Position among the assignments of the step, which are made in order; 0 elsewhere.
    written
        What stands under ``$expr``.
    compiled
        The expression, or None when it does not compile.
    fault
        Why it does not.
    """

    step: RawStep
    field: str
    entry: int
    written: JsonValue
    compiled: Compiled | None
    fault: ExpressionError | None

    def paths_read(self) -> list[tuple[str | None, ...]]:
        """Paths that the expression reads; none when it does not compile."""
        return [reference.path for reference in self.compiled.references] if self.compiled else []

    def vars_read(self) -> list[str]:
        """Names in vars that the expression reads, each once."""
        names = (path[1] for path in self.paths_read() if path[0] == "vars" and len(path) > 1)
        return list(dict.fromkeys(name for name in names if name is not None))

    @property
    def moment(self) -> tuple[int, int]:
        """When it is evaluated, in reading order: compare it with the moments of writes."""
        return self.step.order, self.entry


def step_sites(step: RawStep, profile: Profile) -> Iterator[Site]:
    """The expressions of a step, those of nested blocks left out."""
    for field, entry, value in step_values(step):
        if is_expr(value):
            yield _site(step, field, entry, value["$expr"], profile)


def step_values(step: RawStep) -> Iterator[tuple[str, int, JsonValue]]:
    """Every object of a step that may be special, with field and entry: outer before inner."""
    blocks = block_names(step)
    for key, value in step.raw.items():
        if key not in blocks:
            yield from _entries(step, key, value)


def _entries(step: RawStep, key: str, value: JsonValue) -> Iterator[tuple[str, int, JsonValue]]:
    assigned = object_of(object_of(value).get("assign")) if key == "config" else {}
    if step.type in ASSIGNING and key == "config" and assigned:
        for entry, (target, inner) in enumerate(assigned.items()):
            yield from (
                (field, entry, item) for field, item in nested_values(inner, f"config.assign.{target}")
            )
        value = {name: inner for name, inner in object_of(value).items() if name != "assign"}
    if key == "outputMapping" and isinstance(value, dict):
        for entry, (target, inner) in enumerate(value.items()):
            yield from ((field, entry, item) for field, item in nested_values(inner, f"{key}.{target}"))
        return
    yield from ((field, 0, item) for field, item in nested_values(value, key))


def trigger_sites(raw: Mapping[str, JsonValue], root: RawStep, profile: Profile) -> Iterator[Site]:
    """The expressions of the trigger's payload mapping."""
    mapping = object_of(object_of(raw.get("trigger")).get("payloadMapping"))
    for field, value in nested_values(mapping, "trigger.payloadMapping"):
        if is_expr(value):
            yield _site(root, field, 0, value["$expr"], profile)


def nested_values(value: JsonValue, field: str) -> Iterator[tuple[str, JsonValue]]:
    """Every object inside a value with its field, outer before inner; what is inside an expression is left out."""
    if isinstance(value, dict):
        yield field, value
        if not is_expr(value):
            for key, inner in value.items():
                yield from nested_values(inner, f"{field}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from nested_values(inner, f"{field}[{index}]")


def _site(step: RawStep, field: str, entry: int, written: JsonValue, profile: Profile) -> Site:
    try:
        compiled = compile_expression(written, profile=profile, field=field)
    except ExpressionError as fault:
        return Site(step, field, entry, written, None, fault)
    return Site(step, field, entry, written, compiled, None)
