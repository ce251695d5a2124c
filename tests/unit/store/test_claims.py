"""Whose a key is."""

from __future__ import annotations

import pytest

from wfnb.store.claims import Holder, Predecessor, judge, next_attempt, takes_over


@pytest.mark.parametrize(
    ("status", "run_no", "effect_id", "over", "expected"),
    [
        ("SUCCEEDED", 1, "a#1", False, "cached"),
        ("SUCCEEDED", 2, "a#1", True, "cached"),
        ("STARTED", 1, "a#1", False, "mine"),
        ("STARTED", 1, "b#1", False, "busy"),
        ("STARTED", 2, "a#1", False, "busy"),
        ("STARTED", 2, "a#1", True, "abandoned"),
    ],
)
def test_a_key_that_has_a_holder(status: str, run_no: int, effect_id: str, over: bool, expected: str) -> None:
    holder = Holder(9, run_no, effect_id, status, 1, None, over)
    assert judge(holder, 1, "a#1") == expected


def test_a_key_without_a_holder_is_free() -> None:
    assert judge(None, 1, "a#1") == "free"


def test_attempts_are_counted_over_all_calls_with_a_key() -> None:
    assert next_attempt(None) == 1
    assert next_attempt(Predecessor(1, 1, "a", 4)) == 5


@pytest.mark.parametrize(
    ("run_no", "instance", "expected"), [(1, "a", True), (2, "a", False), (1, "b", False)]
)
def test_only_a_retry_of_the_same_step_goes_on_in_the_row_before_it(
    run_no: int, instance: str, expected: bool
) -> None:
    assert takes_over(Predecessor(1, run_no, instance, 1), 1, "a") is expected


def test_a_first_call_has_no_row_to_go_on_in() -> None:
    assert not takes_over(None, 1, "a")
