"""Waits in a simulation: answered by a fixture, run out by one, or where it stops."""

from __future__ import annotations

from typing import Any

import pytest

from unit.machine.world import assign, attempt, each, state
from unit.simulate.rehearsal import definition, outcomes, stage
from wfnb.errors import ValidationError
from wfnb.simulation import Simulation

FORM = {"type": "object", "required": ["approved"], "properties": {"approved": {"type": "boolean"}}}
TIMES_OUT = {"$error": {"category": "TimeoutError"}}


def event(step_id: str = "paid", **config: Any) -> dict[str, Any]:
    return {
        "id": step_id,
        "type": "event.wait",
        "config": {
            "eventName": "ORDER_PAID",
            "correlationKey": {"$expr": "payload.id"},
            "assign": {"vars.amount": {"$expr": "vars.event.amount"}},
            **config,
        },
    }


def task(**config: Any) -> dict[str, Any]:
    asked = {"taskType": "approve", "title": "Refund?", "form": FORM, **config}
    return {"id": "ask", "type": "human.task", "config": asked}


def pause(**config: Any) -> dict[str, Any]:
    return {
        "id": "pause",
        "type": "time.wait",
        "config": config or {"mode": "duration", "durationMs": 3_600_000},
    }


def run(*steps: dict[str, Any], **fixtures: Any) -> Simulation:
    return stage().simulate(definition(*steps, state("after", "AFTER")), {"id": 7}, fixtures=fixtures)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (event(), "It waits for the event ORDER_PAID. Give a fixture “ORDER_PAID” or “paid”."),
        (task(), "It waits for somebody to complete the task approve. Give a fixture “approve” or “ask”."),
        (pause(), "It pauses. Give a fixture “pause”."),
    ],
)
def test_a_wait_that_nothing_answers_pauses_the_simulation(step: dict[str, Any], message: str) -> None:
    made = run(step)
    assert (made.status, made.errors) == ("paused", ())
    assert outcomes(made) == [(step["id"], "would-wait")]
    assert made.trace[0].message == message
    assert made.coverage.missed_steps == ["after"]


def test_what_would_be_waited_for_stands_in_the_trace() -> None:
    waits = run(event(timeoutMs=1_000, filters=[{"path": "amount", "op": ">", "value": 5}])).trace[0].input
    assert waits == {
        "eventName": "ORDER_PAID",
        "key": "7",
        "filters": [{"path": "amount", "op": ">", "value": 5}],
        "dueAt": waits["dueAt"],
    }
    assert waits["dueAt"].startswith("2026-01-01T00:00:01")
    assert run(task()).trace[0].input["title"] == "Refund?"


@pytest.mark.parametrize("key", ["paid", "ORDER_PAID"])
def test_an_event_comes_from_the_fixture_of_its_step_or_name(key: str) -> None:
    made = run(event(), **{key: {"amount": 12}})
    assert made.status == "completed"
    assert outcomes(made) == [("paid", "stubbed"), ("after", "executed")]
    assert made.trace[0].output == {"amount": 12}
    assert made.vars == {"event": {"amount": 12}, "eventName": "ORDER_PAID", "amount": 12}
    assert made.warnings == ()


def test_an_event_without_a_payload_is_empty() -> None:
    assert run(event(assign={}), paid=None).vars["event"] == {}


def test_a_wait_that_a_run_could_hardly_answer_is_told() -> None:
    made = run(event(correlationKey={"$expr": "coalesce(payload.absent, null)"}), paid={"amount": 1})
    assert made.status == "completed"
    assert made.warnings == (
        "The wait “paid” has an empty key: in a run only an event without a key answers it.",
    )


@pytest.mark.parametrize("key", ["ask", "approve"])
def test_a_task_is_completed_by_the_fixture_of_its_step_or_type(key: str) -> None:
    made = run(task(assign={"vars.ok": {"$expr": "vars.event.approved"}}), **{key: {"approved": True}})
    assert (made.status, made.vars["ok"]) == ("completed", True)


@pytest.mark.parametrize("given", [None, True, {}, {"anything": 1}])
def test_any_fixture_ends_a_pause_and_time_has_passed(given: Any) -> None:
    now = assign("now", now="nowIso()")
    made = run(pause(), now, pause=given)
    assert made.status == "completed"
    assert made.vars["now"].startswith("2026-01-01T01:00:00")
    assert made.trace[0].output["mode"] == "duration"


def test_a_wait_runs_out_by_a_fixture() -> None:
    caught = attempt("try", [event(timeoutMs=60_000)], [assign("caught", at="nowIso()", name="error.name")])
    made = run(caught, paid=TIMES_OUT)
    assert made.status == "completed"
    assert (made.step("paid")[0].outcome, made.step("paid")[0].handled_by) == ("error", "tryCatch")
    assert made.vars["name"] == "TimeoutError"
    assert made.vars["at"].startswith("2026-01-01T00:01:00")


def test_a_wait_without_a_timeout_does_not_run_out() -> None:
    made = run(event(), paid=TIMES_OUT)
    assert (made.status, made.trace[0].message) == ("paused", "It has no timeout, so it does not run out.")


def test_an_event_that_does_not_pass_the_filters_leaves_the_wait_open() -> None:
    step = event(filters=[{"path": "amount", "op": ">", "value": 5}])
    assert run(step, paid={"amount": 6}).status == "completed"
    made = run(step, paid={"amount": 5})
    assert made.status == "paused"
    assert "does not pass the filters" in str(made.trace[0].message)


def test_data_that_do_not_fit_the_form_leave_the_task_open() -> None:
    made = run(task(), approve={"approved": "yes"})
    assert made.status == "paused"
    assert "does not fit the form" in str(made.trace[0].message)


@pytest.mark.parametrize(
    ("step", "fixture"),
    [
        (event(), {"$error": {"category": "ActionError"}}),
        (pause(), TIMES_OUT),
        (event(), "paid"),
        (event(), [1]),
    ],
)
def test_what_no_wait_can_be_told_is_refused(step: dict[str, Any], fixture: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        run(attempt("try", [step], []), **{step["id"]: fixture})
    assert (caught.value.code, caught.value.where) == ("INVALID_FIXTURE", f"fixtures.{step['id']}")


def test_a_wait_in_a_loop_gets_one_answer_for_each_item() -> None:
    loop = each("loop", "[1, 2]", [event()])
    made = run(loop, ORDER_PAID={"$each": [{"amount": 1}, {"amount": 2}]})
    assert [entry.output for entry in made.step("paid")] == [{"amount": 1}, {"amount": 2}]
    assert made.vars["amount"] == 2


def test_a_failing_assignment_behind_a_wait_is_an_error_of_its_step() -> None:
    made = run(event(), paid={})
    assert (made.status, outcomes(made)) == ("failed", [("paid", "error")])


def test_where_a_simulation_paused_is_seen_in_its_picture() -> None:
    paused, ended = run(event()), run(event(), paid={"amount": 1})
    assert "WAITING" in paused.picture().svg.upper()
    assert "WAITING" not in ended.picture().svg.upper()


def test_waiting_twice_gives_the_same() -> None:
    steps = (event(), pause(), task())
    fixtures = {"paid": {"amount": 1}, "pause": True}
    assert run(*steps, **fixtures) == run(*steps, **fixtures)
    assert run(*steps, **fixtures).status == "paused"
