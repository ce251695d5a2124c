"""The reference evaluator: jsonata-python without its surprises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from wfnb.errors import ExpressionError
from wfnb.expr import EXTENDED
from wfnb.expr.reference import evaluate_by_reference
from wfnb.expr.values import MISSING

SCOPE = {"payload": {"a": None, "items": [{"sku": "a"}, {"sku": "b"}], "empty": []}, "vars": {}, "meta": {}}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("payload.a", None),
        ("payload.b", MISSING),
        ("payload.items[1].sku ?? 99", "b"),
        ("-3 ?? 5", -3),
        ("coalesce(payload.a, payload.b, 2)", 2),
        ("$payload.items[0]", {"sku": "a"}),
        ("$sum(payload.items.(1))", 2),
    ],
)
def test_null_defaults_and_helpers(source: str, expected: object) -> None:
    assert evaluate_by_reference(source, SCOPE, profile=EXTENDED) == expected


def test_the_input_is_not_changed() -> None:
    scope = {"payload": {"empty": []}}
    assert evaluate_by_reference("payload.empty{'a': $sum(v)}", scope, profile=EXTENDED) == {}
    assert scope == {"payload": {"empty": []}}


def test_failures_are_typed() -> None:
    for source in ("'a' + 1", "$number('x')", "[1..1000].[1..1000].[1..100]"):
        with pytest.raises(ExpressionError):
            evaluate_by_reference(source, SCOPE, profile=EXTENDED)


def test_the_allow_list_holds_here_too() -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate_by_reference("$eval('1')", SCOPE, profile=EXTENDED)
    assert caught.value.code == "FUNCTION_NOT_ALLOWED"


def test_threads_do_not_mix() -> None:
    def work(number: int) -> bool:
        scope = {"payload": {"n": number, "items": [1, 2, 3]}}
        return all(
            evaluate_by_reference("payload.items.($$.payload.n)", scope) == [number] * 3 for _ in range(30)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
