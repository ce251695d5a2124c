"""The debugger looks out: breakpoints, log points and watches on recorded and on held runs, and into called ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import wfnb
from unit.machine.world import assign, attempt, call, each, when
from unit.test_debugger import Service, publish
from wfnb.errors import ExpressionError, NotFoundError, ValidationError

LOOP = (
    assign("a", total="0"),
    each("l", "payload.prices", [assign("add", total="vars.total + vars.item")]),
    assign("z", done="true"),
)


@pytest.fixture
def ws() -> Iterator[wfnb.Workspace]:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as workspace:
        yield workspace


@pytest.fixture
def debugger(ws: wfnb.Workspace) -> wfnb.Debugger:
    publish(ws, *LOOP)
    return ws.start("test", {"prices": [5, 7, 9], "apiKey": "hunter2"}).wait(60).debug()


def test_it_stops_before_a_step_and_goes_back_to_it(debugger: wfnb.Debugger) -> None:
    debugger.break_at("add", condition="vars.item > 5")
    assert [debugger.continue_().state["vars"]["item"] for _ in range(2)] == [7, 9]
    assert debugger.view()["next"]["id"] == "add"
    assert debugger.view()["stop"] == {"why": "breakpoint", "breakpoint": 1}
    assert debugger.reverse_continue().state["vars"]["item"] == 7
    assert debugger.reverse_continue().position == 0
    debugger.breakpoints.clear()
    assert debugger.continue_().position == debugger.length


def test_breakpoints_are_a_table_that_can_be_changed(debugger: wfnb.Debugger) -> None:
    one = debugger.break_at("add", hits="every 2")
    debugger.break_at(path="vars.done", log="done at {vars.total}")
    assert (one.id, len(debugger.breakpoints), debugger.breakpoints[2].what) == (1, 2, "vars.done")
    assert (
        repr(debugger.breakpoints)
        == "1  step add  hits every 2\n2  path vars.done  log “done at {vars.total}”"
    )
    debugger.breakpoints.disable(one)
    assert debugger.continue_().position == debugger.length
    assert [line.text for line in debugger.log] == ["done at 21"]
    debugger.breakpoints.enable(1)
    debugger.breakpoints.remove(2)
    assert [stop["id"] for stop in debugger.breakpoints.to_json()] == [1]
    assert "every 2" in debugger.breakpoints._repr_html_()
    with pytest.raises(NotFoundError) as caught:
        debugger.breakpoints.remove(2)
    assert caught.value.code == "NO_SUCH_BREAKPOINT"


def test_what_cannot_be_a_breakpoint_is_refused(debugger: wfnb.Debugger) -> None:
    for given in ({}, {"step": "a", "action": "b"}, {"step": "a", "hits": "soon"}):
        with pytest.raises(ValidationError) as caught:
            debugger.break_at(**given)
        assert caught.value.code == "INVALID_BREAKPOINT"
    with pytest.raises(ExpressionError) as failed:
        debugger.break_at("a", condition="vars.")
    assert failed.value.field == "condition"
    assert len(debugger.breakpoints) == 0


def test_a_watch_is_shown_at_every_position_with_its_history(debugger: wfnb.Debugger) -> None:
    assert debugger.watch("vars.total").there is False
    debugger.watch("vars.item + 'x'")
    debugger.goto(4)
    values = debugger.view()["watches"]
    assert values[0] == {"expression": "vars.total", "value": 12}
    assert set(values[1]) == {"expression", "error"}
    assert repr(debugger.watches).startswith("vars.total = 12\nvars.item + 'x' = ⟨")
    history = debugger.watches.history("vars.total")
    assert [(row.position, row.value, row.step) for row in history] == [
        (0, None, None), (1, 0, "a"), (3, 5, "add"), (4, 12, "add"), (5, 21, "add")
    ]  # fmt: skip
    assert [row.value for row in debugger.watches.history("vars.total * 2", start=4, limit=1)] == [24]
    debugger.unwatch("vars.total")
    assert len(debugger.watches) == 1


@pytest.mark.parametrize(
    "expression", ["$string(payload)", "payload.apiKey & 'x'", "$", "[payload.apiKey]", "$$.payload"]
)
def test_no_expression_gets_a_secret_out(debugger: wfnb.Debugger, expression: str) -> None:
    assert "hunter2" not in json.dumps(debugger.eval(expression))
    debugger.watch(expression)
    debugger.break_at("add", condition="payload.apiKey = 'hunter2'")
    debugger.break_at("add", log=f"{{{expression}}}")
    assert debugger.continue_().position == debugger.length, "the condition reads what people see"
    assert "hunter2" not in json.dumps(debugger.view() | {"breakpoints": []}), (
        "they hold what the person wrote"
    )
    assert "hunter2" not in repr(debugger.watches.history(expression))


def test_an_expression_is_evaluated_at_the_cursor_and_writes_nothing(debugger: wfnb.Debugger) -> None:
    assert debugger.goto(4).eval("$sum(payload.prices) - vars.total") == 9
    with pytest.raises(ExpressionError) as caught:
        debugger.eval("vars.nothing")
    assert caught.value.code == "MISSING_VALUE"
    assert debugger.check("vars.total + 1") == {"ok": True, "expression": "vars.total + 1", "value": 13}
    fault = debugger.check("vars.total +")
    assert (fault["ok"], fault["line"]) == (False, 1)
    assert [option["text"] for option in debugger.complete("vars.to")["options"]] == ["total"]


def test_a_held_run_is_performed_on_the_way_to_a_breakpoint(ws: wfnb.Workspace) -> None:
    service = Service(ws)
    publish(
        ws, call("w", "work"), each("l", "[1, 2]", [call("x", "work")]), call("y", "work"), call("z", "work")
    )
    debugger = ws.debug("test")
    debugger.break_at("y")
    debugger.continue_()
    assert (service.calls, debugger.view()["next"]["id"], debugger.live) == (3, "y", True)
    debugger.step_over()
    assert service.calls == 4
    debugger.continue_()
    assert (service.calls, debugger.live, debugger.run.status) == (5, False, "SUCCEEDED")
    assert debugger.reverse_continue().last.id == "x"


def test_a_held_loop_is_stepped_over_and_out_of_at_once(ws: wfnb.Workspace) -> None:
    service = Service(ws)
    publish(ws, each("l", "[1, 2, 3]", [call("x", "work"), call("y", "work")]), call("z", "work"))
    debugger = ws.debug("test").step()
    debugger.step_out()
    assert (service.calls, debugger.view()["next"]["instance"]) == (2, "root.steps[0].body{1}.steps[0]")
    debugger.goto(0).step_over()
    assert (service.calls, debugger.view()["next"]["id"]) == (6, "z")


def test_it_steps_into_a_step_of_a_held_run(ws: wfnb.Workspace) -> None:
    Service(ws)
    publish(
        ws,
        call("w", "work", inputs={"value": {"$expr": "payload.n + 1"}}, save_as="vars.out"),
        assign("z", x="1"),
    )
    debugger = ws.debug("test", {"n": 1})
    debugger.step_into().step_into().step_into()
    view = debugger.view()
    assert (view["position"], view["microstep"]) == (0, 3)
    assert [one.get("event") or one["expression"] for one in view["inside"]] == [
        "RunStarted", "StepStarted", "payload.n + 1", "InvocationScheduled", "InvocationSucceeded", "StepSucceeded"
    ]  # fmt: skip
    assert view["inside"][2]["value"] == 2
    assert view["inside"][5]["writes"] == [{"path": ["vars", "out"], "value": {"value": 2}}]
    assert repr(debugger) == "<Debugger run-0001 at 0 of 1: before the first step, 3 into the next>"
    assert debugger.back_into().view()["microstep"] == 2


def children(ws: wfnb.Workspace) -> wfnb.Debugger:
    """A loop that calls a workflow twice."""
    publish(ws, assign("double", out="payload.n * 2"), assign("last", end="true"), id="child")
    started = {
        "id": "sub", "type": "control.callWorkflow", "workflowId": "child", "workflowVersion": 1,
        "inputMapping": {"n": {"$expr": "vars.item"}}, "outputMapping": {"vars.got": {"$expr": "vars.childRun.vars.out"}},
    }  # fmt: skip
    publish(ws, each("l", "[5, 6]", [started]), assign("z", x="1"))
    return ws.start("test").wait(60).debug()


def test_it_steps_into_a_called_run_and_out_again(ws: wfnb.Workspace) -> None:
    debugger = children(ws).goto(1)
    while debugger.run_id == "run-0001" and debugger.position == 1:
        debugger.step_into()
    child = debugger.run_id
    assert (child.partition(".")[0], debugger.position, debugger.eval("payload.n")) == ("run-0001", 0, 5)
    assert debugger.view()["title"] == f"{child} · child v1"
    frames = [
        (frame["kind"], frame.get("id") or frame.get("instance") or frame["run"]) for frame in debugger.frames
    ]
    assert frames == [
        ("step", "double"), ("run", child), ("step", "root.steps[0].body{0}.steps[0]"), ("item", "root.steps[0].body{0}"),
        ("run", "run-0001"),
    ]  # fmt: skip
    debugger.step()
    assert debugger.state["vars"] == {"out": 10}
    assert debugger.step_out().run_id == "run-0001"
    assert (debugger.position, debugger.state["vars"]["got"]) == (2, 10)
    assert debugger.step_over().state["vars"]["got"] == 12, "over the other call"


def test_back_from_the_beginning_of_a_called_run_is_where_it_was_called(ws: wfnb.Workspace) -> None:
    debugger = children(ws).goto(1)
    while debugger.run_id == "run-0001":
        before = debugger.session.at
        debugger.step_into()
    assert debugger.back().session.at == before
    debugger.step_into().run_to_end().step()
    assert (debugger.run_id, debugger.position) == ("run-0001", 2), (
        "behind the end of a called run is its call"
    )


def test_frames_of_a_called_run_lead_to_its_caller(ws: wfnb.Workspace) -> None:
    debugger = children(ws).goto(2)
    while debugger.run_id == "run-0001":
        debugger.step_into()
    frames = ws.run(debugger.run_id).debug().frames
    assert [frame["run"] for frame in frames if frame["kind"] == "run"] == [debugger.run_id, "run-0001"]
    assert [frame["item"] for frame in frames if frame["kind"] == "item"] == [1]


def test_pages_marks_and_lines_are_bounded_json(ws: wfnb.Workspace) -> None:
    service = Service(ws)
    service.failures = 1
    publish(
        ws, call("w", "work", inputs={"value": 1}), attempt("t", [call("no", "refuse")], []), when("i", "true", [assign("a", x="1")])
    )  # fmt: skip
    debugger = ws.start("test").wait(60).debug().run_to_end()
    page = debugger.steps_page(2, 2)
    assert [(row["position"], row["step"]["id"]) for row in page["rows"]] == [(2, "w"), (3, "t")]
    assert debugger.steps_page(99, 5)["rows"] == []
    assert debugger.marks(bins=2)["bins"] == [
        {"from": 1, "to": 3, "retry": 1, "error": 0, "wait": 0, "edit": 0},
        {"from": 4, "to": 6, "retry": 0, "error": 1, "wait": 0, "edit": 0},
    ]
    assert [line["seq"] for line in debugger.events_page()] == sorted(
        line["seq"] for line in debugger.events_page()
    )
    assert len(debugger.logs_page()) >= len(debugger.goto(1).logs_page())
    for told in (page, debugger.marks(), debugger.inside(), debugger.events_page(), debugger.logs_page()):
        json.dumps(told, allow_nan=False)


def test_a_run_whose_program_is_not_known_here_is_shown_as_recorded(tmp_path: Any) -> None:
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        Service(ws)
        publish(ws, call("w", "work", save_as="vars.out"), assign("z", x="1"))
        run_id = ws.start("test").wait(60).id
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        inside = ws.run(run_id).debug().inside(0)
        assert [one["event"] for one in inside] == ["Start", "Advance", "Completed"]
        assert all(one["recorded"] for one in inside)


def test_it_goes_by_events_when_asked_and_looks_at_other_frames(debugger: wfnb.Debugger) -> None:
    debugger.goto(2).by("event").step()
    view = debugger.view()
    assert (view["position"], view["microstep"], view["granularity"]) == (2, 1, "event")
    assert debugger.back().view()["microstep"] == 0
    assert debugger.by("step").step().position == 3
    assert debugger.select_frame(1).view()["frame"] == 1
    assert debugger.select_frame(99).view()["frame"] == len(debugger.frames) - 1
    assert debugger.step().view()["frame"] == 0
    with pytest.raises(ValidationError) as caught:
        debugger.by("leaps")
    assert caught.value.code == "INVALID_ARGUMENT"
