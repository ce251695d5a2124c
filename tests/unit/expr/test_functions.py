"""The functions of the extended profile: what they give, and what they refuse."""

from __future__ import annotations

import pytest

from wfnb.errors import ExpressionError
from wfnb.expr import EXTENDED, compile_expression
from wfnb.expr.functions import FUNCTIONS
from wfnb.expr.values import MISSING

TABLE = [
    ("$sum([1, 2.5])", 3.5),
    ("$sum(4)", 4),
    ("$sum([])", 0),
    ("$sum(missing)", MISSING),
    ("$count([1, 2])", 2),
    ("$count(missing)", 0),
    ("$count(null)", 1),
    ("$count('a')", 1),
    ("$max([1, 3, 2])", 3),
    ("$min([1, 3, 2])", 1),
    ("$max([])", MISSING),
    ("$average([1, 2])", 1.5),
    ("$average([])", MISSING),
    ("$string({'a': [1, 'x', null]})", '{"a":[1,"x",null]}'),
    ("$string([1], true)", "[\n  1\n]"),
    ("$string({'a': {'b': []}}, true)", '{\n  "a": {\n    "b": []\n  }\n}'),
    ("$string(null)", "null"),
    ("$string(missing)", MISSING),
    ("$uppercase('straße')", "STRASSE"),
    ("$lowercase('ÄB')", "äb"),
    ("$trim('  a \\n b ')", "a b"),
    ("$length('aé😀')", 3),
    ("$substring('hello', 1, 3)", "ell"),
    ("$substring('hello', -3)", "llo"),
    ("$substring('hello', -9, 2)", "he"),
    ("$substring('hello', 3, 9)", "lo"),
    ("$substring('hello', 1, 0)", ""),
    ("$substringBefore('a-b-c', '-')", "a"),
    ("$substringAfter('a-b-c', '-')", "b-c"),
    ("$substringAfter('abc', 'x')", "abc"),
    ("$contains('abc', 'bc')", True),
    ("$contains('abc', '.')", False),
    ("$split('a,b,c', ',')", ["a", "b", "c"]),
    ("$split('a,b,c', ',', 2)", ["a", "b"]),
    ("$split('abc', '')", ["a", "b", "c"]),
    ("$split('abc', ',', 0)", []),
    ("$join(['a', 'b'], '-')", "a-b"),
    ("$join('a')", "a"),
    ("$replace('a.a.a', '.', '$0', 1)", "a$0a.a"),
    ("$replace('aaa', 'a', 'b')", "bbb"),
    ("$pad('a', 3)", "a  "),
    ("$pad('a', -4, 'xy')", "xyxa"),
    ("$pad('abc', 2)", "abc"),
    ("$number('12')", 12),
    ("$number('-1.5e1')", -15),
    ("$number('0x1F')", 31),
    ("$number('0b101')", 5),
    ("$number(true)", 1),
    ("$abs(-5)", 5),
    ("$floor(-1.5)", -2),
    ("$ceil(1.2)", 2),
    ("$round(2.5)", 2),
    ("$round(3.5)", 4),
    ("$round(-2.5)", -2),
    ("$round(1.005, 2)", 1.0),
    ("$round(1234.5678, -2)", 1200),
    ("$round(0.125, 2)", 0.12),
    ("$power(2, 10)", 1024),
    ("$power(2, -1)", 0.5),
    ("$sqrt(9)", 3),
    ("$boolean([0, 1])", True),
    ("$boolean('')", False),
    ("$not(missing)", MISSING),
    ("$not(0)", True),
    ("$exists(missing)", False),
    ("$exists(null)", True),
    ("$type([1])", "array"),
    ("$type(null)", "null"),
    ("$type(missing)", MISSING),
    ("$keys({'a': 1, 'b': 2})", ["a", "b"]),
    ("$keys([{'a': 1}, {'b': 2, 'a': 3}])", ["a", "b"]),
    ("$keys({'a': 1})", "a"),
    ("$keys('x')", MISSING),
    ("$lookup({'a': 1}, 'a')", 1),
    ("$lookup([{'a': 1}, {'a': 2}], 'a')", [1, 2]),
    ("$merge([{'a': 1}, {'b': 2, 'a': 3}])", {"a": 3, "b": 2}),
    ("$spread({'a': 1, 'b': 2})", [{"a": 1}, {"b": 2}]),
    ("$zip([1, 2], ['a', 'b', 'c'])", [[1, "a"], [2, "b"]]),
    ("$reverse([1, 2, 3])", [3, 2, 1]),
    ("$distinct([1, true, 1.0, 'a', 'a', {'x': 1}, {'x': 1}])", [1, True, "a", {"x": 1}]),
    ("$sort([3, 1, 2])", [1, 2, 3]),
    ("$sort(['b', 'a'])", ["a", "b"]),
]


@pytest.mark.parametrize(("source", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_a_function_gives(source: str, expected: object) -> None:
    found = compile_expression(source, profile=EXTENDED).evaluate_raw({})
    assert found == expected
    assert repr(found) == repr(expected) or found is expected or isinstance(expected, float)


@pytest.mark.parametrize(
    "source",
    [
        "$sum(['a'])",
        "$sum([true])",
        "$max('a')",
        "$uppercase(1)",
        "$substring('a', 'b')",
        "$split('a', 1)",
        "$split('a', ',', -1)",
        "$join([1])",
        "$replace('a', '', 'b')",
        "$replace('a', 'a', 'b', -1)",
        "$number('1_000')",
        "$number('nan')",
        "$number(null)",
        "$number('" + "9" * 500 + "')",
        "$round(1.5, 0.5)",
        "$sqrt(-1)",
        "$merge([1])",
        "$sort([1, 'a'])",
        "$sort([{}, {}])",
        "$lookup({}, 1)",
        "$power('a', 1)",
    ],
)
def test_a_wrong_argument_is_a_type_error_with_a_place(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source, profile=EXTENDED).evaluate({})
    assert caught.value.code == "EXPRESSION_TYPE"
    assert (caught.value.line, caught.value.column) == (1, 2) or caught.value.column == 1


@pytest.mark.parametrize("name", sorted(FUNCTIONS[EXTENDED]))
def test_every_function_is_described(name: str) -> None:
    function = FUNCTIONS[EXTENDED][name]
    assert function.summary.endswith(".")
    assert function.signature.startswith("(")


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS[EXTENDED]) - {"nowIso"}))
@pytest.mark.parametrize("argument", ["missing", "null", "1", "'a'", "[]", "{}", "[null]", "true", "-1.5"])
def test_no_argument_gives_an_untyped_error(name: str, argument: str) -> None:
    function = FUNCTIONS[EXTENDED][name]
    for count in range(max(function.least, 1), min(function.most or 3, 4) + 1):
        source = f"${name}({', '.join([argument] * count)})"
        code, message = failure(source)
        assert code in {"", "EXPRESSION_TYPE", "NOT_JSON"}
        assert "data that is not JSON" not in message


def failure(source: str) -> tuple[str, str]:
    try:
        compile_expression(source, profile=EXTENDED).evaluate_raw({})
    except ExpressionError as error:
        return error.code, error.message
    return "", ""
