"""Pictures of definitions and runs: what is counted on them, how a cell shows them, how they are written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unit.test_rows import STEP, WAIT, T
from wfnb.errors import ValidationError
from wfnb.pictures import definition_picture, overlay_json, overlay_of, run_picture, timeline_picture
from wfnb.validate.findings import Finding
from wfnb.viz.overlay import Overlay

DEFINITION: dict[str, Any] = {"id": "w", "name": "Work", "steps": [{"id": "a", "type": "control.return"}]}
FIRST = replace(STEP, instance="root.steps[0]", started_us=T, ended_us=T + 2_000)


def test_executions_of_a_step_are_counted_and_their_times_added() -> None:
    steps = [replace(FIRST, instance=f"root.steps[0].body{{{n}}}.steps[0]") for n in range(3)]
    overlay = overlay_of(steps)
    assert overlay.counts == {"root.steps[0].body.steps[0]": 3}
    assert overlay.durations == {"root.steps[0].body.steps[0]": 6.0}


def test_the_last_status_counts_and_a_wait_goes_before_it() -> None:
    steps = [replace(FIRST, status="RETRY_SCHEDULED"), replace(FIRST, status="SUCCEEDED")]
    assert overlay_of(steps).status == {"root.steps[0]": "SUCCEEDED"}
    assert overlay_of(steps, [WAIT]).status == {"root.steps[0]": "WAITING"}
    assert overlay_of(steps, [replace(WAIT, status="RESOLVED")]).status == {"root.steps[0]": "SUCCEEDED"}


def test_branches_that_were_taken_are_told() -> None:
    branch = replace(FIRST, branch="then")
    caught = replace(FIRST, instance="root.steps[1].try.steps[0]", handled_by="root.steps[1].try")
    assert overlay_of([branch, caught]).taken == {("root.steps[0]", "then"), ("root.steps[1]", "catch")}


def test_an_overlay_comes_back_from_its_json() -> None:
    overlay = overlay_of([replace(FIRST, branch="then")], [WAIT], current="root.steps[0]")
    again = Overlay.from_json(overlay_json(overlay))
    assert overlay_json(again) == overlay_json(overlay)


def test_a_cell_shows_an_image_with_words_beside_it() -> None:
    bundle = definition_picture(DEFINITION)._repr_mimebundle_()
    assert bundle["text/plain"] == "<Picture: pipeline Work>"
    assert bundle["text/html"].startswith('<img src="data:image/svg+xml;base64,')
    assert 'alt="pipeline Work"' in bundle["text/html"]


def test_findings_are_drawn_at_their_step() -> None:
    plain, marked = (
        definition_picture(DEFINITION, f).svg
        for f in ((), [Finding("error", "BAD", "root.steps[0]", "It is bad.")])
    )
    assert "It is bad." in marked
    assert "It is bad." not in plain


@pytest.mark.parametrize("ending", [".svg", ".png", ".pdf"])
def test_a_picture_is_written_by_its_ending(tmp_path: Path, ending: str) -> None:
    begins = {".svg": b"<svg", ".png": b"\x89PNG", ".pdf": b"%PDF"}
    written = run_picture(DEFINITION, [FIRST], [], "a run").save(tmp_path / f"x{ending}")
    assert written.read_bytes().startswith(begins[ending])


@pytest.mark.parametrize("name", ["x", "x.exe", "x.SVG", "", "nowhere/x.svg", "nowhere/x.png", "a\0.svg"])
def test_a_picture_that_cannot_be_written_says_why(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        definition_picture(DEFINITION).save(str(tmp_path / name) if name else name)
    assert caught.value.code == "INVALID_ARGUMENT"
    assert list(tmp_path.iterdir()) == []


def test_a_timeline_has_a_bar_for_every_attempt_and_wait() -> None:
    steps = [
        replace(FIRST, step_id="call"),
        replace(FIRST, step_id="call", started_us=T + 5_000, ended_us=None),
    ]
    picture = timeline_picture(steps, [replace(WAIT, resolved_us=T + 4_000)], "a timeline")
    assert picture.svg.startswith("<svg")
    assert "call" in picture.svg


def test_a_run_that_has_not_begun_has_a_timeline_too() -> None:
    assert timeline_picture([], [], "empty").svg.startswith("<svg")
