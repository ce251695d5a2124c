"""Bounds: what is stopped before any rule looks at it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from unit.validate.examples import assign, definition, loop
from wfnb.limits import LIMITS
from wfnb.validate.bounds import check_bounds


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def code(written: Any) -> str | None:
    found = check_bounds(written)
    return found.code if found else None


def test_what_is_within_bounds_passes() -> None:
    assert check_bounds(definition(loop(assign(vars__x=[1, 2.5, None, True, "é"])))) is None


@pytest.mark.behaviour(52)
@pytest.mark.parametrize(
    ("value", "told"),
    [
        (dt.date(2026, 1, 1), "A date is not a JSON value; it stands at root.steps[0].config.assign.vars.x."),
        ({1, 2}, "A set is not a JSON value; it stands at root.steps[0].config.assign.vars.x."),
        ((1, 2), "A tuple is not a JSON value; it stands at root.steps[0].config.assign.vars.x."),
        (b"x", "A bytes is not a JSON value; it stands at root.steps[0].config.assign.vars.x."),
        ([float("nan")], "The number nan is not a JSON value; it stands at root.steps[0].config.assign.vars.x[0]."),
        ({5: "x"}, "A key of type int is not a JSON value; it stands at root.steps[0].config.assign.vars.x."),
        ("\ud800", "A lone surrogate is not a JSON value; it stands at root.steps[0].config.assign.vars.x."),
        ({"\ud800": 1}, "A key with a lone surrogate is not a JSON value; it stands at root.steps[0].config.assign.vars.x."),
        ([10**5000], "A whole number of more than 4,000 digits is not a JSON value; it stands at root.steps[0].config.assign.vars.x[0]."),
    ],
)  # fmt: skip
def test_what_is_not_json_is_told_with_its_place(value: Any, told: str) -> None:
    found = check_bounds(definition(assign(vars__x=value)))
    assert found is not None
    assert (found.code, found.message) == ("NON_SERIALIZABLE", told)


def test_depth_is_counted_in_lists_and_objects() -> None:
    assert check_bounds(nested(LIMITS.definition_depth)) is None
    assert code(nested(LIMITS.definition_depth + 1)) == "TOO_DEEP"


def test_great_depth_does_not_end_the_stack() -> None:
    assert code(nested(100_000)) == "TOO_DEEP"


def test_a_cycle_ends() -> None:
    cycle: dict[str, Any] = {}
    cycle["again"] = cycle
    assert code(cycle) == "TOO_DEEP"
    wide: list[Any] = []
    wide.extend([wide] * 50)
    assert code(wide) in ("TOO_DEEP", "TOO_LARGE")


def test_a_value_that_shares_its_parts_a_billion_times_ends() -> None:
    value: Any = ["x"] * 10
    for _ in range(9):
        value = [value] * 10
    assert code(value) == "TOO_LARGE"


def test_size_is_counted_in_bytes_of_text() -> None:
    room = LIMITS.definition_size_bytes - len('{"a":""}')
    assert check_bounds({"a": "x" * room}) is None
    assert code({"a": "x" * (room + 1)}) == "TOO_LARGE"
    assert code({"a": "é" * (room // 2 + 1)}) == "TOO_LARGE"


def test_steps_are_counted_in_all_blocks() -> None:
    most = LIMITS.definition_steps
    small = {"id": "s", "type": "control.return"}
    assert check_bounds(definition(*[small] * most)) is None
    found = check_bounds(definition(loop(*[small] * most)))
    assert found is not None
    assert (found.code, found.message) == (
        "TOO_MANY_STEPS",
        "The definition has 5,001 steps; at most 5,000 are allowed.",
    )
