"""The rule about conditions: they can be true or false."""

from __future__ import annotations

import pytest

from unit.validate.examples import assign, call, definition, expr, findings, only, when


@pytest.mark.parametrize(
    "condition",
    [
        "payload.note = 'x'",
        "payload.note != null and payload.paid",
        "coalesce(payload.note, null) != null",
        "payload.paid ? true : false",
        "'a' in payload.lines.sku",
        "true",
        "payload.paid",
        "$payload.paid",
    ],
)
def test_conditions_that_may_be_true_or_false_are_fine(condition: str) -> None:
    assert findings(definition(when(expr(condition)))) == ()


@pytest.mark.defect("D-15")
@pytest.mark.parametrize(
    ("condition", "what"),
    [
        ("payload.note", "a path alone"),
        ("payload.customer.vip", "a path alone"),
        ("meta.state", "a path alone"),
        ("'yes'", "text"),
        ("1", "a number"),
        ("-1", "a number"),
        ("null", "null"),
        ("[true]", "a list"),
        ("{'a': true}", "an object"),
        ("payload.id & 'x'", "the result of “&”"),
        ("1 + 1", "the result of “+”"),
    ],
)
def test_conditions_that_give_something_else_are_warned_about(condition: str, what: str) -> None:
    found = only(definition(when(expr(condition))), "CONDITION_NEVER_BOOLEAN")
    assert (found.severity, found.field) == ("warning", "condition")
    assert found.message == f"The condition is {what}; it must give true or false."


def test_the_result_of_an_action_may_be_known_to_be_true_or_false() -> None:
    assert findings(definition(call(saveAs="made"), when(expr("vars.made.ok")))) == ()
    found = only(
        definition(call(saveAs="made"), when(expr("vars.made.ticket_id"))), "CONDITION_NEVER_BOOLEAN"
    )
    assert found.step_id == "when"


def test_a_later_write_makes_what_the_schema_says_void() -> None:
    steps = [assign(**{"payload.paid": "yes"}), when(expr("payload.paid"))]
    assert only(definition(*steps), "CONDITION_NEVER_BOOLEAN").step_id == "when"
