"""Targets: every place that a definition writes, with the moment from which it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from wfnb.errors import ValidationError
from wfnb.model.paths import block_path, parse_target
from wfnb.model.values import JsonValue, Path
from wfnb.validate.catalog import Catalog
from wfnb.validate.raw import RawStep, object_of, text_of

__all__ = ["WriteSite", "step_writes"]


@dataclass(frozen=True, slots=True)
class WriteSite:
    """One place that a step writes.

    Parameters
    ----------
    step
        The step.
    field
        Its field, such as ``config.saveAs``.
    text
        The target as written.
    path
        Its path in the envelope, or None when it is not a place that can be written.
    fault
        Why it is not.
    entry
        Position among the assignments of the step.
    model
        Model of what is written, where it is known.
    not_in
        Block inside the step where it is not written yet; empty when there is none.
    """

    step: RawStep
    field: str
    text: str
    path: Path | None
    fault: ValidationError | None = None
    entry: int = 0
    model: type[BaseModel] | None = None
    not_in: str = ""

    def is_before(self, step: RawStep, moment: tuple[int, int]) -> bool:
        """Whether the place is written, in reading order, when a step reads something at a moment."""
        inside = self.not_in and step.path.startswith(self.not_in + ".")
        return (self.step.order, self.entry) < moment and not inside


_ARRIVING = {
    "event.wait": ("event", "eventName"),
    "human.task": ("event", "eventName"),
    "time.wait": ("timeWait",),
}
"""What a wait leaves in ``vars`` when it is over."""


def step_writes(step: RawStep, catalog: Catalog) -> Iterator[WriteSite]:
    """What a step writes."""
    match step.type:
        case "state.set":
            yield WriteSite(step, "config.state", "meta.state", ("meta", "state"))
        case "transform.assign" | "event.wait" | "time.wait" | "human.task":
            for name in _ARRIVING.get(step.type, ()):  # there before the first assignment
                yield WriteSite(step, "config", f"vars.{name}", ("vars", name), entry=-1)
            for entry, name in enumerate(object_of(step.config.get("assign"))):
                yield _write(step, f"config.assign.{name}", name, entry=entry)
        case "control.callWorkflow":
            for entry, name in enumerate(object_of(step.raw.get("outputMapping"))):
                yield _write(step, f"outputMapping.{name}", name, scope="vars", entry=entry)
        case "control.tryCatch":
            if captured := text_of(step.raw.get("captureErrorAs")):
                hidden = block_path(step.path, "try")
                yield _write(step, "captureErrorAs", captured, scope="vars", not_in=hidden)
        case "control.forEach":
            yield WriteSite(step, "body", "vars.itemErrors", ("vars", "itemErrors"))
        case _:
            yield from _saved(step, catalog)


def _saved(step: RawStep, catalog: Catalog) -> Iterator[WriteSite]:
    node = catalog.nodes.get(step.type)
    model = None
    if step.type == "action.call":
        model = _output_model(step, catalog)
    target: JsonValue = step.config.get("saveAs")
    if target is None and node is not None and "save_as" in node.config_model.model_fields:
        target = node.config_model.model_fields["save_as"].default
    if isinstance(target, str) and target:
        yield _write(step, "config.saveAs", target, scope="vars", model=model)


def _output_model(step: RawStep, catalog: Catalog) -> type[BaseModel] | None:
    version = step.config.get("version")
    known = isinstance(version, int) and catalog.actions.get(text_of(step.config.get("actionId")), version)
    return known.output_model if known else None


def _write(
    step: RawStep,
    field: str,
    text: str,
    *,
    scope: str | None = None,
    entry: int = 0,
    model: type[BaseModel] | None = None,
    not_in: str = "",
) -> WriteSite:
    try:
        path = parse_target(text, default_scope=scope)
    except ValidationError as fault:
        return WriteSite(step, field, text, None, fault, entry)
    return WriteSite(step, field, text, path, None, entry, model, not_in)
