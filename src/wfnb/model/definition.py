"""The pipeline definition as closed models, dispatched on the ``type`` of each step (pipeline specification, 1.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from wfnb.model.paths import ROOT, block_path, step_path
from wfnb.model.policies import ErrorPolicy, Model, RetryPolicy
from wfnb.model.values import JsonValue

__all__ = [
    "CONTROL_TYPES",
    "CallWorkflow",
    "CatchUp",
    "Definition",
    "EventTrigger",
    "Expr",
    "ForEach",
    "If",
    "NodeStep",
    "RecurringTrigger",
    "Return",
    "ScheduleTrigger",
    "Step",
    "Trigger",
    "TryCatch",
    "blocks_of",
    "walk_steps",
]

StepId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]


class Expr(Model):
    """A JSONata expression in a definition: ``{"$expr": "payload.name"}``."""

    source: str = Field(alias="$expr")


class NodeStep(Model):
    """A step of a registered node type."""

    id: StepId
    type: str = Field(min_length=1, max_length=200)
    name: str | None = None
    config: dict[str, JsonValue] | None = None
    retry: RetryPolicy | None = None
    on_error: ErrorPolicy | None = None


class If(Model):
    """``control.if``: one of two blocks, by a condition that must be true or false."""

    id: StepId
    type: Literal["control.if"]
    name: str | None = None
    condition: Expr
    then: tuple[Step, ...] = Field(strict=False)
    otherwise: tuple[Step, ...] = Field(default=(), alias="else", strict=False)


class ForEach(Model):
    """``control.forEach``: a block for every item of a list; `concurrency` items at once, one after the other unless given."""

    id: StepId
    type: Literal["control.forEach"]
    name: str | None = None
    items: Expr
    item_var: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)
    concurrency: int = Field(default=1, ge=1, le=50)
    body: tuple[Step, ...] = Field(strict=False)
    on_item_error: Literal["continue", "fail"] = "fail"


class TryCatch(Model):
    """``control.tryCatch``: a block, and another one for when it fails."""

    id: StepId
    type: Literal["control.tryCatch"]
    name: str | None = None
    attempt: tuple[Step, ...] = Field(alias="try", strict=False)
    catch: tuple[Step, ...] = Field(default=(), strict=False)
    capture_error_as: str | None = None


class CallWorkflow(Model):
    """``control.callWorkflow``: run another workflow as a child and take over its results."""

    id: StepId
    type: Literal["control.callWorkflow"]
    name: str | None = None
    workflow_id: str
    workflow_version: int = Field(gt=0)
    input_mapping: dict[str, JsonValue] = Field(default_factory=dict)
    output_mapping: dict[str, Expr] = Field(default_factory=dict)
    retry: RetryPolicy | None = None
    on_error: ErrorPolicy | None = None


class Return(Model):
    """``control.return``: end the run, successfully, from any depth."""

    id: StepId
    type: Literal["control.return"]
    name: str | None = None


_BLOCKS: dict[str, type[Model]] = {
    "control.if": If,
    "control.forEach": ForEach,
    "control.tryCatch": TryCatch,
    "control.callWorkflow": CallWorkflow,
    "control.return": Return,
}
CONTROL_TYPES = tuple(sorted(_BLOCKS))
"""The five control blocks."""


def _tag(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return kind if isinstance(kind, str) and kind in _BLOCKS else "node"


Step = Annotated[
    Annotated[NodeStep, Tag("node")]
    | Annotated[If, Tag("control.if")]
    | Annotated[ForEach, Tag("control.forEach")]
    | Annotated[TryCatch, Tag("control.tryCatch")]
    | Annotated[CallWorkflow, Tag("control.callWorkflow")]
    | Annotated[Return, Tag("control.return")],
    Discriminator(_tag),
]
"""Any step, told apart by its ``type``."""


class EventTrigger(Model):
    """What starts the workflow: an event by name."""

    type: Literal["event"]
    event_name: str = Field(min_length=1)
    source_payload_schema_ref: str | None = None
    payload_mapping: dict[str, Expr] | None = None


CatchUp = Literal["none", "latest", "all"]
"""What becomes of firings that nobody was there for: none of them, the latest one, or all."""


class ScheduleTrigger(Model):
    """What starts the workflow: one moment, as ISO 8601 text."""

    type: Literal["schedule"]
    run_at: str | None = None
    catch_up: CatchUp = "latest"


class RecurringTrigger(Model):
    """What starts the workflow: moments given by a cron expression in a time zone."""

    type: Literal["recurring"]
    cron: str = Field(min_length=1)
    timezone: str = "UTC"
    catch_up: CatchUp = "latest"


Trigger = Annotated[EventTrigger | ScheduleTrigger | RecurringTrigger, Field(discriminator="type")]
"""What starts the workflow without a person."""


class Definition(Model):
    """A workflow as written: steps from top to bottom, with nested blocks.

    Examples
    --------
    >>> Definition.model_validate(
    ...     {"id": "hello", "name": "Hello", "steps": [{"id": "done", "type": "control.return"}]}
    ... ).steps[0].type
    'control.return'
    """

    id: StepId
    version: int | None = Field(default=None, gt=0)
    name: str = Field(min_length=1, max_length=200)
    description: str | None = None
    payload_schema_ref: str | None = None
    trigger: Trigger | None = None
    steps: tuple[Step, ...] = Field(strict=False)

    def to_json(self) -> dict[str, JsonValue]:
        """The JSON form, with the names that people write and without absent fields."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


for _model in (If, ForEach, TryCatch, Definition):
    _model.model_rebuild()


def blocks_of(step: Step) -> dict[str, tuple[Step, ...]]:
    """The nested blocks of a step by name, in reading order; empty for anything but if, forEach and tryCatch."""
    match step:
        case If():
            return {"then": step.then, "else": step.otherwise}
        case ForEach():
            return {"body": step.body}
        case TryCatch():
            return {"try": step.attempt, "catch": step.catch}
        case _:
            return {}


def walk_steps(steps: tuple[Step, ...], block: str = ROOT) -> Iterator[tuple[str, Step]]:
    """Every step with its definition path, from top to bottom, outer before inner."""
    for index, step in enumerate(steps):
        path = step_path(block, index)
        yield path, step
        for name, inner in blocks_of(step).items():
            yield from walk_steps(inner, block_path(path, name))
