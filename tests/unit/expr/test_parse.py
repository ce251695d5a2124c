"""Broken texts: a typed error with the right place, before anything costly happens."""

from __future__ import annotations

import pytest

from wfnb.errors import ExpressionError
from wfnb.expr import EXTENDED, compile_expression


def refused(source: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source, profile=EXTENDED, field="f")
    assert caught.value.line is not None
    assert caught.value.source == source
    return caught.value


@pytest.mark.parametrize("source", ["", "  ", "\n\t"])
def test_an_empty_text_is_not_an_expression(source: str) -> None:
    assert refused(source).code == "EMPTY_EXPRESSION"


@pytest.mark.behaviour(10)
@pytest.mark.parametrize(
    ("source", "line", "column", "said"),
    [
        ("payload.", 1, 9, "ends too early"),
        ("(1; 2", 1, 6, "')' is missing"),
        ("[1, 2", 1, 6, "']' is missing"),
        ("payload.a b", 1, 11, "'b'"),
        ("1 +\n) 2", 2, 1, "')'"),
        ("1 2", 1, 3, "2"),
        ('"abc', 1, 4, "not closed"),
        ("`abc", 1, 4, "not closed"),
        ("1..2", 1, 2, "'..'"),
        ("9" * 400, 1, 1, "too large"),
        ("/* never closed", 1, 1, "cannot be read"),
        ("payload.1", 1, 9, "step of a path"),
    ],
)
def test_a_syntax_error_has_a_place(source: str, line: int, column: int, said: str) -> None:
    error = refused(source)
    assert error.code == "EXPRESSION_SYNTAX"
    assert (error.line, error.column) == (line, column)
    assert said in error.message


@pytest.mark.behaviour(10)
@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("payload.a == 1", "Use = to compare."),
        ("payload.a === 1", "Use = to compare."),
        ("a && b", "Use and."),
        ("a || b", "Use or."),
        ("!payload.a", "x ? false : true"),
        ("x => x", "cannot be defined"),
    ],
)
def test_operators_of_other_languages_get_the_right_word(source: str, hint: str) -> None:
    error = refused(source)
    assert error.code == "EXPRESSION_SYNTAX"
    assert hint in str(error.hint)


@pytest.mark.behaviour(11)
@pytest.mark.defect("D-23")
def test_text_inside_strings_is_left_alone() -> None:
    assert compile_expression("'a == b && len(x) ([{'").evaluate({}) == "a == b && len(x) ([{"
    assert compile_expression("payload.`a == (`").evaluate({"payload": {"a == (": 1}}) == 1


def test_brackets_may_be_nested_as_deep_as_the_limit_and_no_deeper() -> None:
    assert compile_expression("(" * 64 + "1" + ")" * 64).evaluate({}) == 1
    assert compile_expression("{'a':" * 64 + "1" + "}" * 64).functions == frozenset()
    assert compile_expression("[" * 64 + "1" + "].$" * 64).functions == frozenset()
    assert refused("(" * 65 + "1" + ")" * 65).code == "EXPRESSION_LIMIT"
    assert refused("[{(" * 22).code == "EXPRESSION_LIMIT"


@pytest.mark.parametrize(
    "source",
    [
        "1" + " " * 8192,
        "a." * 4000 + "a",
        "a&" * 4000 + "a",
        "-" * 8000 + "1",
        "a?" * 1500 + "1",
        "a??" * 900 + "1",
        "$a:=" * 1500 + "1",
        "a or " * 1500 + "a",
    ],
    ids=lambda source: source[:6],
)
def test_texts_that_would_exhaust_the_stack_are_refused(source: str) -> None:
    assert refused(source).code == "EXPRESSION_LIMIT"


@pytest.mark.behaviour(11)
def test_long_chains_that_people_write_are_fine() -> None:
    assert compile_expression(" & ".join(["'ab'"] * 200)).evaluate({}) == "ab" * 200
    assert compile_expression(" + ".join(["1"] * 200)).evaluate({}) == 200
    assert compile_expression(".".join(["a"] * 200)).references[0].path == ("a",) * 200
