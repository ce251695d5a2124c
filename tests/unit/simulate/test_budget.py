"""The budget: what may be asked for, and what happens when it is spent."""

from __future__ import annotations

from typing import Any

import pytest

from wfnb.errors import ValidationError
from wfnb.simulate.budget import Bounds, Budget, OutOfBudgetError


def test_the_usual_bounds_are_those_of_the_specification() -> None:
    assert Bounds.of(None) == Bounds(steps=500, iterations=100, time_ms=5_000)
    assert Bounds.of({"steps": 5_000, "iterations": 1_000, "time_ms": 30_000}) == Bounds(5_000, 1_000, 30_000)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"steps": 5_001}, "limits.steps"),
        ({"iterations": 1_001}, "limits.iterations"),
        ({"time_ms": 30_001}, "limits.time_ms"),
        ({"steps": 0}, "limits.steps"),
        ({"steps": True}, "limits.steps"),
        ({"steps": "many"}, "limits.steps"),
        ({"step": 5}, "limits"),
        ({5: 5}, "limits"),
        ([5], "limits"),
    ],
)
def test_what_cannot_be_a_bound_is_refused(given: Any, where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Bounds.of(given)
    assert (caught.value.code, caught.value.where) == ("INVALID_ARGUMENT", where)


def test_the_step_beyond_the_last_one_is_refused() -> None:
    budget = Budget(Bounds(steps=2))
    budget.step()
    budget.step()
    with pytest.raises(OutOfBudgetError) as caught:
        budget.step()
    assert caught.value.error.code == "SIMULATION_STEPS"


def test_the_item_beyond_the_last_one_is_refused() -> None:
    budget = Budget(Bounds(iterations=2))
    budget.iteration(1, "root.steps[0].body{1}")
    with pytest.raises(OutOfBudgetError) as caught:
        budget.iteration(2, "root.steps[0].body{2}")
    assert (caught.value.error.code, caught.value.error.where) == (
        "SIMULATION_ITERATIONS",
        "root.steps[0].body{2}",
    )


def test_time_is_what_the_clock_says_has_passed_since_the_beginning() -> None:
    now = [100.0]
    budget = Budget(Bounds(time_ms=50), cpu=lambda: now[0])
    now[0] = 100.05
    budget.time()
    now[0] = 100.06
    with pytest.raises(OutOfBudgetError) as caught:
        budget.time()
    assert caught.value.error.code == "SIMULATION_TIME"
