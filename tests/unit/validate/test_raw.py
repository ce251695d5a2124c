"""Raw steps: order, paths and surroundings, whatever the neighbours look like."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import assign, attempt, definition, expr, loop, when
from wfnb.validate.raw import RawStep, walk_raw


def paths(written: dict[str, Any]) -> list[str]:
    return [step.path for step in walk_raw(written)]


def test_steps_come_in_reading_order() -> None:
    written = definition(
        when(expr("true"), assign("1"), **{"else": [assign("2")]}),
        attempt(assign("3"), catch=[assign("4")]),
        loop(assign("5")),
    )
    steps = list(walk_raw(written))
    assert [step.id for step in steps] == ["when", "1", "2", "try", "3", "4", "loop", "5"]
    assert [step.order for step in steps] == list(range(8))
    assert [step.path for step in steps[1:3]] == [
        "root.steps[0].then.steps[0]",
        "root.steps[0].else.steps[0]",
    ]


def test_malformed_neighbours_are_left_out_and_keep_their_index() -> None:
    written = definition(None, assign("a"), [assign("lost")], "x", {**when(5, assign("b")), "else": 7})
    assert paths(written) == ["root.steps[1]", "root.steps[4]", "root.steps[4].then.steps[0]"]


@pytest.mark.parametrize("steps", [None, 5, "x", {"a": 1}, [[]]])
def test_no_usable_steps_are_none(steps: Any) -> None:
    assert paths({"steps": steps}) == []


def test_loops_and_catches_around_a_step_are_known() -> None:
    inner = attempt(assign("t"), catch=[loop(assign("c"), id="deep", item="part")])
    found = {step.id: step for step in walk_raw(definition(loop(inner)))}
    assert [around.item_var for around in found["c"].loops] == ["line", "part"]
    assert (found["t"].in_catch, found["c"].in_catch, found["deep"].in_catch) == (False, True, True)
    assert found["c"].has_item("part")
    assert not found["t"].has_item("part")


def test_fields_of_a_malformed_step_are_empty() -> None:
    step = RawStep("root.steps[0]", 0, {"id": 5, "type": [], "config": "x"})
    assert (step.id, step.type, step.config) == (None, "", {})
