"""A catalog and definitions that the tests of validation share."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from wfnb.registry.actions import ActionRegistry
from wfnb.registry.email_nodes import EMAIL_NODES
from wfnb.registry.nodes import NodeType
from wfnb.validate.catalog import Catalog
from wfnb.validate.check import check
from wfnb.validate.findings import Finding


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Line(Closed):
    sku: str
    qty: int


class Order(Closed):
    id: str
    paid: bool
    note: str | None = None
    customer: dict[str, Any] = Field(default_factory=dict)
    lines: list[Line] = Field(default_factory=list)


class Address(Closed):
    street: str
    zip: str | None = None


class Ticket(Closed):
    title: str
    priority: Literal["low", "high"] = "low"
    count: int = 1
    address: Address | None = None
    tags: list[str] = Field(default_factory=list)


class Loose(BaseModel):
    name: str


class Made(Closed):
    ok: bool
    ticket_id: str


class NodeConfig(Closed):
    text: str
    width: int = 80


class Received(Closed):
    number: str


def create_ticket(data: Ticket) -> Made:
    return Made(ok=True, ticket_id=data.title)


def greet(data: Loose) -> Made:
    return Made(ok=True, ticket_id=data.name)


def wrap(data: NodeConfig) -> Made:
    return Made(ok=True, ticket_id=data.text)


def make_catalog() -> Catalog:
    """Two actions, a node type of the workspace's own, two schemas, and one published workflow in two versions."""
    actions = ActionRegistry()
    actions.add(create_ticket, id="create_ticket", version=1)
    actions.add(create_ticket, id="create_ticket", version=3)
    actions.add(greet, id="greet", version=1)
    actions.add(wrap, id="node:text.wrap", version=1)
    catalog = Catalog(
        actions=actions, versions_of=lambda workflow: (1, 2) if workflow == "ship-order" else ()
    )
    catalog.nodes.add(NodeType("text.wrap", NodeConfig, function=wrap))
    for node in EMAIL_NODES:
        catalog.nodes.add(node)
    catalog.schemas.add("payload.Order.v1", Order)
    catalog.schemas.add("event.Received.v1", Received)
    return catalog


def expr(source: str) -> dict[str, str]:
    return {"$expr": source}


def definition(*steps: Any, **fields: Any) -> dict[str, Any]:
    """A definition without faults around the given steps."""
    return {
        "id": "orders",
        "name": "Orders",
        "payloadSchemaRef": "payload.Order.v1",
        **fields,
        "steps": list(steps),
    }


def assign(id: str = "a", /, **values: Any) -> dict[str, Any]:
    """An assignment; ``vars__x`` stands for ``vars.x``."""
    values = {re.sub("^vars__", "vars.", name): value for name, value in values.items()}
    return {"id": id, "type": "transform.assign", "config": {"assign": values}}


def call(id: str = "c", /, **config: Any) -> dict[str, Any]:
    """A call of ``create_ticket@1`` that fits."""
    config = {"actionId": "create_ticket", "version": 1, "inputMapping": {"title": "x"}, **config}
    return {"id": id, "type": "action.call", "config": config}


def when(condition: Any, *then: Any, id: str = "when", **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": "control.if", "condition": condition, "then": list(then), **fields}


def loop(
    *body: Any,
    id: str = "loop",
    items: str = "payload.lines",
    item: str = "line",
    **fields: Any,
) -> dict[str, Any]:
    return {
        "id": id,
        "type": "control.forEach",
        "items": expr(items),
        "itemVar": item,
        "body": list(body),
        **fields,
    }


def attempt(*inner: Any, catch: Any = (), id: str = "try", **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": "control.tryCatch", "try": list(inner), "catch": list(catch), **fields}


def ends(id: str = "end") -> dict[str, Any]:
    return {"id": id, "type": "control.return"}


def findings(written: Any, catalog: Catalog | None = None) -> tuple[Finding, ...]:
    return check(written, catalog or make_catalog()).findings


def codes(written: Any, catalog: Catalog | None = None) -> list[str]:
    return [finding.code for finding in findings(written, catalog)]


def only(written: Any, code: str, catalog: Catalog | None = None) -> Finding:
    """The one finding of this code; nothing else may be wrong."""
    found = findings(written, catalog)
    assert [finding.code for finding in found] == [code], [str(finding) for finding in found]
    return found[0]
