"""What expressions mean: a table that JSONata 2.2 in JavaScript gives the same answers for, unless a comment says why not."""

from __future__ import annotations

import copy

import pytest

from wfnb.errors import ExpressionError
from wfnb.expr import EXTENDED, compile_expression
from wfnb.expr.values import MISSING

SCOPE = {
    "payload": {
        "id": 5890840712243076,
        "n": 5,
        "none": None,
        "text": "Ann",
        "empty": [],
        "one": [7],
        "nested": [[1, 2], [3]],
        "items": [
            {"sku": "a", "price": 60, "qty": 2, "type": "x", "tags": ["red"]},
            {"sku": "b", "price": 10, "qty": 1, "type": "y", "tags": []},
            {"sku": "c", "price": 2.5, "qty": 4, "type": "x", "tags": ["red", "blue"]},
        ],
        "odd name": {"x": 1},
    },
    "vars": {"sku": "b", "flag": True},
    "meta": {},
}

TABLE = [
    # missing and null
    ("missing = null", False),
    ("missing != null", False),
    ("missing = missing", False),
    ("null = null", True),
    ("payload.none = null", True),
    ("'a' & null", "anull"),
    ("'a' & missing", "a"),
    ("missing < 1", MISSING),
    ("missing + 1", MISSING),
    ("-missing", MISSING),
    ("[missing]", []),
    ("[null]", [None]),
    ("{'k': missing}", {}),
    ("{'k': null}", {"k": None}),
    ("missing or true", True),
    ("missing and true", False),
    ("missing ? 1 : 2", 2),
    ("missing ? 1", MISSING),
    ("payload.none.x", MISSING),
    ("payload.none", None),
    # defaults
    ("payload.items[1].sku ?? 'z'", "b"),
    ("payload.items[9].sku ?? 'z'", "z"),
    ("payload.items[1] ?? 99", {"sku": "b", "price": 10, "qty": 1, "type": "y", "tags": []}),
    ("-3 ?? 5", -3),
    ("null ?? 5", None),
    ("0 ?: 5", 5),
    ("'x' ?: 5", "x"),
    ("missing ?: missing ?? 3", 3),
    # numbers
    ("5.5 % 2", 1.5),
    ("-7 % 3", -1),
    ("7 % -3", 1),
    ("6 / 3", 2),
    ("1 / 4", 0.25),
    ("0.1 + 0.2", 0.30000000000000004),
    ("1e3", 1000),
    ("2 - -2", 4),
    ("'id-' & 5890840712243076", "id-5890840712243076"),
    ("'id-' & payload.id", "id-5890840712243076"),
    ("'' & 0.1 & (0.1 + 0.2)", "0.10.3"),
    ("'' & 1e21", "1e+21"),
    ("'' & 1e-7", "1e-7"),
    ("'' & 0.000001", "0.000001"),
    ("'' & 123456789.123", "123456789.123"),
    # equality and order
    ("1 in [true]", False),
    ("1 = true", False),
    ("1 = 1.0", True),
    ("[1, {'a': 2}] = [1, {'a': 2}]", True),
    ("{'a': 1, 'b': 2} = {'b': 2, 'a': 1}", True),
    ("'b' > 'a'", True),
    ("1 in 1", True),
    ("'a' in ['b', 'a']", True),
    ("payload.items[0].sku in ['a']", True),
    # paths and sequences
    ("payload.items.sku", ["a", "b", "c"]),
    ("payload.items[price > 50].sku", "a"),
    ("payload.items[price > 5].sku", ["a", "b"]),
    ("payload.items[price > 500].sku", MISSING),
    ("[payload.items[price > 50].sku]", ["a"]),
    ("payload.items[price > 50].sku[]", ["a"]),
    ("payload.items[-1].sku", "c"),
    ("payload.items[0.9].sku", "a"),
    ("payload.items[[0, 2]].sku", ["a", "c"]),
    ("payload.items[[0..1]].sku", ["a", "b"]),
    ("payload.items[5]", MISSING),
    ("payload.items.tags", ["red", "red", "blue"]),
    ("payload.items.tags[0]", ["red", "red"]),
    ("(payload.items.tags)[0]", "red"),
    ("payload.items[0].tags", ["red"]),
    ("payload.empty", []),
    ("payload.empty[0]", MISSING),
    ("payload.empty^(price)", MISSING),
    ("[10, 20, 30][-1.5]", 20),
    ("[10, 20, 30][[-1.5]]", 20),
    ("payload.one", [7]),
    ("payload.one[0]", 7),
    ("payload.one.x", MISSING),
    ("payload.nested[0]", [1, 2]),
    ("payload.nested.$", [1, 2, 3]),
    ("payload.'odd name'.x", 1),
    ("payload.`odd name`.x", 1),
    ("payload.text[0]", "Ann"),
    ("payload.text[1]", MISSING),
    ("payload.items.(price * qty)", [120, 10, 10]),
    (
        "payload.items.{'s': sku, 't': price * qty}",
        [{"s": "a", "t": 120}, {"s": "b", "t": 10}, {"s": "c", "t": 10}],
    ),
    ("payload.items.[sku, qty]", [["a", 2], ["b", 1], ["c", 4]]),
    ("payload.items[0].[sku, qty]", ["a", 2]),
    ("payload.items[sku = $vars.sku].price", 10),
    ("payload.items[sku = $$.vars.sku].price", 10),
    ("payload.items[sku = vars.sku].price", MISSING),
    ("payload.items[type = 'x' and qty > 2].sku", "c"),
    ("$payload.n", 5),
    ("$.payload.n", 5),
    ("[1, [2, 3], [4]]", [1, [2, 3], [4]]),
    ("[payload.items.qty, 9]", [2, 1, 4, 9]),
    ("[1..3]", [1, 2, 3]),
    ("[3..1]", []),
    ("[1..2].($ * 10)", [10, 20]),
    ("vars.*", ["b", True]),
    ("payload.items[0].**[$ = 'red']", "red"),
    ("payload.items{sku: price}", {"a": 60, "b": 10, "c": 2.5}),
    ("payload.items{type: [sku]}", {"x": ["a", "c"], "y": ["b"]}),
    ("payload.items{type: $count($)}", {"x": 2, "y": 1}),
    ("{'a': [1, [2]], 'b': 3}.*", [1, 2, 3]),
    ("{'a': [7]}.*", [7]),
    ("{'a': 7}.*", 7),
    ("{}.*", MISSING),
    ("'text'.*", MISSING),
    ("[1, [2, 3]].*", [2, 3]),
    ("payload.nested.*", [1, 2, 3]),
    ("{'a': [1, {'b': 2}]}.**.b", 2),
    ("missing.**", MISSING),
    ("(payload.items){sku: qty}", {"a": 2, "b": 1, "c": 4}),
    ("(payload.items.sku)[]", ["a", "b", "c"]),
    ("(payload.items[0].sku)[]", "a"),
    ("$vars[0].sku", "b"),
    ("($i := payload.items; $i[1].sku)", "b"),
    ("($i := payload.items; $i[qty > 1].sku)", ["a", "c"]),
    ("payload.items[0][0][0].sku", "a"),
    ("payload.items[[]]", MISSING),
    ("payload.items[tags].sku", ["a", "c"]),
    ("payload.items.(sku = 'b' ? {'b': $.qty})", {"b": 1}),
    ("{'a': 1} = {'a': 2}", False),
    ("{'a': 1} = {'b': 1}", False),
    ("[1] = [1, 2]", False),
    ("[1] = 1", False),
    ("{} = []", False),
    ("{'a': 1} != {'a': 1}", False),
    ("[[{'a': 1}], {'a': 2}].a", [1, 2]),
    ("payload.items.$.{sku: qty}", [{"a": 2}, {"b": 1}, {"c": 4}]),
    ("payload.items{'all': sku}", {"all": ["a", "b", "c"]}),
    ("payload.items{sku: qty, 'n': $count($)}", {"a": 2, "b": 1, "c": 4, "n": 3}),
    # order-by
    ("payload.items^(price).sku", ["c", "b", "a"]),
    ("payload.items^(>price).sku", ["a", "b", "c"]),
    ("payload.items^(type, >qty).sku", ["c", "a", "b"]),
    ("payload.items^(nothing).sku", ["a", "b", "c"]),
    ("[{'k': 1}, {'k': 2, 'v': 5}, {'k': 3, 'v': 4}]^(v).k", [3, 2, 1]),
    ("[{'k': 1}, {'k': 2, 'v': 5}, {'k': 3, 'v': 4}]^(>v).k", [2, 3, 1]),
    # variables and blocks
    ("($t := 3; $t * 2)", 6),
    ("($t := 3; ($t := 4); $t)", 3),
    ("($t := payload.items.price; $sum($t))", 72.5),
    ("payload.items.($p := price; $p * 2)", [120, 20, 5]),
    ("$unknown", MISSING),
    ("()", MISSING),
    # text that looks like code
    ("'a == b && len(x)'", "a == b && len(x)"),
    ('"\\u00e9\\n"', "é\n"),
    ("/* a comment == */ 1", 1),
    # chains
    ("payload.n ~> $string", "5"),
    ("payload.items.price ~> $sum()", 72.5),
    ("payload.text.$uppercase()", "ANN"),
    ("payload.items.sku.$uppercase()", ["A", "B", "C"]),
]


@pytest.mark.behaviour(1, 2)
@pytest.mark.defect("D-23")
@pytest.mark.parametrize(("source", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_an_expression_means_what_jsonata_says(source: str, expected: object) -> None:
    scope = copy.deepcopy(SCOPE)
    found = compile_expression(source, profile=EXTENDED).evaluate_raw(scope)
    assert found == expected
    assert type(found) is type(expected)
    assert scope == SCOPE


def test_integers_beyond_floats_are_exact() -> None:
    # JavaScript would round them; an identifier must not change.
    scope = {"payload": {"id": 12345678901234567891}}
    assert compile_expression("payload.id & ''").evaluate(scope) == "12345678901234567891"
    assert compile_expression("12345678901234567891").evaluate({}) == 12345678901234567891
    assert compile_expression("-12345678901234567891 + 1").evaluate({}) == -12345678901234567890
    assert compile_expression("payload.id = 12345678901234567890").evaluate(scope) is False


def test_membership_compares_by_value_so_that_a_checkpoint_changes_nothing() -> None:
    # JavaScript compares identity, which is lost when a value is stored and read again.
    scope = {"payload": {"one": {"a": 1}, "all": [{"a": 1}]}}
    assert compile_expression("payload.one in payload.all").evaluate(scope) is True


def test_division_by_zero_is_an_error_with_a_place() -> None:
    for source in ("1 / 0", "5 % 0", "1.5 % 0", "0 / 0"):
        with pytest.raises(ExpressionError) as caught:
            compile_expression(source).evaluate({})
        assert caught.value.code == "NOT_JSON"
        assert (caught.value.line, caught.value.column) == (1, source.index(" ") + 2)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("payload.text + 1", "left side of +"),
        ("1 - payload.items", "right side of -"),
        ("payload.n < 'a'", "number with a string"),
        ("true < 1", "a boolean"),
        ("-payload.text", "negated"),
        ("{1: 2}", "key of an object"),
        ("payload.items{sku: 1, sku: 2}", "same key"),
        ("[1..1.5]", "right side of .."),
        ("payload.items^(tags)", "array"),
        ("[{'a': 1}, {'a': 'x'}]^(a)", "all numbers or all strings"),
    ],
)
def test_values_of_the_wrong_kind_are_named(source: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said.replace("+", r"\+").replace("..", r"\.\.")) as caught:
        compile_expression(source).evaluate(SCOPE)
    assert caught.value.code == "EXPRESSION_TYPE"
    assert caught.value.line == 1
