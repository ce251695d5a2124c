"""The allow-list: nothing but data in, data out."""

from __future__ import annotations

import pytest

from wfnb.errors import ExpressionError
from wfnb.expr import EXTENDED, STANDARD, Profile, compile_expression
from wfnb.expr.functions import FUNCTIONS, REFUSED


def code_of(source: str, profile: Profile = EXTENDED) -> str:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source, profile=profile)
    assert caught.value.line == 1
    assert caught.value.hint
    return caught.value.code


@pytest.mark.behaviour(5)
@pytest.mark.parametrize(
    "source",
    [
        "function($x){$x}",
        "(function($x){$x})(1)",
        "$substring('abc', ?)",
        "payload ~> |$|{'a': 1}|",
        "payload.items.%.sku",
        "payload.items@$i.$i",
        "payload.items#$i",
        "/ab+/",
        "$contains('a', /a/)",
        "$sum",
        "[$eval]",
        "($e := $eval; 1)",
        "($sum := 1; 1)",
        "$__evaluate_entry",
        "($__evaluate_entry := 1; 1)",
        "payload.f(1)",
        "($x)(1)",
        "payload ~> payload.f",
        "payload.(1)(2)",
    ],
)
def test_constructs_that_are_not_data_are_refused(source: str) -> None:
    assert code_of(source) in {"CONSTRUCT_NOT_ALLOWED", "FUNCTION_NOT_ALLOWED", "EXPRESSION_SYNTAX"}


@pytest.mark.behaviour(4)
@pytest.mark.parametrize("name", sorted(REFUSED))
def test_functions_that_are_never_allowed_say_what_to_do(name: str) -> None:
    for profile in Profile:
        with pytest.raises(ExpressionError) as caught:
            compile_expression(f"${name}(1)", profile=profile)
        assert caught.value.code == "FUNCTION_NOT_ALLOWED"
        assert caught.value.hint == REFUSED[name]


@pytest.mark.behaviour(4)
@pytest.mark.parametrize("name", sorted(set(FUNCTIONS[EXTENDED]) - set(FUNCTIONS[STANDARD])))
def test_the_standard_profile_has_no_built_in_function(name: str) -> None:
    with pytest.raises(ExpressionError, match="standard profile") as caught:
        compile_expression(f"${name}(1)", profile=STANDARD)
    assert caught.value.hint == "It belongs to the extended profile."


def test_no_allowed_function_is_refused_too() -> None:
    assert not set(REFUSED) & set(FUNCTIONS[EXTENDED])


def test_the_number_of_arguments_is_checked_when_compiling() -> None:
    for source in (
        "len()",
        "len(1, 2)",
        "nowIso(1)",
        "append(1)",
        "$join()",
        "$pad('a', 1, 'x', 2)",
        "$substring()",
    ):
        assert code_of(source) == "EXPRESSION_TYPE"


@pytest.mark.behaviour(6)
@pytest.mark.parametrize(
    "source",
    [
        "payload.__class__",
        "payload.`__class__`",
        "$lookup(payload, '__class__')",
        "payload.constructor",
        "payload.items.append",
        "$keys(payload).__init__",
        "payload.text.upper",
    ],
)
def test_no_python_attribute_can_be_reached(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source, profile=EXTENDED).evaluate({"payload": {"items": [1], "text": "a"}})
    assert caught.value.code == "MISSING_VALUE"
