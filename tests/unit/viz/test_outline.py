"""Outlines: every step with its path, words and branches."""

from __future__ import annotations

from typing import Any

import pytest

from unit.viz.definitions import R, branching, plain, step
from wfnb.errors import DefinitionError, LimitExceeded
from wfnb.limits import LIMITS
from wfnb.model.definition import Definition, walk_steps
from wfnb.viz.folding import fold
from wfnb.viz.outline import outline, walk_cards


def test_paths_are_those_of_the_definition() -> None:
    definition = branching()
    expected = [path for path, _ in walk_steps(Definition.model_validate(definition).steps)]
    assert [card.path for card in walk_cards(outline(definition).root)] == expected


@pytest.mark.parametrize(
    ("written", "detail"),
    [
        (step("a", "control.if", condition={"$expr": "x > 1"}), "x > 1"),
        (step("a", "control.forEach", items={"$expr": "xs"}, itemVar="x"), "x in xs"),
        (step("a", "control.tryCatch", captureErrorAs="e"), "try, error as e"),
        (step("a", "control.callWorkflow", workflowId="child", workflowVersion=3), "calls child v3"),
        (step("a", "control.return"), "ends the run"),
        (step("a", "action.call", config={"actionId": "send", "version": 2}), "send v2"),
        (step("a", "state.set", config={"state": "DONE"}), "DONE"),
        (step("a", "event.wait", config={"eventName": "PAID"}), "waits for PAID"),
        (step("a", "my.node"), "my.node"),
    ],
)
def test_a_card_says_what_its_step_does(written: dict[str, Any], detail: str) -> None:
    assert outline({"id": "x", "steps": [written]}).root.cards[0].detail == detail


def test_a_name_is_shown_instead_of_the_id() -> None:
    assert outline({"id": "x", "steps": [step("a", name="First")]}).root.cards[0].title == "First"


def test_a_run_cannot_go_on_after_a_return_or_two_of_them() -> None:
    back = [step("r", "control.return")]
    both = step("a", "control.if", then=back, **{"else": [step("r2", "control.return")]})
    one = step("b", "control.if", then=[step("r3", "control.return")])
    loop = step("c", "control.forEach", body=[step("r4", "control.return")])
    assert [card.flows for card in outline({"steps": [both, one, loop]}).root.cards] == [False, True, True]


@pytest.mark.parametrize("broken", [None, [], "x", {}, {"steps": None}, {"steps": {}}, {"steps": [1]}])
def test_what_is_no_definition_is_refused(broken: Any) -> None:
    with pytest.raises(DefinitionError):
        outline(broken)


@pytest.mark.parametrize("value", [None, 1, [], {}, True])
def test_a_draft_with_faults_is_drawn_as_far_as_it_goes(value: Any) -> None:
    faulty = {"id": value, "type": value, "name": value, "config": value, "condition": value}
    drawn = outline({"id": value, "name": value, "trigger": value, "version": value, "steps": [faulty]})
    assert drawn.root.cards[0].title == "?"


def test_too_many_steps_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="too large to draw"):
        outline(plain(LIMITS.definition_steps + 1))


def test_too_deep_nesting_is_refused() -> None:
    inner: list[dict[str, Any]] = []
    for _ in range(5_000):
        inner = [step("n", "control.forEach", body=inner)]
    with pytest.raises(LimitExceeded):
        outline({"id": "deep", "steps": inner})


def test_folding_keeps_every_step_and_every_control_block() -> None:
    definition = branching()
    definition["steps"][2:2] = [step(f"x{index}") for index in range(90)]
    before = outline(definition)
    after = fold(before, most=20)
    cards = list(walk_cards(after.root))
    covered = [path for card in cards for path in (card.members or (card.path,))]
    assert covered == [card.path for card in walk_cards(before.root)]
    assert len(cards) < 40
    assert f"{R}[1]" in {card.path for card in cards if card.blocks}


def test_small_definitions_are_not_folded() -> None:
    drawn = outline(branching())
    assert fold(drawn) is drawn
