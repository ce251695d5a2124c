"""The rule about steps that are never reached, and blocks that do nothing."""

from __future__ import annotations

import pytest

from unit.validate.examples import assign, attempt, definition, ends, expr, findings, loop, only, when

PAID = expr("payload.paid")
LATER = assign("later", vars__x=1)


@pytest.mark.parametrize(
    "steps",
    [
        [LATER, ends()],
        [when(PAID, ends()), LATER],
        [when(PAID, ends("x"), **{"else": [assign("y", vars__y=1)]}), LATER],
        [attempt(ends("x"), catch=[assign("y", vars__y=1)]), LATER],
        [loop(ends()), LATER],
    ],
)
def test_steps_that_can_be_reached_are_fine(steps: list[dict[str, object]]) -> None:
    assert findings(definition(*steps)) == ()


@pytest.mark.parametrize(
    "steps",
    [
        [ends(), LATER],
        [when(PAID, ends("x"), **{"else": [ends("y")]}), LATER],
        [attempt(ends("x"), catch=[ends("y")]), LATER],
        [when(PAID, ends("x"), LATER)],
        [loop(ends("x"), LATER)],
    ],
)
def test_a_step_behind_the_end_is_warned_about(steps: list[dict[str, object]]) -> None:
    found = only(definition(*steps), "UNREACHABLE_STEP")
    assert (found.severity, found.step_id) == ("warning", "later")


def test_only_the_first_step_behind_the_end_is_told() -> None:
    assert len(findings(definition(ends(), LATER, assign("more", vars__y=1)))) == 1


@pytest.mark.parametrize(("step", "block"), [(loop(), "body"), (attempt(), "try")])
def test_an_empty_block_is_warned_about(step: dict[str, object], block: str) -> None:
    found = only(definition(step), "EMPTY_BLOCK")
    assert (found.severity, found.field) == ("warning", block)


def test_an_empty_branch_is_fine() -> None:
    assert findings(definition(when(PAID, **{"else": []}))) == ()
