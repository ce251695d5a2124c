"""The rule about configurations: they fit the model of their node type, absent ones included."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import call, definition, expr, findings, only


def step(kind: str, **fields: Any) -> dict[str, Any]:
    return definition({"id": "x", "type": kind, **fields})


def test_configurations_that_fit_are_fine() -> None:
    steps = [
        {"id": "s", "type": "state.set", "config": {"state": "OPEN"}},
        {"id": "w", "type": "text.wrap", "config": {"text": "x", "width": 40}},
        call(),
    ]
    assert findings(definition(*steps)) == ()


@pytest.mark.behaviour(38)
@pytest.mark.defect("D-14")
@pytest.mark.parametrize(
    ("kind", "field"),
    [("state.set", "config.state"), ("transform.assign", "config.assign"), ("text.wrap", "config.text")],
)
@pytest.mark.parametrize("absent", [{}, {"config": None}, {"config": {}}])
def test_an_absent_configuration_is_checked(kind: str, field: str, absent: dict[str, Any]) -> None:
    found = only(step(kind, **absent), "INVALID_CONFIG")
    assert (found.field, found.message) == (field, f"The field “{field}” is missing.")


@pytest.mark.defect("D-14")
def test_an_absent_configuration_of_a_call_is_told_field_by_field() -> None:
    found = findings(step("action.call"))
    assert [(one.code, one.field) for one in found] == [
        ("INVALID_ACTION_CONFIG", "config.actionId"),
        ("INVALID_ACTION_CONFIG", "config.version"),
    ]


@pytest.mark.behaviour(38)
@pytest.mark.parametrize(
    ("kind", "config", "message"),
    [
        ("state.set", {"state": ""}, "The field “config.state” must not be empty."),
        ("state.set", {"state": expr("payload.id")}, "The field “config.state” must be text, not an object."),
        ("transform.assign", {"assign": {}}, "The field “config.assign” must not be empty."),
        ("text.wrap", {"text": 5}, "The field “config.text” must be text, not a number."),
        ("text.wrap", {"text": "x", "saveAs": 5}, "The field “config.saveAs” must be text."),
    ],
)
def test_a_value_of_the_wrong_kind_is_told(kind: str, config: dict[str, Any], message: str) -> None:
    assert only(step(kind, config=config), "INVALID_CONFIG").message == message


def test_the_type_of_an_expression_is_left_to_the_run() -> None:
    assert findings(step("text.wrap", config={"text": expr("payload.id"), "width": expr("1 + 1")})) == ()


def test_a_missing_field_is_told_although_others_are_expressions() -> None:
    assert only(step("text.wrap", config={"width": expr("1 + 1")}), "INVALID_CONFIG").field == "config.text"


def test_an_unknown_field_is_told_with_the_nearest_one() -> None:
    found = only(step("text.wrap", config={"text": "x", "widht": 3}), "INVALID_CONFIG")
    assert (found.field, found.hint) == ("config.widht", "Did you mean “width”?")


def test_an_unknown_field_of_a_call_has_a_code_of_its_own() -> None:
    found = only(definition(call(saveAss="x")), "INVALID_ACTION_CONFIG")
    assert found.hint == "Did you mean “saveAs”?"


def test_names_that_only_python_uses_are_unknown() -> None:
    assert only(definition(call(save_as="x")), "INVALID_ACTION_CONFIG").field == "config.save_as"
