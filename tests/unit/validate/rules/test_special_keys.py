"""The rule about special keys: $expr and $secret, and nothing beside them."""

from __future__ import annotations

import pytest

from unit.validate.examples import assign, call, definition, expr, findings, only


def test_plain_keys_and_expressions_are_fine() -> None:
    assert findings(definition(assign(vars__x={"a": expr("1"), "US$": 2}))) == ()


@pytest.mark.parametrize(
    ("key", "hint"), [("$exp", "Did you mean “$expr”?"), ("$secrt", "Did you mean “$secret”?")]
)
def test_a_mistyped_special_key_is_told_with_the_nearest_one(key: str, hint: str) -> None:
    found = only(definition(assign(vars__x={key: "payload.id"})), "UNKNOWN_SPECIAL_KEY")
    assert (found.severity, found.hint, found.field) == ("warning", hint, f"config.assign.vars.x.{key}")


def test_another_special_key_is_told_with_those_there_are() -> None:
    found = only(definition(assign(vars__x={"$ref": "payload.id"})), "UNKNOWN_SPECIAL_KEY")
    assert found.hint is not None
    assert "$expr and $secret" in found.hint


def test_a_key_that_an_expression_hides_is_told() -> None:
    found = only(definition(assign(vars__x={**expr("1"), "currency": "EUR"})), "IGNORED_KEY")
    assert (found.severity, found.field) == ("warning", "config.assign.vars.x.currency")


def test_a_key_that_a_secret_hides_is_told() -> None:
    step = call(inputMapping={"title": {"$secret": "TITLE", "more": 1}})
    found = [finding for finding in findings(definition(step)) if finding.code == "IGNORED_KEY"]
    assert [finding.field for finding in found] == ["config.inputMapping.title.more"]
