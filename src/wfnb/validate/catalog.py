"""The catalog: everything a definition may refer to by name, as validation and linking see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from wfnb.expr import STANDARD, Profile
from wfnb.registry.actions import ActionRegistry
from wfnb.registry.nodes import NodeRegistry
from wfnb.registry.schemas import SchemaRegistry

__all__ = ["Catalog", "Usage"]

Usage = Literal["used", "stale", "never"]
"""Whether a secret was used or renewed of late, only long ago, or never since it was made."""


def _no_workflows(_workflow: str) -> tuple[int, ...]:
    return ()


@dataclass(slots=True)
class Catalog:
    """Actions, node types, schemas, the expression profile, and the published versions of a workflow by its id.

    `secret_names` gives the secrets there are; without it nobody knows them here.
    """

    actions: ActionRegistry = field(default_factory=ActionRegistry)
    nodes: NodeRegistry = field(default_factory=NodeRegistry)
    schemas: SchemaRegistry = field(default_factory=SchemaRegistry)
    profile: Profile = STANDARD
    versions_of: Callable[[str], tuple[int, ...]] = _no_workflows
    secret_names: Callable[[], Mapping[str, Usage]] | None = None
