"""Linking: a checked definition becomes a program with everything looked up and compiled."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import assign, attempt, call, definition, ends, expr, loop, make_catalog, when
from wfnb.model.definition import Definition
from wfnb.validate.link import link
from wfnb.validate.program import LinkedStep, Program
from wfnb.validate.template import Scope

SCOPE = Scope({"payload": {"id": "7", "paid": True}, "vars": {}, "meta": {}}, 0)


def linked(*steps: Any) -> Program:
    return link(Definition.model_validate(definition(*steps)), make_catalog())


def first(*steps: Any) -> LinkedStep:
    step = linked(*steps).step("root.steps[0]")
    assert step is not None
    return step


def test_steps_are_found_by_path_in_their_blocks() -> None:
    program = linked(when(expr("true"), assign("a", vars__x=1)), loop(assign("b", vars__y=1)), attempt())
    assert sorted(program.blocks) == [
        "root", "root.steps[0].else", "root.steps[0].then", "root.steps[1].body", "root.steps[2].catch", "root.steps[2].try",
    ]  # fmt: skip
    found = program.step("root.steps[1].body.steps[0]")
    assert found is not None
    assert found.id == "b"
    assert program.step("root.steps[9]") is None
    assert program.step("root.steps[2].try.steps[0]") is None


def test_the_state_is_an_assignment() -> None:
    step = first({"id": "s", "type": "state.set", "config": {"state": "OPEN"}})
    assert (step.kind, [(target.path, target.value.evaluate(SCOPE)) for target in step.targets]) == (
        "assign",
        [(("meta", "state"), "OPEN")],
    )


def test_assignments_keep_their_order() -> None:
    step = first(assign(vars__b=1, vars__a=expr("payload.id")))
    assert [(target.path, target.value.evaluate(SCOPE)) for target in step.targets] == [
        (("vars", "b"), 1),
        (("vars", "a"), "7"),
    ]


def test_a_call_is_linked_with_action_inputs_key_and_policies() -> None:
    step = first(
        {**call(saveAs="made", args={"count": 2, "title": "old"}, inputMapping={"title": expr("payload.id")}, idempotencyKey=expr("payload.id")),
         "retry": {"maxAttempts": 4}, "onError": {"policy": "continue"}}
    )  # fmt: skip
    assert step.kind == "call"
    assert step.action is not None
    assert step.inputs is not None
    assert step.key is not None
    assert step.retry is not None
    assert (step.action.id, step.action.version) == ("create_ticket", 1)
    assert step.inputs.evaluate(SCOPE) == {"count": 2, "title": "7"}
    assert step.key.evaluate(SCOPE) == "7"
    assert (step.save_as, step.retry.max_attempts, step.continue_on_error) == (("vars", "made"), 4, True)


def test_the_policy_of_the_step_goes_before_that_of_the_configuration() -> None:
    lenient = call(onError={"policy": "continue"})
    assert first(lenient).continue_on_error
    assert not first({**lenient, "onError": {"policy": "fail"}}).continue_on_error


def test_a_node_of_the_workspace_is_linked_with_its_own_action() -> None:
    step = first(
        {"id": "w", "type": "text.wrap", "config": {"text": expr("payload.id"), "saveAs": "wrapped"}}
    )
    assert step.action is not None
    assert step.inputs is not None
    assert (step.action.id, step.save_as, step.inputs.evaluate(SCOPE)) == (
        "node:text.wrap",
        ("vars", "wrapped"),
        {"text": "7"},
    )


def test_control_blocks_are_linked_with_their_facts() -> None:
    block = first(loop(assign(vars__x=1), onItemError="continue"))
    assert (block.kind, block.item_var, block.continue_on_item_error) == ("forEach", "line", True)
    assert first(attempt(captureErrorAs="problem")).capture_as == ("vars", "problem")
    assert first(ends()).kind == "return"
    child = first(
        {"id": "w", "type": "control.callWorkflow", "workflowId": "ship-order", "workflowVersion": 2, "outputMapping": {"a": expr("payload.id")}}
    )  # fmt: skip
    assert child.child == ("ship-order", 2)
    assert [target.path for target in child.targets] == [("vars", "a")]


def test_the_hash_is_that_of_the_definition() -> None:
    assert linked(assign(vars__x=1)).hash == linked(assign(vars__x=1)).hash
    assert linked(assign(vars__x=1)).hash != linked(assign(vars__x=2)).hash


@pytest.mark.parametrize("step", [{"id": "x", "type": "no.such"}, call(actionId="none")])
def test_what_was_not_checked_does_not_link(step: dict[str, Any]) -> None:
    with pytest.raises(LookupError):
        linked(step)
