"""The program: a definition linked to what it names. Made by `wfnb.validate.link` only; the machine accepts nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from wfnb.model.definition import Definition
from wfnb.model.policies import RetryPolicy
from wfnb.model.values import JsonValue, Path
from wfnb.registry.nodes import CallShape
from wfnb.validate.template import Template

__all__ = ["ActionBinding", "Kind", "LinkedStep", "Program", "Target", "WaitPlan"]

Kind = Literal["assign", "call", "wait", "if", "forEach", "tryCatch", "callWorkflow", "return"]
"""What a step does, once its type has been looked up."""


@dataclass(frozen=True, slots=True)
class Target:
    """One assignment: the place, the value, and the name it was written under."""

    path: Path
    value: Template
    name: str


@dataclass(frozen=True, slots=True)
class ActionBinding:
    """An action as a program sees it: what it is and how its key is made, but not its function."""

    id: str
    version: int
    side_effect: bool
    key_of: Callable[[JsonValue], str | None]


@dataclass(frozen=True, slots=True)
class WaitPlan:
    """What a step waits for.

    Parameters
    ----------
    wait_type
        A moment, an event, or a person.
    timeout_ms
        Milliseconds until the wait runs out, or that a pause takes; None for ever.
    event_name, key, filters
        What answers an event wait.
    until
        The moment at which a pause ends.
    task_type, title, description, assignee, context, priority, form
        What a person is asked; `form` is a JSON Schema.
    """

    wait_type: Literal["time", "event", "human"]
    timeout_ms: int | None = None
    event_name: str | None = None
    key: Template | None = None
    filters: tuple[JsonValue, ...] = ()
    until: Template | None = None
    task_type: str = ""
    title: Template | None = None
    description: Template | None = None
    assignee: Template | None = None
    context: Template | None = None
    priority: str = "medium"
    form: dict[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class LinkedStep:
    """A step with everything it needs compiled.

    Parameters
    ----------
    path, id, type, label
        Where it stands, and how people call it.
    kind
        What it does.
    condition
        The condition of an if, or the items of a loop.
    inputs
        Input of an action, of a node or of a child workflow.
    targets
        Assignments of an assign node, or the output mapping of a child workflow.
    blocks
        Definition paths of nested blocks by name.
    """

    path: str
    id: str
    type: str
    kind: Kind
    label: str
    retry: RetryPolicy | None = None
    continue_on_error: bool = False
    condition: Template | None = None
    inputs: Template | None = None
    key: Template | None = None
    targets: tuple[Target, ...] = ()
    save_as: Path | None = None
    action: ActionBinding | None = None
    shape: CallShape | None = None
    blocks: Mapping[str, str] = field(default_factory=dict)
    item_var: str = ""
    width: int = 1
    continue_on_item_error: bool = False
    capture_as: Path | None = None
    child: tuple[str, int] | None = None
    wait: WaitPlan | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A linked pipeline.

    Parameters
    ----------
    definition
        What was written.
    hash
        Content hash of the definition.
    blocks
        Steps of every block by the block's definition path (``root``, ``root.steps[0].then`` ...).
    """

    definition: Definition
    hash: str
    blocks: Mapping[str, tuple[LinkedStep, ...]]
    kind: str = "pipeline"

    def step(self, path: str) -> LinkedStep | None:
        """The step at a definition path, or None."""
        block, _, index = path.rpartition(".steps[")
        steps = self.blocks.get(block, ())
        number = int(index[:-1])
        return steps[number] if number < len(steps) else None
