"""The rule about expressions: all of them compile, wherever they stand."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import assign, call, definition, expr, findings, loop, only, when
from wfnb.expr import EXTENDED

BROKEN = expr("payload.id ==")


def test_expressions_that_compile_are_fine() -> None:
    assert findings(definition(assign(vars__x=expr("coalesce(payload.note, '') & nowIso()")))) == ()


@pytest.mark.behaviour(39, 42, 43, 50)
@pytest.mark.parametrize(
    ("step", "field"),
    [
        (when(BROKEN), "condition"),
        ({**loop(assign(vars__x=1)), "items": BROKEN}, "items"),
        (assign(vars__x={"deep": [1, BROKEN]}), "config.assign.vars.x.deep[1]"),
        (call(inputMapping={"title": BROKEN}), "config.inputMapping.title"),
        (call(idempotencyKey=BROKEN), "config.idempotencyKey"),
        (
            {"id": "w", "type": "control.callWorkflow", "workflowId": "ship-order", "workflowVersion": 1, "inputMapping": {"a": BROKEN}},
            "inputMapping.a",
        ),
        (
            {"id": "w", "type": "control.callWorkflow", "workflowId": "ship-order", "workflowVersion": 1, "outputMapping": {"a": BROKEN}},
            "outputMapping.a",
        ),
        ({"id": "w", "type": "text.wrap", "config": {"text": BROKEN}}, "config.text"),
    ],
)  # fmt: skip
def test_a_broken_expression_is_told_with_field_line_and_column(step: dict[str, Any], field: str) -> None:
    found = only(definition(step), "INVALID_EXPR")
    assert (found.path, found.step_id, found.field) == ("root.steps[0]", step["id"], field)
    assert "(line 1, column 12)" in found.message
    assert found.hint == "Use = to compare."


def test_the_trigger_is_checked_too() -> None:
    trigger = {"type": "event", "eventName": "X", "payloadMapping": {"id": BROKEN, "paid": expr("true")}}
    found = only(definition(trigger=trigger), "INVALID_EXPR")
    assert (found.path, found.field) == ("root", "trigger.payloadMapping.id")


def test_an_unknown_function_is_told_with_the_nearest_one() -> None:
    found = only(definition(assign(vars__x=expr("coalesc(payload.note, '')"))), "INVALID_EXPR")
    assert found.hint == "Did you mean coalesce?"


@pytest.mark.parametrize("source", ["", "   ", "\n"])
def test_an_empty_expression_has_a_code_of_its_own(source: str) -> None:
    assert only(definition(assign(vars__x=expr(source))), "EMPTY_EXPRESSION").field == "config.assign.vars.x"


@pytest.mark.parametrize("source", [5, None, [], {"a": 1}])
def test_an_expression_is_text(source: Any) -> None:
    assert only(definition(assign(vars__x={"$expr": source})), "INVALID_EXPR").hint == "Write it as a string."
    assert only(definition(when({"$expr": source})), "INVALID_EXPR").field == "condition"


def test_the_profile_decides_which_functions_there_are() -> None:
    from unit.validate.examples import make_catalog

    written = definition(assign(vars__x=expr("$sum([1, 2])")))
    catalog = make_catalog()
    assert only(written, "INVALID_EXPR", catalog).hint == "It belongs to the extended profile."
    catalog.profile = EXTENDED
    assert findings(written, catalog) == ()
