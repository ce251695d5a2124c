"""Holds: who holds, until when, and where a run that may go on stands still again."""

from __future__ import annotations

import pytest

from wfnb.debug.hold import EndedStep, Go, Hold, Holder

ANN = Holder("kernel-a", "ann", "a wrong price", 0, 100)
BEN = Holder("kernel-b", "ben", "", 10, 200)


def ended(seq: int, step: str = "price") -> EndedStep:
    return EndedStep(seq, step, f"root.steps[0].body{{3}}.{step}")


def test_a_hold_is_the_same_after_it_was_written_down() -> None:
    hold = Hold((ANN, BEN), Go("to", 7, "ship"), ({"on": "step", "what": "ship"},))
    assert Hold.of(hold.text) == hold
    assert Hold.of(None) is None


def test_the_text_of_a_hold_depends_on_nothing_but_the_hold() -> None:
    again = Hold.of(Hold((ANN,), None, ({"b": 1, "a": 2},)).text)
    assert again is not None
    assert again.text == Hold((ANN,), None, ({"a": 2, "b": 1},)).text


def test_two_people_hold_a_run_together_until_the_last_one_leaves() -> None:
    both = Hold((ANN,)).joined(BEN)
    assert (both.names, both.until_us) == (("ann", "ben"), 200)
    left = both.without("kernel-a")
    assert left is not None
    assert left.names == ("ben",)
    assert left.without("kernel-b") is None


def test_whoever_joins_again_keeps_the_reason_and_the_beginning() -> None:
    again = Hold((ANN,)).joined(Holder("kernel-a", "ann", "", 50, 300))
    assert again.holders == (Holder("kernel-a", "ann", "a wrong price", 0, 300),)


def test_a_hold_lapses_one_by_one() -> None:
    both = Hold((ANN, BEN))
    assert both.at(99) == both
    assert both.at(100) == Hold((BEN,))
    assert both.at(200) is None


def test_a_run_without_leave_stands_wherever_it_is() -> None:
    assert Hold((ANN,)).stops(0, None)
    assert Hold((ANN,)).stops(9, ended(2))


def test_leave_for_a_step_lasts_until_a_step_has_ended_behind_the_place_where_it_was_given() -> None:
    hold = Hold((ANN,), Go("step", 4))
    assert not hold.stops(4, ended(4))  # it was asked for here
    assert not hold.stops(6, ended(4))  # it has begun, and has not ended
    assert not hold.stops(6, None)
    assert hold.stops(7, ended(6))


@pytest.mark.parametrize("named", ["price", "root.steps[0].body{3}.price", "root.steps[0].body.price"])
def test_leave_up_to_a_step_passes_others(named: str) -> None:
    hold = Hold((ANN,), Go("to", 4, named))
    assert not hold.stops(6, ended(6, "ship"))
    assert hold.stops(6, ended(6, "price"))
    assert not hold.stops(4, ended(4, "price"))


def test_leave_to_go_on_ends_nowhere_by_itself() -> None:
    assert not Hold((ANN,), Go("on", 4)).stops(900, ended(900))


@pytest.mark.parametrize(
    ("types", "kept"),
    [({"retry"}, True), ({"time", "child"}, True), ({"event"}, False), ({"time", "event"}, False)],
)
def test_leave_for_a_step_outlasts_a_pause_and_ends_where_somebody_has_to_answer(
    types: set[str], kept: bool
) -> None:
    assert Hold((ANN,), Go("step", 1)).waits(types) is kept
    assert not Hold((ANN,)).waits(types)
    assert Hold((ANN,), Go("on", 1)).waits(types)
