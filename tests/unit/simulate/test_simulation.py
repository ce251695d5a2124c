"""Simulations and coverage as people hold them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unit.machine.world import attempt, each, state, when
from unit.simulate.rehearsal import definition, reserve, stage
from wfnb.errors import NotFoundError, ValidationError

STEPS = definition(
    attempt("try", [reserve()], [state("caught", "<b>CAUGHT</b>")]),
    when("check", "vars.reserve.held > 0", [state("plenty", "PLENTY")]),
)
FAILS: dict[str, Any] = {"reserve": {"$error": {"message": "No <i>stock</i>."}}}


def html(shown: Any) -> str:
    return shown._repr_mimebundle_()["text/html"]


def test_a_published_workflow_is_simulated_by_its_id_and_version() -> None:
    ws = stage()
    ws.publish(STEPS)
    ws.publish(definition(state("only", "X")))
    assert (ws.simulate("order").version, len(ws.simulate("order").trace)) == (2, 1)
    assert (ws.simulate("order", version=1).version, len(ws.simulate("order", version=1).trace)) == (1, 3)
    with pytest.raises(NotFoundError) as caught:
        ws.simulate("order", version=3)
    assert caught.value.code == "NO_SUCH_VERSION"
    with pytest.raises(NotFoundError) as caught:
        ws.simulate("oder")
    assert "Did you mean “order”?" in str(caught.value)


def test_a_draft_is_simulated_as_a_dict_as_text_and_as_a_file(tmp_path: Path) -> None:
    ws, text = stage(), json.dumps({**STEPS, "version": 7})
    file = tmp_path / "order.json"
    file.write_text(text)
    made = ws.simulate(json.loads(text))
    assert made.version == 7
    assert ws.simulate(text) == ws.simulate(file) == ws.simulate(str(file)) == made


def test_a_draft_has_no_other_version() -> None:
    with pytest.raises(ValidationError) as caught:
        stage().simulate(STEPS, version=1)
    assert (caught.value.code, caught.value.where) == ("INVALID_ARGUMENT", "version")


def test_as_text_it_is_a_table() -> None:
    made = stage().simulate(STEPS, fixtures={"nothing": 1})
    lines = repr(made).splitlines()
    assert lines[0] == "<Simulation of order v1: completed, 3 steps>"
    assert lines[1].startswith("warning: The fixture “nothing” is for nothing.")
    assert lines[2].split()[:3] == ["step_id", "type", "outcome"]
    assert [line.split()[0] for line in lines[3:]] == ["try", "reserve", "check"]


def test_in_a_cell_it_is_a_picture_and_a_table_of_escaped_text() -> None:
    made = stage().simulate(STEPS, fixtures=FAILS)
    assert made.status == "failed"  # the condition reads what was never saved
    shown = html(made)
    assert "<img " in shown
    assert "No &lt;i&gt;stock&lt;/i&gt;." in shown
    assert "<i>stock" not in shown
    assert made.picture().alt == "simulation of order v1: failed"


def test_the_picture_shows_the_path_that_was_taken() -> None:
    ws = stage()
    good, bad = ws.simulate(STEPS).picture(), ws.simulate(STEPS, fixtures=FAILS).picture()
    assert good.svg != bad.svg


def test_as_json_it_has_the_names_of_the_file_formats() -> None:
    made = stage().simulate(STEPS, fixtures={"reserve": {"held": 2}}).to_json()
    assert json.loads(json.dumps(made)) == made
    assert made["trace"][1] == {
        "stepId": "reserve",
        "path": "root.steps[0].try.steps[0]",
        "instance": "root.steps[0].try.steps[0]",
        "type": "action.call",
        "outcome": "stubbed",
        "input": {"sku": "x"},
        "output": {"held": 2, "place": "A1", "token": None},
        "savedAs": "vars.reserve",
    }
    assert made["invocations"][0]["outputSource"] == "fixture"
    assert made["finalVars"] == {"reserve": {"held": 2, "place": "A1", "token": None}}


def test_the_rows_are_a_data_frame() -> None:
    made = stage().simulate(STEPS)
    assert list(made.trace.df["step_id"]) == ["try", "reserve", "check"]
    assert made.trace.df["input"][1] == {"sku": "x"}
    assert list(made.invocations.df["output_source"]) == ["schema"]


def test_a_long_trace_is_shown_in_part() -> None:
    loop = each("loop", "payload.items", [state("s", "X")])
    made = stage().simulate(
        definition(loop), {"items": [0] * 1_000}, limits={"steps": 2_000, "iterations": 1_000}
    )
    assert len(made.trace) == 1_001
    assert repr(made).endswith("… and 801 more in .trace")
    assert html(made).count("<tr>") == 201
    assert html(made).endswith("… and 801 more in .trace")


def test_the_entries_of_one_step() -> None:
    made = stage().simulate(definition(each("loop", "[1, 2]", [state("s", "X")])))
    assert [len(made.step(name)) for name in ("loop", "s", "gone")] == [1, 2, 0]


# --- coverage


def test_a_simulation_tells_what_was_never_taken() -> None:
    covered = stage().simulate(STEPS).coverage
    assert covered.missed_steps == ["caught", "plenty"]
    assert covered.missed_branches == ["try.catch", "check.then"]
    assert [(s.step_id, s.times) for s in covered.steps] == [
        ("try", 1), ("reserve", 1), ("caught", 0), ("check", 1), ("plenty", 0),
    ]  # fmt: skip
    assert covered.ratio == 4 / 8
    assert repr(covered) == "<Coverage of order: 50%, never taken: caught, plenty, try.catch, check.then>"
    assert not covered.complete


def test_a_loop_without_items_has_not_taken_its_body() -> None:
    steps = definition(each("loop", "payload.items", [state("s", "X")]))
    assert stage().simulate(steps, {"items": []}).coverage.missed_branches == ["loop.body"]
    assert stage().simulate(steps, {"items": [1]}).coverage.complete


def test_several_simulations_cover_more_together() -> None:
    plenty: dict[str, Any] = {"fixtures": {"reserve": {"held": 1}}}
    covered = stage().coverage(STEPS, [{}, plenty, {"fixtures": FAILS}])
    assert covered.complete
    assert (covered.ratio, covered.missed_steps, covered.missed_branches) == (1.0, [], [])
    assert [case.status for case in covered.cases] == ["completed", "completed", "failed"]
    assert [step.times for step in covered.steps] == [3, 3, 1, 3, 1]
    assert "<img " in html(covered)


def test_coverage_shows_what_is_missing_in_a_cell() -> None:
    shown = html(stage().coverage(STEPS, [{}]))
    assert "50% taken" in shown
    assert "caught" in shown
    assert "then" in shown


def test_no_cases_cover_nothing() -> None:
    covered = stage().coverage(STEPS, [])
    assert (covered.ratio, len(covered.missed_steps)) == (0.0, 5)


def test_a_workflow_without_steps_is_covered() -> None:
    assert stage().coverage(definition(), []).ratio == 1.0


@pytest.mark.parametrize("case", [5, None, "x", {"payloads": {}}, []])
def test_a_case_is_payload_and_fixtures(case: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        stage().coverage(STEPS, [case])
    assert caught.value.code == "INVALID_ARGUMENT"
