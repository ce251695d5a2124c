"""The rule about node types: each is a control block or registered."""

from __future__ import annotations

import pytest

from unit.validate.examples import assign, codes, definition, findings, only


def test_registered_types_are_fine() -> None:
    steps = [assign(vars__x=1), {"id": "w", "type": "text.wrap", "config": {"text": "x", "saveAs": "y"}}]
    assert findings(definition(*steps)) == ()


@pytest.mark.behaviour(36)
@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("transform.asign", "Did you mean “transform.assign”?"),
        ("Action.Call", "Did you mean “action.call”?"),
        ("control.foreach", "Did you mean “control.forEach”?"),
    ],
)
def test_a_mistyped_type_is_told_with_the_nearest_one(kind: str, hint: str) -> None:
    found = only(definition({"id": "x", "type": kind}), "UNKNOWN_NODE_TYPE")
    assert (found.hint, found.step_id, found.field) == (hint, "x", "type")


@pytest.mark.behaviour(41)
def test_an_unknown_control_block_is_told_with_all_of_them() -> None:
    found = only(definition({"id": "x", "type": "control.parallel", "branches": []}), "UNKNOWN_NODE_TYPE")
    assert found.message == "There is no control block “control.parallel”."
    assert found.hint is not None
    assert "control.tryCatch" in found.hint


def test_steps_inside_an_unknown_control_block_are_still_checked() -> None:
    step = {"id": "x", "type": "control.foreach", "body": [{"id": "y", "type": "nothing.here"}]}
    assert codes(definition(step)) == ["UNKNOWN_NODE_TYPE", "UNKNOWN_NODE_TYPE"]
