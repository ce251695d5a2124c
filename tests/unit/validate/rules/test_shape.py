"""The shape rule: fields that are missing, unknown, or of the wrong kind, each with its place."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import assign, call, definition, ends, expr, findings, loop, only, when

CODE = "INVALID_WORKFLOW_DEFINITION"


def test_a_definition_with_every_kind_of_step_has_the_right_shape() -> None:
    steps = [
        assign(vars__a=1),
        when(expr("vars.a = 1"), ends("r"), **{"else": []}),
        loop(call()),
        {
            "id": "t",
            "type": "control.tryCatch",
            "try": [assign("x", vars__b=1)],
            "catch": [],
            "captureErrorAs": "err",
        },
    ]
    assert findings(definition(*steps)) == ()


@pytest.mark.behaviour(51)
@pytest.mark.parametrize("field", ["id", "name", "steps"])
def test_a_missing_field_of_the_definition_is_named(field: str) -> None:
    written = definition()
    del written[field]
    found = only(written, CODE)
    assert (found.path, found.field, found.message) == ("root", field, f"The field “{field}” is missing.")


@pytest.mark.behaviour(35)
@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"name": ""}, "name", "The field “name” must not be empty."),
        ({"name": 3}, "name", "The field “name” must be text, not a number."),
        ({"version": True}, "version", "The field “version” must be a whole number, not a boolean."),
        ({"version": 0}, "version", "The field “version” must be greater than 0."),
        ({"steps": {}}, "steps", "The field “steps” must be a list, not an object."),
        ({"trigger": []}, "trigger", "The field “trigger” must be an object, not a list."),
        ({"trigger": {"type": "cron", "eventName": "X"}}, "trigger", "The field “trigger” must have one of the types 'event', 'schedule', 'recurring'."),
        ({"id": "two words"}, "id", "The field “id” may have letters, digits and . _ : -, and begins with a letter or digit."),
    ],
)  # fmt: skip
def test_a_fault_of_the_definition_is_told_in_plain_words(
    change: dict[str, Any], field: str, message: str
) -> None:
    found = only({**definition(), **change}, CODE)
    assert (found.severity, found.path, found.field, found.message) == ("error", "root", field, message)


@pytest.mark.behaviour(31, 41, 117, 118)
@pytest.mark.parametrize(
    ("step", "field", "message"),
    [
        ({"type": "control.return"}, "id", "The field “id” is missing."),
        ({"id": "x"}, "type", "The field “type” is missing."),
        ({"id": "x", "type": 5}, "type", "The field “type” must be text, not a number."),
        (when(None), "condition", "The field “condition” must be an object, not null."),
        (when({}), "condition.$expr", "The field “condition.$expr” is missing."),
        ({key: value for key, value in loop(assign()).items() if key != "itemVar"}, "itemVar", "The field “itemVar” is missing."),
        ({**loop(assign()), "itemVar": "1x"}, "itemVar", "The field “itemVar” must be a name: letters, digits and _, not beginning with a digit."),
        ({**loop(assign()), "concurrency": 0}, "concurrency", "The field “concurrency” must be 1 or more."),
        ({**assign(), "retry": {"maxAttempts": 0}}, "retry.maxAttempts", "The field “retry.maxAttempts” must be greater than 0."),
        ({**assign(), "retry": {"maxAttempts": 1, "backoffMs": -1}}, "retry.backoffMs", "The field “retry.backoffMs” must be 0 or more."),
        ({**assign(), "onError": {"policy": "retry"}}, "onError.policy", "The field “onError.policy” must be 'fail' or 'continue'."),
    ],
)  # fmt: skip
def test_a_fault_of_a_step_is_told_at_its_path(step: dict[str, Any], field: str, message: str) -> None:
    written = definition(assign("first", vars__b=1), step)
    [found] = [one for one in findings(written) if one.code == CODE]
    assert (found.path, found.field, found.message) == ("root.steps[1]", field, message)


def test_a_step_that_is_no_object_is_told_at_its_own_path() -> None:
    found = only(definition(assign(vars__b=1), "assign"), CODE)
    assert (found.path, found.message) == ("root.steps[1]", "The step must be an object, not text.")


@pytest.mark.behaviour(49)
def test_a_fault_in_a_nested_block_carries_the_nested_path_and_id() -> None:
    inner = {**assign("deep", vars__b=1), "retry": {"maxAttempts": "3"}}
    found = only(definition(loop(when(expr("vars.line.qty > 1"), inner))), CODE)
    assert (found.path, found.step_id) == ("root.steps[0].body.steps[0].then.steps[0]", "deep")


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ({**definition(), "stepz": []}, "Did you mean “steps”?"),
        (definition({**when(expr("payload.paid")), "thn": []}), "Did you mean “then”?"),
        (
            definition({**assign(vars__b=1), "retry": {"maxAttempts": 1, "backofMs": 1}}),
            "Did you mean “backoffMs”?",
        ),
        (definition({**assign(vars__b=1), "onErorr": {}}), "Did you mean “onError”?"),
        (
            definition(trigger={"type": "event", "eventName": "X", "evntName": "X"}),
            "Did you mean “eventName”?",
        ),
    ],
)
def test_an_unknown_field_is_told_with_the_nearest_one(written: dict[str, Any], hint: str) -> None:
    assert only(written, CODE).hint == hint


def test_an_unknown_field_with_no_near_one_is_told_with_all_of_them() -> None:
    hint = only({**definition(), "colour": "red"}, CODE).hint
    assert hint is not None
    assert hint.startswith("Known are: id, version, name")


@pytest.mark.parametrize("python_name", ["otherwise", "on_error", "payload_schema_ref"])
def test_names_that_only_python_uses_are_unknown(python_name: str) -> None:
    step = {**when(expr("payload.paid")), python_name: []}
    assert only(definition(step), CODE).field == python_name


def test_an_expression_written_as_bare_text_is_shown_as_it_should_be() -> None:
    found = only(definition(when("payload.paid")), CODE)
    assert found.hint == 'Write it as {"$expr": "payload.paid"}.'


@pytest.mark.parametrize("written", [[], 5, None, "", "just words", True])
def test_what_is_no_object_is_no_definition(written: Any) -> None:
    found = only(written, CODE)
    assert found.message.startswith("A definition is an object; this is ")
