"""Rule: the configuration of a node fits its type; an absent one is checked like an empty one."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.model.policies import Model
from wfnb.model.values import JsonValue
from wfnb.registry.nodes import NodeType
from wfnb.validate.findings import Finding, nearest
from wfnb.validate.fit import Misfit, field_path, known_fields, misfits
from wfnb.validate.raw import RawStep
from wfnb.validate.source import Source

__all__ = ["check"]


def check(source: Source) -> Iterator[Finding]:
    """A finding for every place where a configuration does not fit."""
    for step in source.steps:
        node = source.catalog.nodes.get(step.type)
        if node is None or not isinstance(step.raw.get("config", {}), dict | None):
            continue
        for misfit in _misfits(node, step.config):
            if misfit.kind != "type" or misfit.place[-1:] != (
                "$expr",
            ):  # that one is told with the expressions
                yield _finding(step, node, misfit)


def _misfits(node: NodeType, config: dict[str, JsonValue]) -> list[Misfit]:
    by_name = False if issubclass(node.config_model, Model) else None
    if not _is_template(node):
        return misfits(node.config_model, config, by_name=by_name, open_expressions=False)
    # Any such node may say where its result goes, whether its model lists the field or not.
    listed = "saveAs" in known_fields(node.config_model)
    inputs = config if listed else {name: value for name, value in config.items() if name != "saveAs"}
    found = misfits(node.config_model, inputs, by_name=by_name)
    if not listed and not isinstance(config.get("saveAs", ""), str | None):
        found.append(Misfit("type", ("saveAs",), "must be text"))
    return found


def _is_template(node: NodeType) -> bool:
    """Whether expressions in the configuration are evaluated before the model sees it."""
    return node.shape is not None or node.function is not None


def _finding(step: RawStep, node: NodeType, misfit: Misfit) -> Finding:
    code = "INVALID_ACTION_CONFIG" if node.name == "action.call" else "INVALID_CONFIG"
    field = field_path("config", *misfit.place)
    if misfit.kind == "extra":
        known = known_fields(node.config_model)
        hint = nearest(str(misfit.place[-1]), known) if len(misfit.place) == 1 else None
        return step.error(
            code,
            f"{node.name} has no field “{field}”.",
            hint or f"The configuration may have: {', '.join(known)}.",
            field,
        )
    if not misfit.place:
        return step.error(code, f"The configuration of {node.name} {misfit.expected}.", None, field)
    hint = f"{node.name} needs it." if misfit.kind == "missing" else None
    return step.error(code, f"The field “{field}” {misfit.expected}.", hint, field)
