"""A run laid over a picture: what was taken, what was skipped, where it stands."""

from __future__ import annotations

import pytest

from unit.viz.definitions import R, branching, plain
from wfnb.errors import ValidationError
from wfnb.viz.dress import pipeline_dress
from wfnb.viz.folding import fold
from wfnb.viz.outline import outline
from wfnb.viz.overlay import STATUSES, Overlay
from wfnb.viz.scene import Dress


def dressed(overlay: Overlay) -> Dress:
    return pipeline_dress(outline(branching()), overlay)


THEN = {f"{R}[0]": "SUCCEEDED", f"{R}[1]": "SUCCEEDED", f"{R}[1].then.steps[0]": "SUCCEEDED"}


def test_without_a_run_nothing_is_dressed() -> None:
    assert dressed(Overlay()) == Dress({}, {}, {})


@pytest.mark.parametrize(
    ("status", "state"),
    list(zip(STATUSES, ["failed", "retry", "waiting", "started", "canceled", "succeeded"], strict=True)),
)
def test_every_status_has_a_state(status: str, state: str) -> None:
    assert dressed(Overlay(status={f"{R}[0]": status})).states[f"{R}[0]"] == (state,)


def test_steps_that_were_not_reached_are_pending() -> None:
    assert dressed(Overlay(status=THEN)).states[f"{R}[4]"] == ("pending",)


def test_the_way_of_the_run_is_taken_and_the_other_branch_is_skipped() -> None:
    states = dressed(Overlay(status=THEN, current=f"{R}[2]", taken=frozenset({(f"{R}[1]", "then")}))).states
    for key in (
        "start",
        f"to:{R}[1]",
        f"in:{R}[1].then",
        f"label:{R}[1].then",
        f"out:{R}[1].then",
        f"to:{R}[2]",
    ):
        assert states[key] == ("taken",), key
    assert states[f"in:{R}[1].else"] == ("skipped",)
    assert "skipped" in states[f"{R}[1].else.steps[0]"]
    assert f"to:{R}[3]" not in states


def test_a_branch_is_not_left_before_the_run_goes_on() -> None:
    assert f"out:{R}[1].then" not in dressed(Overlay(status=THEN)).states


def test_a_failed_try_is_not_left_at_its_end_but_by_its_catch() -> None:
    guard = f"{R}[3]"
    status = {
        guard: "SUCCEEDED",
        f"{guard}.try.steps[0]": "FAILED",
        f"{guard}.catch.steps[0]": "SUCCEEDED",
        f"{R}[4]": "STARTED",
    }
    states = dressed(Overlay(status=status)).states
    assert states[f"in:{guard}.catch"] == states[f"out:{guard}.catch"] == ("taken",)
    assert f"out:{guard}.try" not in states


def test_a_loop_that_ran_twice_shows_its_way_back_and_its_count() -> None:
    body = f"{R}[2].body.steps[0]"
    status = {f"{R}[2]": "SUCCEEDED", body: "SUCCEEDED"}
    once, twice = (dressed(Overlay(status=status, counts={body: count})) for count in (1, 2))
    assert f"loop:{R}[2]" not in once.states
    assert twice.states[f"loop:{R}[2]"] == ("taken",)
    assert twice.texts == {f"count:{body}": "×2"}


def test_a_finished_run_reaches_the_end() -> None:
    overlay = Overlay(status={f"{R}[0]": "SUCCEEDED"})
    assert pipeline_dress(outline(plain(1)), overlay).states["end"] == ("taken",)
    standing = Overlay(status={f"{R}[0]": "SUCCEEDED"}, current=f"{R}[0]")
    assert "end" not in pipeline_dress(outline(plain(1)), standing).states


def test_findings_are_marked_and_told() -> None:
    dress = dressed(Overlay(findings={f"{R}[0]": ["No such\naction"]}))
    assert dress.texts[f"finding:{R}[0]"] == "!"
    assert dress.labels[f"{R}[0]"] == "No such action"


def test_a_stack_shows_the_status_that_matters_most() -> None:
    drawn = fold(outline(plain(10)), most=2)
    done = {f"{R}[{index}]": "SUCCEEDED" for index in range(5)}
    assert pipeline_dress(drawn, Overlay(status=done)).states[f"{R}[0]"] == ("succeeded",)
    done[f"{R}[2]"] = "FAILED"
    assert pipeline_dress(drawn, Overlay(status=done)).states[f"{R}[0]"] == ("failed",)
    del done[f"{R}[2]"]
    current = Overlay(status=done, current=f"{R}[3]")
    assert pipeline_dress(drawn, current).states[f"{R}[0]"] == ("started", "current")


@pytest.mark.parametrize(
    "broken", [{"status": 1}, {"taken": [["a"]]}, {"findings": []} | {"taken": 3}, {"counts": ["x"]}]
)
def test_an_overlay_of_another_shape_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="overlay"):
        Overlay.from_json(broken)


def test_a_duration_is_told_unless_there_was_none() -> None:
    texts = dressed(Overlay(durations={f"{R}[0]": 1234, f"{R}[1]": 5, f"{R}[4]": 0})).texts
    assert texts == {f"duration:{R}[0]": "1.2 s"}
