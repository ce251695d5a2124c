"""Node types: the built-in ones, and those of a workspace."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from wfnb.errors import RegistryError
from wfnb.registry.email_nodes import EMAIL_NODES
from wfnb.registry.nodes import NodeRegistry, NodeType


class Config(BaseModel):
    text: str


def test_the_built_in_types_are_always_there() -> None:
    assert NodeRegistry().names() == [
        "action.call",
        "event.wait",
        "human.task",
        "state.set",
        "time.wait",
        "transform.assign",
    ]


def test_a_registered_type_is_found_and_listed_in_order() -> None:
    nodes = NodeRegistry()
    nodes.add(NodeType("my.node", Config))
    assert nodes.get("my.node") is not None
    assert "my.node" in nodes.names()
    assert [node.name for node in nodes] == sorted(nodes.names())
    assert nodes.get("other") is None


def test_registries_do_not_share_their_types() -> None:
    NodeRegistry().add(NodeType("my.node", Config))
    assert NodeRegistry().get("my.node") is None


@pytest.mark.parametrize(
    ("node", "code"),
    [
        (NodeType("", Config), "INCOMPLETE_NODE"),
        (NodeType("my.node", None), "INCOMPLETE_NODE"),  # type: ignore[arg-type]  # that is the point
        (NodeType("control.mine", Config), "INCOMPLETE_NODE"),
        (NodeType("state.set", Config), "ALREADY_REGISTERED"),
    ],
)
def test_incomplete_and_taken_types_are_refused(node: NodeType, code: str) -> None:
    with pytest.raises(RegistryError) as caught:
        NodeRegistry().add(node)
    assert caught.value.code == code


@pytest.mark.behaviour(55)
@pytest.mark.parametrize("node", [*NodeRegistry(), *EMAIL_NODES], ids=lambda node: node.name)
def test_every_type_describes_itself(node: NodeType) -> None:
    schema = node.config_schema()
    assert schema["type"] == "object"
    assert node.label
    assert node.description
    for example in node.examples:
        assert isinstance(example, dict)
        assert set(example) <= set(schema["properties"])


PARSE, RENDER = EMAIL_NODES
GOOD = {"success": True, "parsed": {"sanitizedText": "Hi", "confidence": "high"}}
DOUBTFUL = {"success": True, "parsed": {"sanitizedText": "Hi", "confidence": "low"}}


def shape(node: NodeType) -> Any:
    assert node.shape is not None
    return node.shape


def test_parsing_hands_on_what_there_is() -> None:
    assert shape(PARSE).begin({"text": "Hi", "html": None}) == {"text": "Hi"}
    assert shape(PARSE).finish({"text": "Hi"}, GOOD) == GOOD["parsed"]


def test_a_doubtful_parse_keeps_the_raw_text_cut_short() -> None:
    result = shape(PARSE).finish({"text": "x" * 5_000}, DOUBTFUL)
    assert result["rawText"] == "x" * 4_000 + "..."


@pytest.mark.parametrize(
    ("result", "warning"),
    [
        (shape(PARSE).finish({"text": "Hi"}, {"success": False}), "parser-unavailable"),
        (shape(PARSE).fallback({"text": "Hi"}, {"message": "x"}), "parser-error"),
    ],
)
def test_parsing_never_fails(result: dict[str, Any], warning: str) -> None:
    assert result["sanitizedText"] == "Hi"
    assert result["confidence"] == "low"
    assert result["metadata"]["parser"]["warnings"] == [warning]


@pytest.mark.behaviour(186)
def test_without_html_nothing_is_called_and_the_text_is_one_paragraph() -> None:
    assert shape(RENDER).begin({"text": "Hi"}) is None
    assert shape(RENDER).finish({"text": "Hi"}, None) == [{"type": "paragraph", "text": "Hi"}]
    assert shape(RENDER).fallback({"text": "Hi"}, {}) == [{"type": "paragraph", "text": "Hi"}]


def test_blocks_are_taken_over() -> None:
    blocks = [{"type": "heading", "text": "Hi"}]
    assert shape(RENDER).begin({"html": "<h1>Hi</h1>"}) == {"html": "<h1>Hi</h1>"}
    assert shape(RENDER).finish({}, {"success": True, "blocks": blocks}) == blocks
