"""Masking: by name, by pointer, at any depth."""

from __future__ import annotations

from typing import Any

import pytest

from wfnb.limits import LIMITS
from wfnb.security.redact import MASK, cap, redact, secret_texts


@pytest.mark.behaviour(19)
@pytest.mark.parametrize(
    ("pointer", "masked"),
    [
        ("/a/b", {"a": {"b": MASK, "c": [1, {"d": 2}]}, "x/y": 1}),
        ("/a/c/1/d", {"a": {"b": 0, "c": [1, {"d": MASK}]}, "x/y": 1}),
        ("/a/c/0", {"a": {"b": 0, "c": [MASK, {"d": 2}]}, "x/y": 1}),
        ("/x~1y", {"a": {"b": 0, "c": [1, {"d": 2}]}, "x/y": MASK}),
        ("/a/none", {"a": {"b": 0, "c": [1, {"d": 2}]}, "x/y": 1}),
    ],
)
def test_a_pointer_masks_its_place_and_no_other(pointer: str, masked: dict[str, Any]) -> None:
    assert redact({"a": {"b": 0, "c": [1, {"d": 2}]}, "x/y": 1}, [pointer]) == masked


@pytest.mark.behaviour(20)
@pytest.mark.parametrize("value", ["text", 5, None, True, ["a"], {"name": "a"}])
def test_a_secret_ref_is_masked_whatever_it_holds_and_whatever_the_pointers_say(value: Any) -> None:
    assert redact({"a": {"secretRef": value}}) == {"a": {"secretRef": MASK}}
    assert redact({"a": {"secretRef": value}, "b": 1}, ["/b"]) == {"a": {"secretRef": MASK}, "b": MASK}


@pytest.mark.behaviour(21)
def test_lists_of_objects_leak_nothing() -> None:
    rows = [{"token": f"s{n}", "n": n, "inner": [{"password": f"p{n}"}]} for n in range(3)]
    shown = redact({"rows": rows, "nested": [[{"apiKey": "k"}]]})
    assert shown == {
        "rows": [{"token": MASK, "n": n, "inner": [{"password": MASK}]} for n in range(3)],
        "nested": [[{"apiKey": MASK}]],
    }


@pytest.mark.behaviour(22)
def test_the_deepest_value_there_can_be_is_masked_like_any_other() -> None:
    depth = LIMITS.value_depth
    value: Any = {"password": "hunter2", "n": 1}
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    shown = redact(value)
    for level in reversed(range(depth)):
        shown = shown[0] if level % 2 else shown["a"]
    assert shown == {"password": MASK, "n": 1}


@pytest.mark.behaviour(26, 207)
def test_what_is_too_large_is_a_mark_that_says_how_large() -> None:
    assert cap("x" * 98, 100) == "x" * 98
    assert cap("x" * 99, 100) == {"truncated": True, "size": 101, "max": 100}
    assert LIMITS.snapshot_size_bytes == 256 * 1024


def test_the_name_of_a_secret_is_shown() -> None:
    value = {"password": {"$secret": "SMTP_PASSWORD"}, "other": {"$secret": "hunter2"}}
    assert redact(value) == {"password": {"$secret": "SMTP_PASSWORD"}, "other": {"$secret": MASK}}
    assert secret_texts(value) == {"hunter2"}
