"""Loops with several items under way at once."""

from __future__ import annotations

from typing import Any

import pytest

from unit.machine.world import assign, attempt, done, each, state
from unit.simulate.rehearsal import definition, outcomes, reserve, stage
from wfnb.simulation import Simulation

FAILS = {"$error": {"message": "No stock."}}


def side_by_side(*body: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return each("loop", "payload.items", list(body), concurrency=2, **extra)


def run(*steps: dict[str, Any], items: list[Any], limits: Any = None, **fixtures: Any) -> Simulation:
    return stage().simulate(definition(*steps), {"items": items}, fixtures=fixtures, limits=limits)


def test_every_item_has_its_own_entries_and_answers() -> None:
    made = run(
        side_by_side(reserve("r", "vars.item")),
        items=["a", "b", "c"],
        r={"$each": [{"held": n} for n in (1, 2, 3)]},
    )
    assert made.status == "completed"
    assert made.trace[0].input == ["a", "b", "c"]
    assert sorted((call.input["sku"], call.output["held"]) for call in made.invocations) == [
        ("a", 1),
        ("b", 2),
        ("c", 3),
    ]
    assert {entry.instance for entry in made.step("r")} == {
        f"root.steps[0].body{{{n}}}.steps[0]" for n in range(3)
    }
    assert made.vars["r"]["held"] == 3
    assert made.coverage.complete


def test_a_loop_inside_such_an_item_is_told_with_its_items() -> None:
    made = run(side_by_side(each("inner", "[7, 8]", [state("s", "X")], var="n")), items=[1, 2])
    assert [entry.input for entry in made.step("inner")] == [[7, 8], [7, 8]]
    assert len(made.step("s")) == 4


def test_an_item_that_fails_is_taken_by_a_loop_that_goes_on() -> None:
    made = run(
        side_by_side(reserve("r"), onItemError="continue"), items=[1, 2], r={"$each": [FAILS, {"held": 1}]}
    )
    assert made.status == "completed"
    assert [(entry.outcome, entry.handled_by) for entry in made.step("r")] == [
        ("error", "forEach-continue"),
        ("stubbed", None),
    ]


def test_an_item_that_fails_is_taken_by_the_try_around_the_loop() -> None:
    steps = attempt("try", [side_by_side(reserve("r"))], [state("caught", "CAUGHT")])
    made = run(steps, items=[1, 2], r=FAILS)
    assert made.status == "completed"
    assert {entry.handled_by for entry in made.step("r")} == {"tryCatch"}
    assert made.coverage.complete


def test_an_item_that_fails_otherwise_ends_the_simulation() -> None:
    made = run(side_by_side(reserve("r")), items=[1], r=FAILS)
    assert (made.status, made.step("r")[0].handled_by) == ("failed", None)
    assert made.error is not None
    assert made.error["message"] == "No stock."


def test_items_go_on_beside_one_that_waits() -> None:
    wait = {
        "id": "wait",
        "type": "event.wait",
        "config": {"eventName": "GO", "correlationKey": {"$expr": "vars.item"}},
    }
    wait["config"]["filters"] = [{"path": "ok", "op": "=", "value": True}]
    answers = {"$each": [{"ok": False}, {"ok": True}, {"ok": True}]}
    made = run(side_by_side(wait, assign("after", n="1")), items=[1, 2, 3], GO=answers)
    assert made.status == "paused"
    assert [(e.step_id, e.outcome) for e in made.trace if e.instance.startswith("root.steps[0].body{0}")] == [
        ("wait", "would-wait"),
    ]
    assert len(made.step("after")) == 2


def test_a_return_in_an_item_ends_the_simulation() -> None:
    made = run(side_by_side(done()), state("never", "X"), items=[1])
    assert (made.status, outcomes(made)) == ("completed", [("loop", "executed"), ("done", "executed")])


@pytest.mark.parametrize(
    ("limits", "code"), [({"iterations": 2}, "SIMULATION_ITERATIONS"), ({"steps": 2}, "SIMULATION_STEPS")]
)
def test_the_budget_counts_items_side_by_side(limits: dict[str, int], code: str) -> None:
    made = run(side_by_side(reserve("r"), onItemError="continue"), items=[1, 2, 3], limits=limits)
    assert made.error is not None
    assert (made.status, made.error["code"]) == ("failed", code)
