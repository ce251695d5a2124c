"""Plans: everything that a process needs to replay runs, as JSON; it needs none of the functions that runs call.

Replay calls nobody, so an action is its id, its version and its retry policy, and a node type the default of its ``saveAs``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import BaseModel, create_model

from wfnb.backtest.supply import samples_of
from wfnb.expr import Profile
from wfnb.model.definition import Definition
from wfnb.model.policies import RetryPolicy
from wfnb.model.values import JsonValue, content_hash
from wfnb.registry.actions import Action, ActionRegistry
from wfnb.registry.email_nodes import EMAIL_NODES
from wfnb.registry.nodes import BUILT_IN, NodeRegistry, NodeType
from wfnb.registry.schemas import SchemaRegistry
from wfnb.validate.catalog import Catalog
from wfnb.validate.link import link
from wfnb.validate.program import Program

__all__ = ["Plan", "linked", "plan_of"]

_SHARED = frozenset(node.name for node in (*BUILT_IN, *EMAIL_NODES))


@dataclass(frozen=True, slots=True)
class Plan:
    """What runs of a workflow are replayed against.

    Parameters
    ----------
    workflow, number, definition
        The workflow, the number that the version has, and what is written in it.
    profile, actions, nodes, forms
        What definitions of this workspace are linked against.
    samples, fixtures
        What answers steps that a record does not know.
    """

    workflow: str
    number: int
    definition: dict[str, JsonValue]
    profile: str
    actions: list[list[JsonValue]] = field(default_factory=list)
    nodes: list[list[JsonValue]] = field(default_factory=list)
    forms: dict[str, JsonValue] = field(default_factory=dict)
    samples: dict[str, list[JsonValue]] = field(default_factory=dict)
    fixtures: dict[str, JsonValue] | None = None

    def to_text(self) -> str:
        """The plan as text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Plan:
        """The plan that a text stands for."""
        return cls(**json.loads(text))

    @property
    def id(self) -> str:
        """The same for the same plan."""
        return content_hash(asdict(self))

    def catalog(self) -> Catalog:
        """What its definitions are linked against."""
        actions = {(str(row[0]), int(row[1])): _ghost(*row) for row in self.actions}
        catalog = Catalog(ActionRegistry(actions), profile=Profile(self.profile))
        catalog.schemas = _Forms(self.forms)
        for node in EMAIL_NODES:
            catalog.nodes.add(node)
        for name, save_as, retry in self.nodes:
            model = create_model("Config", save_as=(str | None, save_as))
            policy = None if retry is None else RetryPolicy.model_validate(retry)
            catalog.nodes.add(NodeType(name, model, default_retry=policy, function=_never))
        return catalog


def plan_of(program: Program, number: int, catalog: Catalog, fixtures: dict[str, JsonValue] | None) -> Plan:
    """The plan for a program of a workspace."""
    return Plan(
        program.definition.id,
        number,
        program.definition.to_json(),
        catalog.profile.value,
        [[action.id, action.version, action.side_effect, _json(action.retry)] for action in catalog.actions],
        [_node(node) for node in _own_nodes(catalog.nodes)],
        {ref: catalog.schemas.json_schema(ref) for ref in catalog.schemas.names()},
        samples_of(program, catalog),
        fixtures,
    )


def linked(definition: dict[str, JsonValue], catalog: Catalog) -> Program | None:
    """The program of a published definition; None when it names something that is not known here."""
    try:
        return link(Definition.model_validate(definition), catalog)
    except (LookupError, ValueError):
        return None


def _own_nodes(nodes: NodeRegistry) -> list[NodeType]:
    return [node for node in nodes if node.name not in _SHARED]


def _node(node: NodeType) -> list[JsonValue]:
    save_as = node.config_model.model_fields.get("save_as")
    default = save_as.default if save_as is not None else None
    return [node.name, default if isinstance(default, str) else None, _json(node.default_retry)]


def _json(policy: RetryPolicy | None) -> JsonValue:
    return None if policy is None else policy.model_dump(mode="json")


def _never(*_data: Any) -> Any:
    raise AssertionError("a replay calls no action")


def _ghost(name: str, version: int, side_effect: bool, retry: JsonValue) -> Action:
    policy = None if retry is None else RetryPolicy.model_validate(retry)
    return Action(name, version, _never, BaseModel, BaseModel, False, side_effect, None, policy)


class _Forms(SchemaRegistry):
    """The JSON Schemas of a workspace, without the models they come from."""

    def __init__(self, forms: dict[str, JsonValue]) -> None:
        super().__init__()
        self._forms = forms

    def json_schema(self, ref: str) -> dict[str, JsonValue]:
        """The schema of a form."""
        return dict(self._forms.get(ref, {}))
