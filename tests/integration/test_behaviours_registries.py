"""Registries as people ask for them: node types, actions and schemas, complete and always the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

import wfnb
from wfnb.maildesk.inbox import connect


class Order(BaseModel):
    id: str
    lines: list[str] = Field(default_factory=list)


class Receipt(BaseModel):
    number: int


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path, store="memory", clock="2026-01-01", seed=1) as workspace:

        @workspace.action(
            "book", side_effect=True, idempotency="engine", retry={"maxAttempts": 3, "backoffMs": 50},
            label="Book it", category="Orders", description="Books an order.", examples=[{"id": "7"}],
        )  # fmt: skip
        def _book(data: Order) -> Receipt:
            return Receipt(number=len(data.lines))

        yield workspace


@pytest.mark.behaviour(54, 55, 56, 62)
def test_node_types_are_listed_with_all_that_a_form_needs(ws: wfnb.Workspace) -> None:
    nodes = {node.type: node for node in ws.nodes()}
    assert {
        "action.call",
        "state.set",
        "transform.assign",
        "email.parseBody",
        "email.renderCommentBlocks",
    } <= {*nodes}
    for node in nodes.values():
        assert node.config_schema["type"] == "object"
        assert node.label
        assert node.description
    assert nodes["state.set"].config_schema["required"] == ["state"]
    assert {"text", "html", "saveAs"} <= {*nodes["email.parseBody"].config_schema["properties"]}
    assert any(node.examples for node in nodes.values())


@pytest.mark.behaviour(57, 59, 62)
def test_actions_are_listed_with_schemas_side_effect_and_retry(ws: wfnb.Workspace) -> None:
    (action,) = ws.actions()
    assert (action.id, action.version, action.label, action.category) == ("book", 1, "Book it", "Orders")
    assert action.input_schema["required"] == ["id"]
    assert action.output_schema["required"] == ["number"]
    assert (action.side_effect, action.idempotency, action.examples) == (True, "engine", ({"id": "7"},))
    assert action.retry is not None
    assert (action.retry["maxAttempts"], action.retry["backoffMs"], action.retry["retryOn"]) == (
        3,
        50,
        ["TransientError"],
    )


@pytest.mark.behaviour(58)
def test_the_mail_desk_brings_its_actions(tmp_path: Path) -> None:
    with wfnb.open(tmp_path) as ws:
        connect(ws)
        listed = {action.id for action in ws.actions()}
    assert {
        "parse_email_reply",
        "find_ticket_by_reply_token",
        "create_ticket_from_email",
        "process_email_attachment",
    } <= listed
    assert len(listed) == 11


@pytest.mark.behaviour(63)
def test_lists_stay_the_same_until_something_is_registered(ws: wfnb.Workspace) -> None:
    assert ws.publish({"id": "w", "name": "W", "steps": [{"id": "r", "type": "control.return"}]}).ok
    before = [list(ws.actions()), list(ws.nodes())]
    ws.start("w").wait(60)
    assert [list(ws.actions()), list(ws.nodes())] == before
    with pytest.raises(wfnb.WfnbError, match="registered already"):
        ws.action("book")(lambda data: data)
    assert [list(ws.actions()), list(ws.nodes())] == before
