"""Templates: JSON with expressions inside."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import expr
from wfnb.errors import ExpressionError
from wfnb.validate.template import Literal, Scope, compile_template, is_expr

SCOPE = Scope({"payload": {"a": 1, "n": None}, "vars": {}, "meta": {}}, 1_767_225_600_000_000, {"item": 7})


@pytest.mark.behaviour(12, 13)
@pytest.mark.parametrize(
    ("value", "result"),
    [
        (5, 5),
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
        (expr("payload.a"), 1),
        ([1, expr("payload.a + 1"), {"x": expr("$item")}], [1, 2, {"x": 7}]),
        ({"x": expr("payload.n")}, {"x": None}),
        (expr("nowIso()"), "2026-01-01T00:00:00.000Z"),
    ],
)
def test_expressions_are_replaced_by_their_values(value: Any, result: Any) -> None:
    assert compile_template(value, field="f").evaluate(SCOPE) == result


@pytest.mark.behaviour(14)
def test_a_value_without_expressions_is_kept_as_it_is() -> None:
    value = {"a": [1, {"b": 2}]}
    template = compile_template(value, field="f")
    assert isinstance(template, Literal)
    assert template.evaluate(SCOPE) is value


def test_expressions_are_listed_with_their_fields() -> None:
    template = compile_template({"a": expr("1"), "b": [expr("2"), 3]}, field="config")
    assert [(found.compiled.source, found.field) for found in template.expressions()] == [
        ("1", "config.a"),
        ("2", "config.b[0]"),
    ]


def test_a_failure_names_the_field() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_template({"a": expr("payload.none")}, field="config").evaluate(SCOPE)
    assert (caught.value.code, caught.value.field) == ("MISSING_VALUE", "config.a")


def test_only_an_object_with_the_key_is_an_expression() -> None:
    assert is_expr({"$expr": 1})
    assert not any(map(is_expr, [{}, {"expr": "1"}, "$expr", ["$expr"], None]))


def test_a_secret_is_its_reference_until_somebody_resolves_it() -> None:
    secret = {"$secret": "SMTP_PASSWORD"}
    template = compile_template({"a": [1, secret], "b": secret, "c": expr("payload.a")}, field="f")
    assert template.evaluate(SCOPE) == {"a": [1, secret], "b": secret, "c": 1}
    assert list(template.secrets()) == [(("a", 1), "SMTP_PASSWORD"), (("b",), "SMTP_PASSWORD")]


def test_a_reference_that_came_with_the_data_is_data() -> None:
    scope = Scope({"payload": {"a": {"$secret": "SMTP_PASSWORD"}}}, 0)
    template = compile_template({"a": expr("payload.a"), "b": 1}, field="f")
    assert template.evaluate(scope) == {"a": {"$secret": "SMTP_PASSWORD"}, "b": 1}
    assert list(template.secrets()) == []


def test_what_is_written_wrongly_is_no_reference() -> None:
    for value in ({"$secret": "smtp"}, {"$secret": 5}, {"$secret": "A", "$expr": "1"}):
        assert list(compile_template(value, field="f").secrets()) == []
