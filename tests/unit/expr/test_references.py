"""Which data an expression reads, for lineage, schema checks and hints."""

from __future__ import annotations

import pytest

from wfnb.expr import EXTENDED, compile_expression, lint


def texts(source: str) -> list[str]:
    return [one.text for one in compile_expression(source, profile=EXTENDED).references]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("payload.a.b", ["payload.a.b"]),
        ("$payload.a", ["payload.a"]),
        ("$$.payload.a", ["payload.a"]),
        ("$item.sku", ["$item.sku"]),
        ("payload.items[0].sku", ["payload.items[].sku"]),
        (
            "payload.items[price > vars.x].sku",
            ["payload.items[].sku", "payload.items[].price", "payload.items[].vars.x"],
        ),
        ("payload.items[price > $vars.x]", ["payload.items[]", "payload.items[].price", "vars.x"]),
        ("payload.items.(price * qty)", ["payload.items", "payload.items[].price", "payload.items[].qty"]),
        ("payload.items^(>price).sku", ["payload.items.sku", "payload.items[].price"]),
        ("payload.items{sku: price}", ["payload.items", "payload.items[].sku", "payload.items[].price"]),
        ("payload.*.x", ["payload[].x"]),
        ("($t := payload.a; $t.b)", ["payload.a", "payload.a.b"]),
        ("coalesce(payload.a, vars.b) & meta.c", ["payload.a", "vars.b", "meta.c"]),
        ("payload.a ? payload.b : payload.c", ["payload.a", "payload.b", "payload.c"]),
        ("{'k': [payload.a]}", ["payload.a"]),
        ("1 + 2", []),
        ("payload", ["payload"]),
        ("$payload", ["payload"]),
    ],
)
def test_references_are_paths_from_the_roots(source: str, expected: list[str]) -> None:
    assert texts(source) == expected


def test_none_stands_for_an_item() -> None:
    [reference] = compile_expression("payload.items[-1].sku").references
    assert reference.path == ("payload", "items", None, "sku")
    assert not reference.nested


def test_places_count_from_one() -> None:
    first, second = compile_expression("payload.a &\n   vars.b").references
    assert (first.line, first.column) == (1, 1)
    assert (second.line, second.column) == (2, 4)


def test_what_is_read_relative_to_items_is_nested() -> None:
    nested = {one.text: one.nested for one in compile_expression("payload.items[sku = $vars.sku]").references}
    assert nested == {"payload.items[]": False, "payload.items[].sku": True, "vars.sku": False}


@pytest.mark.parametrize(
    ("source", "hints"),
    [
        ("payload.items[sku = vars.sku]", ["Write $vars.sku to read it from the root."]),
        ("payload.items.(price * meta.rate)", ["Write $meta.rate to read it from the root."]),
        ("payload.items[sku = $vars.sku]", []),
        ("payload.items.sku & vars.sku", []),
        ("payload.vars.payload", []),
    ],
)
def test_a_root_read_inside_items_is_reported(source: str, hints: list[str]) -> None:
    found = lint(compile_expression(source))
    assert [one.hint for one in found] == hints
    assert all(one.code == "NESTED_ROOT" and one.line == 1 for one in found)


def test_roots_of_the_place_decide_what_is_reported() -> None:
    compiled = compile_expression("payload.items[sku = event.sku]")
    assert lint(compiled) == []
    assert [one.column for one in lint(compiled, roots=["event"])] == [21]
