"""Laws of expressions: the compiler agrees with the reference, input stays as it is, every failure is typed.

What the generated expressions leave out, because jsonata-python itself is wrong there (the tables in tests/unit/expr hold
JSONata's own answers for these):

* integers of 16 and more digits in text: it writes them with an exponent, which corrupts identifiers;
* ``%`` of fractions: it cuts the result down to an integer;
* numbers and booleans in one ``in``, ``=`` or ``$distinct``: it takes 1 for true;
* null as an argument of a function: it takes null for missing;
* ``[]`` behind a variable, and indices behind ``[]``: it keeps a list JSONata unwraps;
* ``$distinct`` of an array of equal items: it unwraps the array;
* a grouping straight on an empty array of the input: it writes a null into that array;
* ``$lowercase`` beyond ASCII: it folds case (ß becomes ss).

One difference is allowed: a filter on nothing does not evaluate its condition there, so an error of ours may be no error.
"""

from __future__ import annotations

import copy
import json
from functools import partial
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from wfnb.errors import ExpressionError
from wfnb.expr import EXTENDED, STANDARD, compile_expression, lint
from wfnb.expr.reference import evaluate_by_reference
from wfnb.expr.values import MISSING, same

NAMES = ["a", "b", "items", "price", "qty", "sku", "tags", "none"]

scalars = st.sampled_from([0, 1, 2, 3, -4, 10, 1.5, 2.25, "x", "y", "abc", "A b", "", None, True, False])
plain_scalars = st.sampled_from([2, 3, -4, 10, 1.5, 2.25, "x", "y", "abc", "A b", ""])


def values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
        ),
        max_leaves=6,
    )


def rows(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    row = st.fixed_dictionaries(
        {},
        optional={
            "price": st.sampled_from([1, 2.5, 10, 60]),
            "qty": st.integers(0, 3),
            "sku": st.sampled_from(["x", "y", "z"]),
            "tags": st.sampled_from([[], ["x"], ["x", "y"]]),
            "a": leaves,
        },
    )
    return st.lists(row, max_size=4)


def scopes(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "payload": st.fixed_dictionaries(
                {"items": rows(leaves), "a": values(leaves), "b": values(leaves)}
            ),
            "vars": st.fixed_dictionaries({"a": leaves, "sku": st.just("x")}),
            "meta": st.just({}),
        }
    )


ROOTS = st.sampled_from(
    [
        "payload",
        "payload.items",
        "payload.items",
        "payload.a",
        "payload.b",
        "vars",
        "$payload",
        "$vars",
        "$$.payload",
    ]
)
FILTERS = st.sampled_from(
    [
        "0",
        "1",
        "-1",
        "[0,1]",
        "price > 2",
        "sku = 'x'",
        "qty < $vars.a",
        "price",
        "tags",
        "$",
        "sku = $vars.sku",
        "true",
    ]
)
INNER = st.sampled_from(
    ["price", "qty", "sku", "tags", "$", "$vars.a", "price * qty", "sku & qty", "tags[0]", "a.b"]
)


@st.composite
def paths(draw: st.DrawFn) -> str:
    text: str = draw(ROOTS)
    for kind in draw(st.lists(st.integers(0, 7), max_size=2)):
        if kind <= 2:
            text += "." + draw(st.sampled_from(NAMES))
        elif kind == 3:
            text += f"[{draw(FILTERS)}]"
        elif kind == 4:
            text += f".({draw(INNER)})"
        elif kind == 5:
            text += f".{{'k': {draw(INNER)}, 'l': {draw(INNER)}}}"
        elif kind == 6:
            text += f".[{draw(INNER)}, {draw(INNER)}]"
        else:
            text += draw(st.sampled_from(["^(price)", "^(>qty, sku)", ".*"]))
    text += draw(st.sampled_from(["", "", "", "", "^(price){sku: $count(price)}"]))
    # Behind the bracket of an order-by, JSONata takes / for the beginning of a regular expression.
    return f"({text})" if text.endswith(")") else text


literals = st.sampled_from(["0", "2", "3", "1.5", "-4", "'x'", "'abc'", "''"])
OPERATORS = st.sampled_from(["+", "-", "*", "/", "&", "<", "<=", ">", ">=", "and", "or", "??", "?:"])
FUNCTIONS = st.sampled_from(
    [
        "$sum",
        "$count",
        "$max",
        "$string",
        "$uppercase",
        "$trim",
        "$length",
        "$abs",
        "$floor",
        "$boolean",
        "$not",
        "$exists",
        "$type",
        "$keys",
        "$merge",
        "$average",
        "$ceil",
        "$sqrt",
        "len",
        "toString",
    ]
)


def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, OPERATORS, inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
        st.lists(inner, max_size=3).map(lambda parts: "[" + ", ".join(parts) + "]"),
        st.lists(inner, max_size=2).map(
            lambda parts: "{" + ", ".join(f"'k{at}': {part}" for at, part in enumerate(parts)) + "}"
        ),
        st.tuples(inner, inner).map(lambda parts: f"($t := {parts[0]}; [$t, {parts[1]}, $t])"),
        inner.map(lambda part: f"({part})[0]"),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"coalesce({', '.join(parts)})"),
        st.tuples(inner, inner).map(lambda parts: f"append({parts[0]}, {parts[1]})"),
    )


operations = st.recursive(paths() | literals | st.sampled_from(["null", "true"]), grow, max_leaves=5)
calls = st.recursive(
    paths() | literals,
    lambda inner: grow(inner) | st.tuples(FUNCTIONS, inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
    max_leaves=5,
)


def outcome(work: Any) -> tuple[str, Any]:
    try:
        value = work()
    except ExpressionError as error:
        return "error", error
    return ("missing", None) if value is MISSING else ("value", value)


def agree(source: str, scope: dict[str, Any]) -> None:
    before = copy.deepcopy(scope)
    ours = outcome(lambda: compile_expression(source, profile=EXTENDED).evaluate_raw(scope))
    assert scope == before
    theirs = outcome(lambda: evaluate_by_reference(source, scope, profile=EXTENDED))
    if ours[0] == "error":
        # An error of ours is never a wrong value; the kinds are pinned by the unit tests.
        assert ours[1].code in {"EXPRESSION_TYPE", "NOT_JSON"}
        assert "data that is not JSON" not in ours[1].message
        return
    assert ours[0] == theirs[0], (source, ours, theirs)
    assert close(ours[1], theirs[1]), (source, ours, theirs)


def close(one: Any, other: Any) -> bool:
    """Equal, with sums of floats compared as the 15 digits that JSONata shows."""
    return same(_shown(one), _shown(other))


def _shown(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.14g}")
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return {key: _shown(item) for key, item in value.items()} if isinstance(value, dict) else value


quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(operations, scopes(scalars))
def test_operators_and_paths_agree_with_the_reference(source: str, scope: dict[str, Any]) -> None:
    agree(source, scope)


@quick
@given(calls, scopes(plain_scalars))
def test_functions_agree_with_the_reference(source: str, scope: dict[str, Any]) -> None:
    agree(source, scope)


@quick
@given(calls | operations, scopes(scalars))
def test_a_result_is_json_and_the_same_every_time(source: str, scope: dict[str, Any]) -> None:
    compiled = compile_expression(source, profile=EXTENDED)
    first = outcome(lambda: compiled.evaluate_raw(scope))
    again = outcome(lambda: compiled.evaluate_raw(json.loads(json.dumps(scope))))
    assert first[0] == again[0]
    if first[0] == "value":
        assert json.dumps(first[1], allow_nan=False) == json.dumps(again[1], allow_nan=False)


PIECES = st.sampled_from(
    [
        "payload",
        ".",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "'",
        '"',
        "`",
        "$",
        "$$",
        "*",
        "**",
        "%",
        "@",
        "#",
        "^",
        "~>",
        ":=",
        "??",
        "?:",
        "?",
        ":",
        ";",
        ",",
        "=",
        "!=",
        "<",
        "&",
        "and",
        "in",
        "or",
        "null",
        "1",
        "-1",
        "1e9",
        "..",
        "/",
        "/*",
        "*/",
        "function",
        "λ",
        "$sum",
        "len",
        "nowIso",
        "|",
        "!",
        "\\",
        "\x00",
        "😀",
        " ",
        "\n",
        "$__x",
        "0x",
        "_",
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=30))
@example("/")
@example("a/*")
@example("'\\")
@example("'\\u12")
@example("[..]")
@example("$")
@example("a[")
@example("a.(b")
@example("~>$f")
def test_any_text_compiles_or_is_refused_with_a_place(source: str) -> None:
    for profile in (STANDARD, EXTENDED):
        try:
            compiled = compile_expression(source, profile=profile)
        except ExpressionError as error:
            check_refusal(error, source)
        else:
            lint(compiled)
            outcome(partial(compiled.evaluate, {"payload": {"a": 1}}, now="2026-01-01T00:00:00.000Z"))


def check_refusal(error: ExpressionError, source: str) -> None:
    assert error.code.isupper()
    assert error.line is not None
    assert error.column is not None
    assert 1 <= error.line <= source.count("\n") + 1
    assert 1 <= error.column <= len(source) + 1
