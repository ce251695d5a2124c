"""The definition's models: closed, told apart by type, written back as they were read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from wfnb.model.definition import (
    CONTROL_TYPES,
    Definition,
    ForEach,
    If,
    NodeStep,
    TryCatch,
    blocks_of,
    walk_steps,
)

WRITTEN: dict[str, Any] = {
    "id": "orders", "version": 3, "name": "Orders", "description": None, "payloadSchemaRef": "payload.Order.v1",
    "trigger": {"type": "event", "eventName": "ORDER", "payloadMapping": {"id": {"$expr": "event.payload.id"}}},
    "steps": [
        {"id": "n", "type": "action.call", "name": "Call", "config": {"a": [1, None, {"$expr": "x"}]},
         "retry": {"maxAttempts": 3, "backoffMs": 5, "retryOn": ["ActionError"]}, "onError": {"policy": "continue"}},
        {"id": "i", "type": "control.if", "condition": {"$expr": "true"}, "then": [{"id": "r", "type": "control.return"}], "else": []},
        {"id": "f", "type": "control.forEach", "items": {"$expr": "[]"}, "itemVar": "it", "concurrency": 1, "onItemError": "continue",
         "body": [{"id": "t", "type": "control.tryCatch", "try": [], "catch": [{"id": "s", "type": "state.set"}], "captureErrorAs": "e"}]},
        {"id": "w", "type": "control.callWorkflow", "workflowId": "x", "workflowVersion": 1, "inputMapping": {"a": 1},
         "outputMapping": {"vars.b": {"$expr": "vars.childRun"}}},
    ],
}  # fmt: skip


def test_a_definition_is_written_as_it_was_read() -> None:
    assert Definition.model_validate(WRITTEN).to_json() == WRITTEN


def test_steps_are_told_apart_by_type() -> None:
    kinds = [type(step) for _, step in walk_steps(Definition.model_validate(WRITTEN).steps)]
    assert kinds[0] is NodeStep
    assert {If, ForEach, TryCatch} < set(kinds)


@pytest.mark.behaviour(117)
def test_a_control_block_without_its_fields_is_not_taken_for_a_node() -> None:
    with pytest.raises(ValidationError, match="condition"):
        Definition.model_validate({"id": "x", "name": "x", "steps": [{"id": "a", "type": "control.if"}]})


def test_walking_goes_from_top_to_bottom_with_paths() -> None:
    walked = [(path, step.id) for path, step in walk_steps(Definition.model_validate(WRITTEN).steps)]
    assert walked == [
        ("root.steps[0]", "n"),
        ("root.steps[1]", "i"),
        ("root.steps[1].then.steps[0]", "r"),
        ("root.steps[2]", "f"),
        ("root.steps[2].body.steps[0]", "t"),
        ("root.steps[2].body.steps[0].catch.steps[0]", "s"),
        ("root.steps[3]", "w"),
    ]


def test_only_blocks_have_blocks() -> None:
    steps = Definition.model_validate(WRITTEN).steps
    assert [list(blocks_of(step)) for step in steps] == [[], ["then", "else"], ["body"], []]
    assert len(CONTROL_TYPES) == 5


@pytest.mark.parametrize(
    "change", [{"extra": 1}, {"version": "3"}, {"steps": None}, {"id": "-x"}, {"id": "x\n"}]
)
def test_models_are_closed_and_strict(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Definition.model_validate({**WRITTEN, **change})


def test_a_definition_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Definition.model_validate(WRITTEN).name = "Other"  # type: ignore[misc]  # the test is about this
