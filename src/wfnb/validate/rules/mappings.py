"""Rule: the input mapping of an action call gives the action what it needs, and nothing it does not know."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import RootModel

from wfnb.registry.actions import Action
from wfnb.validate.findings import Finding, nearest
from wfnb.validate.fit import Misfit, field_path, known_fields, misfits
from wfnb.validate.raw import RawStep, object_of, text_of
from wfnb.validate.source import Source
from wfnb.validate.template import is_expr

__all__ = ["check"]


def check(source: Source) -> Iterator[Finding]:
    """A finding for every field that is missing, unknown, or given a literal that does not fit."""
    for step in source.steps:
        version = step.config.get("version")
        if step.type != "action.call" or not isinstance(version, int):
            continue
        action = source.catalog.actions.get(text_of(step.config.get("actionId")), version)
        if action is not None:
            yield from _mapped(step, action)


def _mapped(step: RawStep, action: Action) -> Iterator[Finding]:
    written = {name: object_of(step.config.get(name)) for name in ("args", "inputMapping")}
    mapping = {**written["args"], **written["inputMapping"]}
    found = misfits(action.input_model, mapping)
    for name in _dropped(action, mapping):
        if not any(misfit.kind == "extra" and misfit.place == (name,) for misfit in found):
            found.append(Misfit("extra", (name,), "is not known here"))
    for misfit in found:
        first = misfit.place[0] if misfit.place else None
        holder = (
            "args" if first in written["args"] and first not in written["inputMapping"] else "inputMapping"
        )
        yield _finding(step, action, misfit, field_path("config", holder, *misfit.place))


def _dropped(action: Action, mapping: dict[str, object]) -> list[str]:
    """Fields that the input model would drop without a word."""
    model = action.input_model
    reshaped = any(
        decorator.info.mode != "after"
        for decorator in model.__pydantic_decorators__.model_validators.values()
    )
    if (
        is_expr(mapping)
        or issubclass(model, RootModel)
        or model.model_config.get("extra", "ignore") != "ignore"
        or reshaped
    ):
        return []
    known = {*known_fields(model), *(model.model_fields if _accepts_names(action) else ())}
    return [name for name in mapping if name not in known]


def _accepts_names(action: Action) -> bool:
    config = action.input_model.model_config
    return bool(config.get("populate_by_name") or config.get("validate_by_name"))


def _finding(step: RawStep, action: Action, misfit: Misfit, field: str) -> Finding:
    label = f"{action.id}@{action.version}"
    name = field_path(*misfit.place)
    if misfit.kind == "missing":
        return step.error(
            "MISSING_REQUIRED_MAPPING",
            f"{label} needs “{name}”, which is not mapped.",
            f'Map it, for example: "{misfit.place[-1]}": {{"$expr": "payload.{misfit.place[-1]}"}}.',
            field,
        )
    if misfit.kind == "extra":
        known = known_fields(action.input_model)
        hint = nearest(str(misfit.place[-1]), known) if len(misfit.place) == 1 else None
        hint = hint or (f"Its fields are: {', '.join(known)}." if len(misfit.place) == 1 else "Remove it.")
        return step.error("UNKNOWN_MAPPING_FIELD", f"{label} has no field “{name}”.", hint, field)
    message = (
        f"“{name}” of {label} {misfit.expected}." if name else f"The input of {label} {misfit.expected}."
    )
    return step.error("MAPPING_TYPE_INCOMPATIBLE", message, "Change the value, or use an expression.", field)
