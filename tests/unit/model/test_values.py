"""JSON values: one text per value, checked edges, and changes that leave the old tree as it was."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from wfnb.errors import LimitExceeded, ValidationError
from wfnb.model.values import (
    DELETE,
    Write,
    apply_writes,
    canonical_json,
    check_json,
    content_hash,
    diff,
    get_path,
    json_fault,
    size_bytes,
)


def test_the_canonical_text_does_not_depend_on_order() -> None:
    assert canonical_json({"b": [1, {"d": 1, "c": 2}], "a": None}) == '{"a":null,"b":[1,{"c":2,"d":1}]}'


@pytest.mark.parametrize("pair", [(1, 1.0), (True, 1), (None, False), ("1", 1), ([], {}), ([1, 2], [2, 1])])
def test_values_of_different_types_have_different_texts(pair: tuple[Any, Any]) -> None:
    assert canonical_json(pair[0]) != canonical_json(pair[1])


def test_the_hash_is_stable_over_releases() -> None:
    assert content_hash({"id": "hello", "steps": [1, "é"]}) == (
        "9e93a8161c56bd16d12bac54847c0192adc6f808f0567b1d5c9c35bc61d7622b"
    )


def test_the_size_is_counted_in_bytes() -> None:
    assert size_bytes("é") == 4


@pytest.mark.parametrize("value", [None, True, 0, 10**3999, 1.5, "", "é😀", [], {}, {"": []}])
def test_json_has_no_fault(value: Any) -> None:
    assert json_fault(value) is None


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (float("inf"), "The number inf"),
        ((1,), "A tuple"),
        (dt.datetime(2026, 1, 1), "A datetime"),
        ({1: 2}, "A key of type int"),
        ("\udfff", "A lone surrogate"),
        ({"\ud800": 1}, "A key with a lone surrogate"),
    ],
)
def test_the_fault_of_a_value_is_named(value: Any, fault: str) -> None:
    assert json_fault(value) == fault


def test_a_check_names_the_first_place_that_is_not_json() -> None:
    with pytest.raises(ValidationError) as caught:
        check_json({"a": [1, {"b": {1}}]}, where="payload")
    assert (caught.value.code, caught.value.where) == ("NOT_JSON", "payload.a.1.b")


def test_a_check_stops_at_depth_and_size() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(LimitExceeded) as deep:
        check_json(cycle, where="payload")
    with pytest.raises(LimitExceeded) as large:
        check_json("x" * 99, where="payload", limit_bytes=100)
    assert (deep.value.code, large.value.code) == ("TOO_DEEP", "TOO_LARGE")
    assert check_json("x" * 98, where="payload", limit_bytes=100)


@pytest.mark.parametrize(
    ("tree", "write", "result"),
    [
        ({}, Write(("a", "b"), 1), {"a": {"b": 1}}),
        ({"a": 5}, Write(("a", "b"), 1), {"a": {"b": 1}}),
        ({"a": [1, 2]}, Write(("a", 1), 3), {"a": [1, 3]}),
        ({"a": [1]}, Write(("a", 1), 2), {"a": [1, 2]}),
        ({"a": [1]}, Write(("a", 1, "b"), 2), {"a": [1, {"b": 2}]}),
        ({"a": {}}, Write(("a", 0), 1), {"a": {"0": 1}}),
        ({"a": 1, "b": 2}, Write(("a",)), {"b": 2}),
        ({"a": [1, 2, 3]}, Write(("a", 1)), {"a": [1, 3]}),
        ({"a": [1]}, Write(("a", 5)), {"a": [1]}),
        ({"a": 1}, Write(("b", "c")), {"a": 1, "b": {}}),
        ({"a": 1}, Write((), 7), 7),
    ],
)
def test_a_write_changes_its_place_only(tree: Any, write: Write, result: Any) -> None:
    assert apply_writes(tree, [write]) == result


def test_an_index_beyond_the_end_is_a_fault_of_the_machine() -> None:
    with pytest.raises(IndexError):
        apply_writes({"a": [1]}, [Write(("a", 2), 1)])


def test_what_is_beside_the_path_is_shared() -> None:
    tree = {"a": {"x": 1}, "b": {"y": 1}}
    new = apply_writes(tree, [Write(("a", "x"), 2)])
    assert new["b"] is tree["b"]
    assert tree == {"a": {"x": 1}, "b": {"y": 1}}


@pytest.mark.parametrize("write", [Write(("a", 0), None), Write(("a",), DELETE), Write((), {"x": 1})])
def test_a_write_comes_back_from_its_json_form(write: Write) -> None:
    assert Write.from_json(write.to_json()) == write


def test_a_path_that_is_not_there_gives_the_default() -> None:
    tree = {"a": [{"b": None}]}
    assert get_path(tree, ("a", 0, "b"), "default") is None
    for path in (("x",), ("a", 1), ("a", -1), ("a", "0"), ("a", 0, "b", "c")):
        assert get_path(tree, path, "default") == "default"


def test_a_difference_names_place_old_and_new() -> None:
    old = {"a": 1, "b": [1, 2], "c": True, "d": 1}
    new = {"a": 1, "b": [1, 3, 4], "c": 1, "e": None}
    assert diff(old, new) == [
        (("b", 1), 2, 3),
        (("b", 2), DELETE, 4),
        (("c",), True, 1),
        (("d",), 1, DELETE),
        (("e",), DELETE, None),
    ]
