"""The debugger at its edges: runs that fail, retry, end early or are held; what it shows is JSON without secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from unit.machine.world import assign, attempt, call, each, when
from wfnb.errors import WfnbError

VIEW = {
    "position", "length", "live", "title", "status", "step", "next", "state", "changes", "marks", "run", "seq", "time",
    "granularity", "microstep", "inside", "frames", "frame", "stop", "breakpoints", "watches", "log",
}  # fmt: skip


class Anything(BaseModel):
    value: Any = None


class Service:
    """What the actions of these tests do, and how often they did it."""

    def __init__(self, ws: wfnb.Workspace) -> None:
        self.calls = 0
        self.failures = 0

        @ws.action(
            "work", side_effect=True, idempotency="engine", retry={"maxAttempts": 3, "backoffMs": 60_000}
        )
        def _work(data: Anything) -> Anything:
            self.calls += 1
            if self.calls <= self.failures:
                raise wfnb.TransientError("Busy.")
            return data

        @ws.action("refuse")
        def _refuse(data: Anything) -> Anything:
            raise wfnb.ActionError("No.", code="NO")


@pytest.fixture
def ws() -> Iterator[wfnb.Workspace]:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as workspace:
        yield workspace


@pytest.fixture
def service(ws: wfnb.Workspace) -> Service:
    return Service(ws)


def publish(ws: wfnb.Workspace, *steps: Any, id: str = "test") -> None:
    publication = ws.publish({"id": id, "name": id, "steps": list(steps)})
    assert publication.ok, publication.findings


def names(debugger: wfnb.Debugger) -> list[tuple[str, str] | None]:
    """Id and status of the step behind every position."""
    behind = []
    for position in range(1, debugger.length + 1):
        last = debugger.goto(position).last
        behind.append((last.id, last.status) if last else None)
    return behind


def test_a_failed_run_ends_behind_the_step_that_failed(ws: wfnb.Workspace, service: Service) -> None:
    publish(ws, assign("a", x="1"), call("no", "refuse"), assign("never", y="1"))
    debugger = ws.start("test").wait(60).debug()
    assert names(debugger) == [("a", "SUCCEEDED"), ("no", "FAILED")]
    assert debugger.finished
    view = debugger.view()
    assert (view["status"], view["step"]["error"], view["next"]) == ("FAILED", "No.", None)
    assert view["marks"] == [{"at": 2, "kind": "error"}]
    assert debugger.overlay()["status"] == {"root.steps[0]": "SUCCEEDED", "root.steps[1]": "FAILED"}


def test_every_attempt_is_a_position(ws: wfnb.Workspace, service: Service) -> None:
    service.failures = 2
    publish(ws, call("w", "work", save_as="out", inputs={"value": 1}))
    debugger = ws.start("test").wait(60).debug()
    assert names(debugger) == [("w", "RETRY_SCHEDULED"), ("w", "RETRY_SCHEDULED"), ("w", "SUCCEEDED")]
    assert [mark["kind"] for mark in debugger.view()["marks"]] == ["retry", "retry"]
    assert debugger.goto(1).view()["status"] == "WAITING"
    assert debugger.overlay()["counts"] == {"root.steps[0]": 1}


def test_a_handled_error_is_a_mark_and_the_run_goes_on(ws: wfnb.Workspace, service: Service) -> None:
    publish(ws, attempt("t", [call("no", "refuse")], [assign("c", why="error.message")]))
    debugger = ws.start("test").wait(60).debug()
    debugger.run_to("c")
    assert debugger.state["vars"] == {"why": "No."}
    assert [(change.path, change.new) for change in debugger.changes] == [(("vars", "why"), "No.")]


def test_a_cancelled_run_ends_with_the_position_of_its_end(ws: wfnb.Workspace, service: Service) -> None:
    publish(ws, assign("a", x="1"), assign("b", y="1"))
    held = ws.debug("test")
    held.step()
    held.run.cancel("not needed")
    debugger = held.run.debug().run_to_end()
    assert debugger.view()["status"] == "CANCELED"
    assert debugger.finished
    assert debugger.run.status == "CANCELED"


def test_a_debugger_whose_run_is_cancelled_moves_on_the_record_only(
    ws: wfnb.Workspace, service: Service
) -> None:
    publish(ws, call("w", "work"), call("x", "work"))
    held = ws.debug("test").step()
    held.run.cancel("not needed")
    assert not held.live
    held.step().step().run_to_end()
    assert service.calls == 1


def test_a_run_of_one_return_has_one_position(ws: wfnb.Workspace) -> None:
    publish(ws, {"id": "r", "type": "control.return"}, assign("never", x="1"))
    debugger = ws.start("test").wait(60).debug()
    assert names(debugger) == [("r", "SUCCEEDED")]


def test_a_loop_over_nothing_is_one_step(ws: wfnb.Workspace) -> None:
    publish(ws, each("l", "[]", [assign("i", x="1")]))
    debugger = ws.start("test").wait(60).debug()
    assert names(debugger) == [("l", "SUCCEEDED")]
    assert debugger.state["vars"] == {}


def test_before_the_first_step_nothing_has_happened(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"))
    view = ws.start("test", {"n": 1}).wait(60).debug().view()
    assert (view["position"], view["step"], view["changes"]) == (0, None, [])
    assert view["next"] == {
        "id": "a",
        "path": "root.steps[0]",
        "instance": "root.steps[0]",
        "type": "transform.assign",
    }
    assert view["state"]["payload"] == {"n": 1}


def test_moves_beyond_the_record_stay_on_it(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"))
    debugger = ws.start("test").wait(60).debug()
    assert debugger.back().position == 0
    assert debugger.goto(99).position == 1
    assert debugger.step().step().position == 1
    assert debugger.goto(-1).position == 0
    assert debugger.run_to_end().run_to_end().position == 1


def test_run_to_finds_the_next_execution_by_id_or_path(ws: wfnb.Workspace) -> None:
    publish(ws, each("l", "[1, 2, 3]", [assign("i", x="vars.item")]), assign("z", done="true"))
    debugger = ws.start("test").wait(60).debug()
    assert [debugger.run_to("i").state["vars"]["x"] for _ in range(3)] == [1, 2, 3]
    assert debugger.restart().run_to("root.steps[0].body.steps[0]").state["vars"]["x"] == 1


@pytest.mark.parametrize("step_id", ["a", "nope", "root.steps[7]"])
def test_run_to_a_step_that_is_not_ahead_stays_where_it_was(ws: wfnb.Workspace, step_id: str) -> None:
    publish(ws, assign("a", x="1"), assign("b", y="1"), assign("c", z="1"))
    debugger = ws.start("test").wait(60).debug().goto(2)
    with pytest.raises(WfnbError) as caught:
        debugger.run_to(step_id)
    assert caught.value.code == "NO_SUCH_STEP"
    assert debugger.position == 2


def test_a_held_run_that_fails_is_over(ws: wfnb.Workspace, service: Service) -> None:
    publish(ws, call("no", "refuse"), assign("never", x="1"))
    debugger = ws.debug("test").step()
    assert (debugger.run.status, debugger.live, debugger.finished) == ("FAILED", False, True)
    assert debugger.step().position == 1
    assert debugger.view()["step"]["error"] == "No."


def test_a_held_run_waits_for_its_retry_within_a_step(ws: wfnb.Workspace, service: Service) -> None:
    service.failures = 1
    publish(ws, call("w", "work", inputs={"value": 1}), assign("z", x="1"))
    debugger = ws.debug("test").step()
    assert (service.calls, debugger.last.status, debugger.view()["status"]) == (
        1,
        "RETRY_SCHEDULED",
        "WAITING",
    )
    debugger.step()
    assert (service.calls, debugger.last.status) == (2, "SUCCEEDED")
    assert debugger.view()["next"]["id"] == "z"


def test_going_back_undoes_nothing(ws: wfnb.Workspace, service: Service) -> None:
    publish(ws, call("w", "work"), assign("z", x="1"))
    debugger = ws.debug("test").step().back()
    assert (debugger.position, service.calls) == (0, 1)
    debugger.step()
    assert (debugger.position, service.calls) == (1, 1), "the step is on the record now"


def test_two_debuggers_on_one_run_share_what_is_done(ws: wfnb.Workspace, service: Service) -> None:
    publish(ws, call("a", "work"), call("b", "work"), assign("c", x="1"))
    first = ws.debug("test")
    second = first.run.debug()
    first.step()
    second.step()
    assert (second.position, service.calls) == (1, 1), "what the first one did is on the record"
    second.step()
    first.step()
    assert (first.position, second.position, service.calls) == (2, 2, 2)
    second.run_to_end()
    first.run_to_end()
    assert service.calls == 2
    assert names(first) == names(second) == [("a", "SUCCEEDED"), ("b", "SUCCEEDED"), ("c", "SUCCEEDED")]
    assert not first.live
    assert not second.live


def test_a_run_that_was_let_go_ends_by_itself(ws: wfnb.Workspace, service: Service) -> None:
    publish(ws, call("a", "work"), call("b", "work"))
    debugger = ws.debug("test").step().resume()
    assert not debugger.live
    assert debugger.run.wait(60).status == "SUCCEEDED"
    assert service.calls == 2
    assert not debugger.finished, "what was done meanwhile lies ahead"
    assert debugger.resume().run_to_end().length == 2


def test_a_held_run_goes_on_when_its_workspace_is_opened_again(tmp_path: Any) -> None:
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        publish(ws, assign("a", x="1"), assign("b", y="1"))
        run_id = ws.debug("test").step().run.id
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        assert ws.run(run_id).wait(60).envelope["vars"] == {"x": 1, "y": 1}


def test_a_view_is_json_of_one_shape(ws: wfnb.Workspace, service: Service) -> None:
    service.failures = 1
    publish(
        ws, assign("a", password="'hunter2'", n="1"), when("i", "true", [call("w", "work", inputs={"value": {"$expr": "vars.password"}})])
    )  # fmt: skip
    debugger = ws.start("test", {"apiKey": "hunter2", "at": [1]}).wait(60).debug()
    for position in range(debugger.length + 1):
        view = debugger.goto(position).view()
        assert json.loads(json.dumps(view, allow_nan=False)) == view
        assert set(view) == VIEW
        assert "hunter2" not in json.dumps(
            [view, debugger.overlay(), debugger.outline() if position > 9 else None]
        )
        for change in view["changes"]:
            assert set(change) <= {"op", "path", "old", "new"}
            assert change["op"] in ("set", "delete")
        if view["step"]:
            assert set(view["step"]) == {
                "id",
                "path",
                "instance",
                "type",
                "status",
                "attempt",
                "error",
                "durationMs",
            }
    assert debugger.goto(1).state["vars"] == {"password": "[REDACTED]", "n": 1}
