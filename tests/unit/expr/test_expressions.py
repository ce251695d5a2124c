"""compile_expression and evaluate: what callers rely on."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from wfnb.errors import ExpressionError
from wfnb.expr import EXTENDED, STANDARD, compile_expression

NOW = "2026-01-02T03:04:05.678Z"


@pytest.mark.behaviour(2, 3)
def test_roots_are_context_and_variables() -> None:
    scope = {"payload": {"a": 1}, "vars": {"a": 2}, "meta": {"a": 3}, "error": {"a": 4}}
    for root, value in (("payload", 1), ("vars", 2), ("meta", 3), ("error", 4)):
        assert compile_expression(f"{root}.a").evaluate(scope) == value
        assert compile_expression(f"${root}.a").evaluate(scope) == value


@pytest.mark.behaviour(3)
def test_loop_variables_are_read_with_a_dollar() -> None:
    compiled = compile_expression("$item.sku & $index")
    assert compiled.evaluate({"payload": {}}, variables={"item": {"sku": "a"}, "index": 3}) == "a3"


def test_now_comes_from_the_caller_only() -> None:
    assert compile_expression("nowIso()").evaluate({}, now=NOW) == NOW
    with pytest.raises(ExpressionError) as caught:
        compile_expression("nowIso()").evaluate({})
    assert caught.value.code == "NO_CLOCK"


@pytest.mark.behaviour(4)
def test_the_five_standard_functions_work_with_and_without_dollar() -> None:
    scope = {"payload": {"list": [1], "object": {"a": [1, None]}, "zero": None}}
    table = {
        "coalesce(payload.x, payload.zero, 3)": 3,
        "coalesce(payload.x)": None,
        "len('abc')": 3,
        "len(payload.list)": 1,
        "len(payload.object)": 0,
        "len(payload.x)": 0,
        "toString(payload.object)": '{"a":[1,null]}',
        "toString(null)": "",
        "toString(payload.x)": "",
        "toString(1.50)": "1.5",
        "toString(true)": "true",
        "append(payload.list, 2)": [1, 2],
        "append(payload.x, 2)": [2],
        "append(payload.zero, 2)": [2],
        "append(7, [8, 9])": [7, 8, 9],
        "append(payload.list, payload.x)": [1],
    }
    for source, value in table.items():
        assert compile_expression(source, profile=STANDARD).evaluate(scope) == value
        assert compile_expression(f"${source}", profile=STANDARD).evaluate(scope) == value
    assert scope["payload"]["list"] == [1]


def test_errors_carry_code_place_field_source_and_hint() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression("1 +\n  lenn(payload.x)", field="condition")
    error = caught.value
    assert (error.code, error.line, error.column) == ("FUNCTION_NOT_ALLOWED", 2, 3)
    assert (error.field, error.source) == ("condition", "1 +\n  lenn(payload.x)")
    assert error.hint == "Did you mean len?"


def test_the_field_can_be_given_when_evaluating() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression("payload.x").evaluate({"payload": {}}, field="items")
    assert caught.value.field == "items"


@pytest.mark.parametrize("source", [None, 5, ["payload"], b"payload"])
def test_what_is_not_text_is_a_typed_error(source: object) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source)  # type: ignore[arg-type]  # the test is about this
    assert caught.value.code == "EXPRESSION_SYNTAX"


def test_the_same_text_is_compiled_once() -> None:
    assert compile_expression("payload.cached") is compile_expression("payload.cached")
    assert compile_expression("payload.cached") is not compile_expression("payload.cached", profile=EXTENDED)


def test_functions_and_references_are_told() -> None:
    compiled = compile_expression("len(payload.items) > 0 and $toString(vars.x) = 'a'")
    assert compiled.functions == {"len", "toString"}
    assert [one.text for one in compiled.references] == ["payload.items", "vars.x"]


def test_sixteen_threads_share_an_expression_and_none_sees_anothers_data() -> None:
    compiled = compile_expression(
        "($id := payload.id; payload.items[owner = $id].{'root': $$.payload.id, 'id': $id}[])",
        profile=EXTENDED,
    )
    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    def check(worker: int) -> int:
        scope = {"payload": {"id": worker, "items": [{"owner": worker % 5}, {"owner": worker}]}}
        expected = [{"root": worker, "id": worker}] * (2 if worker % 5 == worker else 1)
        return sum(compiled.evaluate(scope) != expected for _ in range(150))

    try:
        with ThreadPoolExecutor(16) as pool:
            assert sum(pool.map(check, range(16))) == 0
    finally:
        sys.setswitchinterval(old)


def test_sixteen_threads_compile_at_the_same_time() -> None:
    start = threading.Barrier(16)

    def work(worker: int) -> bool:
        start.wait(60)
        found = []
        for number in range(20):
            compiled = compile_expression(f"[payload.a[{worker}], {number}] ?? (x ?: {worker})")
            found.append(compiled.evaluate({"payload": {"a": list(range(16))}}) == [worker, number])
        return all(found)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(16)))
