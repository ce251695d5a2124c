"""Results are JSON, plain, and never change the input."""

from __future__ import annotations

import copy
import datetime as dt
import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from wfnb.errors import ExpressionError
from wfnb.expr import EXTENDED, compile_expression

SCOPE = {
    "payload": {"items": [{"sku": "a", "tags": ["x", "y"]}, {"sku": "b", "tags": []}], "one": [{"sku": "a"}]},
    "vars": {},
    "meta": {},
}


def kinds(value: Any) -> set[type]:
    if isinstance(value, dict):
        return {type(value)}.union(*(kinds(item) for item in value.values()), {type(key) for key in value})
    if isinstance(value, list):
        return {type(value)}.union(*(kinds(item) for item in value))
    return {type(value)}


@pytest.mark.behaviour(9)
@pytest.mark.parametrize(
    "source",
    [
        "payload.items.sku",
        "payload.items.[sku, tags]",
        "{'a': payload.items.sku, 'b': payload.one.sku[], 'c': [payload.one.[sku]]}",
        "[payload.items.{'t': tags}]",
        "($a := payload.items.sku; [[$a], {'k': $a}])",
        "payload.items{sku: [tags]}",
        "[$keys(payload)]",
        "$distinct(payload.items.tags)",
        "payload.items^(>sku)",
        "payload.**.sku",
        "append(payload.items.sku[], 'z')",
    ],
)
def test_results_hold_plain_json_types_only(source: str) -> None:
    scope = copy.deepcopy(SCOPE)
    result = compile_expression(source, profile=EXTENDED).evaluate(scope)
    assert kinds(result) <= {dict, list, str, int, float, bool, type(None)}
    assert json.loads(json.dumps(result)) == result
    assert scope == SCOPE


@pytest.mark.behaviour(9)
@pytest.mark.defect("D-16")
@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        [1.0, float("-inf")],
        {"a": [float("nan")]},
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        [dt.date(2026, 1, 1)],
        (1, 2),
        {1, 2},
        {1: 2},
        {"a": {None: 1}},
        Decimal(1),
        b"bytes",
        pytest.param(object(), id="object"),
        len,
    ],
    ids=repr,
)
def test_what_is_not_json_is_an_error(value: object) -> None:
    for source in ("payload.v", "[payload.v]", "{'k': payload.v}"):
        with pytest.raises(ExpressionError) as caught:
            compile_expression(source).evaluate({"payload": {"v": value}})
        assert caught.value.code == "NOT_JSON"


@pytest.mark.parametrize(
    "source", ["payload.v + 1", "payload.v & 'a'", "payload.v < 1", "payload.v = 1", "payload.v.x"]
)
def test_data_that_is_not_json_never_gives_an_untyped_error(source: str) -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise ValueError("no")

        __hash__ = None  # type: ignore[assignment]  # an unhashable kind is what is tested

    for value in (Odd(), Decimal("NaN"), {1, 2}, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), float("nan")):
        with suppress(ExpressionError):
            compile_expression(source).evaluate({"payload": {"v": value}})


def test_the_scope_may_be_any_mapping() -> None:
    from types import MappingProxyType

    assert (
        compile_expression("payload.a & $payload.a").evaluate(MappingProxyType({"payload": {"a": 1}})) == "11"
    )


def test_binding_a_variable_leaves_the_scope_alone() -> None:
    scope: dict[str, Any] = {"payload": {"a": 1}}
    variables = {"x": 1}
    assert (
        compile_expression("($payload := 2; $x := 3; $payload + $x)").evaluate(scope, variables=variables)
        == 5
    )
    assert compile_expression("$fresh := 3").evaluate(scope, variables=variables) == 3
    assert (scope, variables) == ({"payload": {"a": 1}}, {"x": 1})
