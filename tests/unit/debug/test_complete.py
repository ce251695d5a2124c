"""Completion of expressions: what can follow, where, and that no text takes long."""

from __future__ import annotations

import pytest

from wfnb.debug.complete import complete

STATE = {
    "payload": {"items": [{"sku": 1, "a b": 2}, {"price": 3}], "id": "x"},
    "vars": {"total": 1, "tax": True},
    "meta": {},
}


@pytest.mark.parametrize(
    ("text", "start", "options"),
    [
        ("pay", 0, ["payload"]),
        ("$pay", 0, ["payload"]),
        ("payload.", 8, ["items", "id"]),
        ("payload.items.", 14, ["sku", "`a b`", "price"]),
        ("payload.items[0].s", 17, ["sku"]),
        ("payload.items[sku > 1].pr", 23, ["price"]),
        ("payload.items.`a", 14, ["`a b`"]),
        ("1 + vars.t", 9, ["total", "tax"]),
        ("$sum(vars.to", 10, ["total"]),
        ("payload.nothing.x", 16, []),
        ("vars.total.", 11, []),
    ],
)
def test_members_and_roots_follow(text: str, start: int, options: list[str]) -> None:
    found = complete(text, len(text), STATE)
    assert (found["from"], found["to"]) == (start, len(text))
    assert [option["text"] for option in found["options"] if option["kind"] != "function"] == options


def test_functions_of_the_allow_list_follow_with_their_signature() -> None:
    found = complete("$su", 3, STATE)
    assert [option["text"] for option in found["options"]] == [
        "substring",
        "substringAfter",
        "substringBefore",
        "sum",
    ]
    assert all(option["about"] for option in found["options"])
    assert complete("$eval", 5, STATE)["options"] == []


def test_it_looks_only_at_what_stands_before_the_caret() -> None:
    found = complete("vars.to + payload.id", 7, STATE)
    assert (found["from"], found["to"], [option["text"] for option in found["options"]]) == (5, 7, ["total"])
    assert complete("vars.", 99, STATE)["to"] == 5
    assert complete("vars.", -1, STATE)["to"] == 0


@pytest.mark.parametrize("part", ["a.", "[", "`", "a[", "$", "a", "].", ".`x`"])
@pytest.mark.timeout(20)
def test_no_text_takes_long(part: str) -> None:
    text = part * 8_000
    complete(text, len(text), STATE)


def test_many_members_are_cut() -> None:
    many = {"vars": {f"n{number}": number for number in range(5_000)}}
    assert len(complete("vars.n", 6, many)["options"]) == 100
