"""A missing result is an error that says what is missing."""

from __future__ import annotations

import pytest

from wfnb.errors import ExpressionError
from wfnb.expr import EXTENDED, compile_expression

SCOPE = {
    "payload": {"customer": {"email": "a@b"}, "items": [{"sku": "a"}], "none": None},
    "vars": {},
    "meta": {},
}


def missing(source: str, **options: object) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source, profile=EXTENDED, field="to").evaluate(SCOPE, **options)  # type: ignore[arg-type]  # options are named by the cases
    assert caught.value.code == "MISSING_VALUE"
    assert caught.value.field == "to"
    assert source in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("source", "segment"),
    [
        ("payload.absent", "absent is missing in payload"),
        ("payload.absent.more", "absent is missing in payload"),
        ("payload.customer.name", "name is missing in payload.customer"),
        ("payload.items.price", "price is missing in payload.items"),
        ("payload.items[0].price", "price is missing in payload.items[]"),
        ("payload.none.x", "x is missing in payload.none"),
        ("vars.x < 3", "x is missing in vars"),
        ("3 + $vars.x", "x is missing in vars"),
        ("error.message", "error is missing"),
        ("$item.sku", "$item is missing"),
        ("($t := payload.nope; $t.x)", "nope is missing in payload"),
    ],
)
def test_the_first_missing_segment_is_named(source: str, segment: str) -> None:
    assert segment in missing(source).message


def test_a_near_name_is_suggested() -> None:
    error = missing("payload.custmer.email")
    assert error.hint == "Did you mean customer?"
    assert (error.line, error.column) == (1, 1)


def test_variables_count_as_data() -> None:
    assert "sku is missing in $item" in missing("$item.sku", variables={"item": {"id": 1}}).message


def test_a_filter_that_finds_nothing_is_no_missing_segment() -> None:
    error = missing("payload.items[sku = 'z']")
    assert error.message.endswith("gave no value.")
    assert "??" in str(error.hint)


def test_null_is_a_value() -> None:
    assert compile_expression("payload.none").evaluate(SCOPE) is None


def test_a_root_read_inside_items_is_the_likely_reason() -> None:
    assert "$vars" in str(missing("payload.items[sku = vars.sku]").hint)
