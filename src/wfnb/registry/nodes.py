"""Node types: the shapes of steps that are not control blocks, with the models of their configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Field

from wfnb.errors import RegistryError
from wfnb.model.definition import Expr
from wfnb.model.policies import ErrorPolicy, Model, RetryPolicy
from wfnb.model.values import JsonValue
from wfnb.registry.waits import EventWait, HumanTask, TimeWait

__all__ = ["ActionCall", "Assign", "CallShape", "NodeRegistry", "NodeType", "StateSet"]


class StateSet(Model):
    """Configuration of ``state.set``."""

    state: str = Field(min_length=1)


class Assign(Model):
    """Configuration of ``transform.assign``: values by target, in order; later ones see earlier ones."""

    assign: dict[str, JsonValue] = Field(min_length=1)


class ActionCall(Model):
    """Configuration of ``action.call``. ``args`` is the older name of ``inputMapping``."""

    action_id: str = Field(min_length=1)
    version: int = Field(gt=0)
    input_mapping: dict[str, JsonValue] = Field(default_factory=dict)
    args: dict[str, JsonValue] = Field(default_factory=dict)
    save_as: str | None = None
    on_error: ErrorPolicy | None = None
    idempotency_key: Expr | None = None


@dataclass(frozen=True, slots=True)
class CallShape:
    """How a node type that rests on an action uses it. All three functions are pure.

    Parameters
    ----------
    action
        Id and version of the action.
    begin
        From the inputs to the action's input, or to None when no call is needed.
    finish
        From inputs and the action's output (None when it was not called) to the value that is saved.
    fallback
        From inputs and the error to the value that is saved instead.
    """

    action: tuple[str, int]
    begin: Callable[[dict[str, JsonValue]], dict[str, JsonValue] | None]
    finish: Callable[[dict[str, JsonValue], JsonValue], JsonValue]
    fallback: Callable[[dict[str, JsonValue], dict[str, JsonValue]], JsonValue]


@dataclass(frozen=True, slots=True)
class NodeType:
    """A registered node type.

    Exactly one of these says how it runs: nothing more for the built-in ``state.set``, ``transform.assign`` and
    ``action.call``; `shape` for a node that rests on an action; `function` for a node of the workspace's own.
    """

    name: str
    config_model: type[BaseModel]
    label: str = ""
    category: str = ""
    description: str = ""
    examples: tuple[JsonValue, ...] = ()
    default_retry: RetryPolicy | None = None
    shape: CallShape | None = None
    function: Callable[..., Any] | None = None

    def config_schema(self) -> dict[str, JsonValue]:
        """JSON Schema of the configuration."""
        return self.config_model.model_json_schema(by_alias=True)


BUILT_IN = (
    NodeType(
        "state.set", StateSet, "Set state", "Flow", "Set the label that says where the run stands.",
        ({"state": "CREATING_TICKET"},),
    ),
    NodeType(
        "transform.assign", Assign, "Assign", "Data", "Write values into payload, vars or meta.",
        ({"assign": {"vars.total": {"$expr": "payload.price"}}},),
    ),
    NodeType(
        "action.call", ActionCall, "Call action", "Actions", "Call a registered action and keep what it returns.",
        ({"actionId": "create_ticket", "version": 1, "inputMapping": {"title": {"$expr": "payload.subject"}}},),
    ),
    NodeType(
        "event.wait", EventWait, "Wait for an event", "Waits", "Stop until an event with this name and key is submitted.",
        (
            {
                "eventName": "TICKET_ANSWERED",
                "correlationKey": {"$expr": "payload.ticketId"},
                "timeoutMs": 86_400_000,
                "assign": {"vars.answer": {"$expr": "vars.event.text"}},
            },
        ),
    ),
    NodeType(
        "time.wait", TimeWait, "Wait for a time", "Waits", "Stop for a duration, or until a moment.",
        ({"mode": "duration", "durationMs": 3_600_000}, {"mode": "until", "until": {"$expr": "payload.dueAt"}}),
    ),
    NodeType(
        "human.task", HumanTask, "Ask a person", "Waits", "Stop until somebody has filled in a form.",
        (
            {
                "taskType": "approve_refund",
                "title": {"$expr": "'Refund ' & payload.orderId"},
                "form": {"type": "object", "required": ["approved"], "properties": {"approved": {"type": "boolean"}}},
                "assign": {"vars.approved": {"$expr": "vars.event.approved"}},
            },
        ),
    ),
)  # fmt: skip
"""Node types that every workspace has."""


@dataclass(slots=True)
class NodeRegistry:
    """Node types by name; the built-in ones are always there."""

    _types: dict[str, NodeType] = field(default_factory=lambda: {node.name: node for node in BUILT_IN})

    def add(self, node: NodeType) -> None:
        """Register a node type.

        Raises
        ------
        RegistryError
            ``INCOMPLETE_NODE`` without type or configuration model, or for a name that control blocks use;
            ``ALREADY_REGISTERED``.
        """
        if not node.name or not isinstance(node.config_model, type):
            raise RegistryError("A node type needs a name and a configuration model.", code="INCOMPLETE_NODE")
        if node.name.startswith("control."):
            raise RegistryError(
                "Names that begin with “control.” belong to control blocks.",
                code="INCOMPLETE_NODE",
                where=node.name,
            )
        if node.name in self._types:
            raise RegistryError(
                f"The node type {node.name} is registered already.",
                code="ALREADY_REGISTERED",
                where=node.name,
            )
        self._types[node.name] = node

    def get(self, name: str) -> NodeType | None:
        """The node type, or None."""
        return self._types.get(name)

    def names(self) -> list[str]:
        """All node types, sorted."""
        return sorted(self._types)

    def __iter__(self) -> Iterator[NodeType]:
        return iter(sorted(self._types.values(), key=lambda node: node.name))
