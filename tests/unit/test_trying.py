"""One step by itself: what it reads, asks, gets and writes, who takes its error; and pins, which say where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

import wfnb
from wfnb.errors import NotAllowedError, NotFoundError, ValidationError


class Order(BaseModel):
    sku: str


class Held(BaseModel):
    id: str
    count: int = 1


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


CALLS: list[str] = []


@pytest.fixture
def ws() -> Iterator[wfnb.Workspace]:
    CALLS.clear()
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as opened:
        register(opened)
        yield opened


def register(ws: wfnb.Workspace) -> None:
    @ws.action("reserve", side_effect=True, idempotency="engine")
    def reserve(data: Order) -> Held:
        CALLS.append(data.sku)
        if data.sku == "bad":
            raise wfnb.ActionError("There is no such thing.", code="NO_STOCK")
        return Held(id=f"R-{data.sku}")


def expr(text: str) -> dict[str, str]:
    return {"$expr": text}


def assign(name: str, **values: str) -> dict[str, Any]:
    written = {key.replace("__", "."): expr(value) for key, value in values.items()}
    return {"id": name, "type": "transform.assign", "config": {"assign": written}}


def call(sku: str = "payload.sku", **facts: Any) -> dict[str, Any]:
    config = {"actionId": "reserve", "version": 1, "inputMapping": {"sku": expr(sku)}, "saveAs": "vars.got"}
    return {"id": "get", "type": "action.call", "config": config, **facts}


def definition(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"id": "test", "name": "Test", "steps": list(steps)}


def test_every_stage_of_a_call_is_told(ws: wfnb.Workspace) -> None:
    tried = ws.test_step(
        definition(call(), assign("after", vars__x="1")),
        "get",
        envelope={"payload": {"sku": "a"}},
        results={"get": {"id": "R-9"}},
    )
    assert tried.ok
    assert tried.reads == {"payload.sku": "a"}
    assert [(one.field, one.expression, one.value) for one in tried.fields] == [
        ("inputMapping.sku", "payload.sku", "a")
    ]
    assert tried.call is not None
    assert (tried.call.kind, tried.call.name, tried.call.input) == ("action", "reserve@1", {"sku": "a"})
    assert tried.result is not None
    assert (tried.result.source, tried.result.output) == ("given", {"id": "R-9", "count": 1})
    assert [(one.place, one.new) for one in tried.writes] == [("vars.got", {"id": "R-9", "count": 1})]
    assert tried.envelope["vars"] == {"got": {"id": "R-9", "count": 1}}
    assert (tried.next, tried.begins, tried.outcome) == ("after", "given", "done")
    assert CALLS == []


def test_without_a_result_there_is_a_sample_and_it_says_so(ws: wfnb.Workspace) -> None:
    tried = ws.test_step(definition(call()), "get", envelope={"payload": {"sku": "a"}})
    assert tried.result is not None
    assert tried.result.source == "schema"
    assert set(tried.result.output) == {"id", "count"}
    assert CALLS == []


def test_a_field_that_fails_is_named_and_the_error_has_a_taker(ws: wfnb.Workspace) -> None:
    guard = {
        "id": "guard",
        "type": "control.tryCatch",
        "try": [call("payload.nothing")],
        "catch": [assign("sorry", vars__s="1")],
    }
    tried = ws.test_step(definition(guard), "get", envelope={"payload": {}})
    assert tried.outcome == "failed"
    assert tried.fields[0].error is not None
    assert tried.call is None
    assert tried.handled_by == "root.steps[0].try"
    assert tried.next == "sorry"
    alone = ws.test_step(definition(call("payload.nothing")), "get", envelope={"payload": {}})
    assert (alone.handled_by, alone.next) == (None, None)
    assert "nobody: the run fails" in repr(alone)


def test_an_input_that_does_not_fit_is_refused_as_in_a_run(ws: wfnb.Workspace) -> None:
    tried = ws.test_step(definition(call("5")), "get", envelope={"payload": {}})
    assert tried.call is not None
    assert tried.call.problem is not None
    assert tried.result is not None
    assert tried.result.source == "refused"
    assert tried.error is not None


def test_a_retry_is_told_with_who_comes_after_it(ws: wfnb.Workspace) -> None:
    retry = {"maxAttempts": 3, "backoffMs": 10, "retryOn": ["ActionError"]}
    step = call(retry=retry, onError={"policy": "continue"})
    failing = {"get": {"$error": {"message": "Broken.", "category": "ActionError"}}}
    tried = ws.test_step(definition(step), "get", envelope={"payload": {"sku": "a"}}, results=failing)
    assert (tried.handled_by, tried.after_retries, tried.next) == ("retry", "onError", None)
    last = ws.test_step(
        definition(call(retry=retry)), "get", envelope={"payload": {"sku": "a"}}, results=failing
    )
    assert last.after_retries == "nobody"


def test_control_steps_tell_their_branch(ws: wfnb.Workspace) -> None:
    split = {
        "id": "big",
        "type": "control.if",
        "condition": expr("payload.n > 10"),
        "then": [assign("much", vars__a="1")],
        "else": [],
    }
    tried = ws.test_step(definition(split), "big", envelope={"payload": {"n": 11}})
    assert (tried.branch, tried.next) == ("then", "much")
    assert [(one.field, one.value) for one in tried.fields] == [("condition", True)]


def test_a_step_in_a_loop_begins_with_an_item(ws: wfnb.Workspace) -> None:
    body = [assign("note", vars__last="$item.name & $index & vars.line.name")]
    loop = {
        "id": "each",
        "type": "control.forEach",
        "items": expr("payload.lines"),
        "itemVar": "line",
        "body": body,
    }
    envelope = {"payload": {"lines": [{"name": "a"}, {"name": "b"}]}}
    assert ws.test_step(definition(loop), "note", envelope=envelope).envelope["vars"]["last"] == "a0a"
    tried = ws.test_step(definition(loop), "note", envelope={"payload": {}}, item={"name": "z"})
    assert [one.new for one in tried.writes if one.place == "vars.last"] == ["z0z"]
    warned = ws.test_step(definition(loop), "note", envelope={"payload": {}})
    assert "its item is null" in warned.warnings[0]


def test_a_wait_stays_open_until_a_result_answers_it(ws: wfnb.Workspace) -> None:
    wait = {
        "id": "ask", "type": "event.wait",
        "config": {"eventName": "PAID", "correlationKey": expr("payload.id"), "assign": {"vars.paid": expr("vars.event.sum")}},
    }  # fmt: skip
    waiting = ws.test_step(definition(wait), "ask", envelope={"payload": {"id": "k"}})
    assert (waiting.outcome, waiting.result, waiting.next) == ("waits", None, None)
    assert waiting.call is not None
    assert waiting.call.input == {"event": "PAID", "key": "k"}
    answered = ws.test_step(
        definition(wait), "ask", envelope={"payload": {"id": "k"}}, results={"PAID": {"sum": 9}}
    )
    assert answered.envelope["vars"]["paid"] == 9
    assert answered.result is not None
    assert answered.result.source == "given"


def test_a_call_of_a_workflow_is_answered_too(ws: wfnb.Workspace) -> None:
    assert ws.publish({"id": "child", "name": "C", "steps": [assign("a", vars__out="1")]}).ok
    step = {
        "id": "sub", "type": "control.callWorkflow", "workflowId": "child", "workflowVersion": 1,
        "inputMapping": {"n": expr("payload.n")}, "outputMapping": {"vars.r": expr("vars.childRun.vars.out")},
    }  # fmt: skip
    tried = ws.test_step(
        definition(step),
        "sub",
        envelope={"payload": {"n": 2}},
        results={"workflow:child": {"vars": {"out": 7}}},
    )
    assert tried.call is not None
    assert (tried.call.kind, tried.call.name, tried.call.input) == ("workflow", "child@1", {"n": 2})
    assert tried.envelope["vars"]["r"] == 7


def test_a_recorded_step_is_done_again_with_what_it_got(ws: wfnb.Workspace) -> None:
    assert ws.publish(definition(assign("pre", vars__k="'v'"), call(), assign("post", vars__z="2"))).ok
    run = ws.start("test", {"sku": "a"}).wait(20)
    tried = ws.test_step("test", "get", run=run)
    assert tried.result is not None
    assert (tried.result.source, tried.result.origin, tried.result.output) == (
        "recorded",
        f"run {run.id}",
        {"id": "R-a", "count": 1},
    )
    assert tried.envelope == {
        root: run.at(run.steps()[1].seq).envelope[root] for root in ("payload", "vars", "meta")
    }
    assert tried.begins.startswith(f"run {run.id} at ")
    assert CALLS == ["a"]


def test_a_recorded_step_can_be_tried_with_a_mended_definition(ws: wfnb.Workspace) -> None:
    assert ws.publish(definition(call())).ok
    run = ws.start("test", {"sku": "bad"}).wait(20)
    broken = ws.test_step("test", "get", run=run)
    assert broken.error is not None
    assert broken.error["code"] == "NO_STOCK"
    mended = definition(assign("new", vars__n="0"), call(onError={"policy": "continue"}))
    tried = ws.test_step(mended, "get", run=run.id)
    assert (tried.handled_by, tried.path) == ("onError", "root.steps[1]")


@pytest.mark.parametrize("width", [1, 2])
def test_a_recorded_item_of_a_loop_is_found_by_its_macrostep(ws: wfnb.Workspace, width: int) -> None:
    loop = {
        "id": "each", "type": "control.forEach", "items": expr("payload.skus"), "itemVar": "sku", "concurrency": width,
        "body": [call("vars.sku & $index")],
    }  # fmt: skip
    assert ws.publish(definition(loop)).ok
    run = ws.start("test", {"skus": ["a", "b", "c"]}).wait(20)
    second = [step for step in run.steps() if step.id == "get"][1]
    tried = ws.test_step("test", "get", run=run, at=second.seq)
    assert tried.call is not None
    assert tried.call.input == {"sku": "b1"}
    assert ws.test_step("test", "get", run=run).call.input == {"sku": "c2"}  # type: ignore[union-attr]  # it asks


def test_what_cannot_be_tried_is_refused(ws: wfnb.Workspace) -> None:
    assert ws.publish(definition(call(), assign("post", vars__z="2"))).ok
    run = ws.start("test", {"sku": "bad"}).wait(20)
    with pytest.raises(NotFoundError, match="no step gte"):
        ws.test_step("test", "gte")
    with pytest.raises(NotFoundError, match="did not come to post"):
        ws.test_step("test", "post", run=run)
    with pytest.raises(ValidationError, match="recorded state or with a given one"):
        ws.test_step("test", "get", run=run, envelope={"payload": {}})
    with pytest.raises(ValidationError, match="An envelope has"):
        ws.test_step("test", "get", envelope={"oops": 1})


def test_secrets_are_masked_in_every_stage(ws: wfnb.Workspace) -> None:
    tried = ws.test_step(
        definition(call("payload.password & 'x'")), "get", envelope={"payload": {"password": "hunter2hunter2"}},
        results={"get": {"id": "hunter2hunter2", "token": "swordfish1"}},
    )  # fmt: skip
    shown = (
        repr(tried)
        + str(tried._repr_mimebundle_())
        + str(tried.envelope)
        + str(list(tried.fields))
        + str(tried.call)
    )
    assert "hunter2" not in shown
    assert "swordfish" not in shown


def test_it_shows_itself(ws: wfnb.Workspace) -> None:
    tried = ws.test_step(
        definition(call()), "get", envelope={"payload": {"sku": "<b>"}}, results={"get": {"id": "R"}}
    )
    assert repr(tried) == (
        "get (action.call) of test v1: done\n"
        "  begins with given\n"
        '  reads       payload.sku = "<b>"\n'
        '  fields      inputMapping.sku: payload.sku  →  "<b>"\n'
        '  asks        action reserve@1 with {"sku": "<b>"}\n'
        '  gets        {"id": "R", "count": 1} (given)\n'
        '  writes      vars.got: (nothing) → {"id": "R", "count": 1}'
    )
    assert "<b>" not in tried._repr_mimebundle_()["text/html"].replace("<b>get", "")


def test_pins_say_where_they_come_from_and_are_replaced_together(ws: wfnb.Workspace) -> None:
    assert ws.publish(definition(call(), assign("post", vars__z="2"))).ok
    run = ws.start("test", {"sku": "a"}).wait(20)
    pins = ws.pins("test").take_from(run)
    assert [(pin.step, pin.source, pin.there) for pin in pins.rows] == [("get", f"run {run.id}", True)]
    tried = ws.test_step("test", "get", envelope={"payload": {"sku": "b"}})
    assert tried.result is not None
    assert (tried.result.source, tried.result.origin, tried.result.output["id"]) == (
        "pinned",
        f"run {run.id}",
        "R-a",
    )
    pins.set({"other": {"x": 1}})
    assert [(pin.step, pin.source, pin.there) for pin in ws.pins("test").rows] == [
        ("other", "by hand", False)
    ]
    assert ws.test_step("test", "get", envelope={"payload": {"sku": "b"}}).result.source == "schema"  # type: ignore[union-attr]  # it asks
    assert len(pins.clear()) == 0


def test_a_set_with_a_fault_changes_nothing(ws: wfnb.Workspace) -> None:
    assert ws.publish(definition(call())).ok
    pins = ws.pins("test").set({"get": {"id": "1"}})
    with pytest.raises(ValidationError):
        pins.set({"a": 1, "get": {"$error": "oops"}})
    assert [pin.step for pin in pins.rows] == ["get"]


def test_the_run_that_was_named_goes_before_older_pins(ws: wfnb.Workspace) -> None:
    assert ws.publish(definition(call())).ok
    ws.pins("test").set({"get": {"id": "old"}})
    run = ws.start("test", {"sku": "a"}).wait(20)
    assert ws.test_step("test", "get", run=run).result.source == "recorded"  # type: ignore[union-attr]  # it asks


def test_a_simulation_takes_pins_when_it_is_asked_to_and_says_so(ws: wfnb.Workspace) -> None:
    assert ws.publish(definition(call(), assign("post", vars__z="vars.got.id"))).ok
    ws.pins("test").set({"get": {"id": "pinned"}}, source="the fixture of March")
    assert ws.simulate("test", {"sku": "a"}).vars["z"] != "pinned"
    told = ws.simulate("test", {"sku": "a"}, pins=True)
    assert told.vars["z"] == "pinned"
    assert told.warnings == ("“get” is pinned (the fixture of March).",)
    given = ws.simulate("test", {"sku": "a"}, fixtures={"get": {"id": "given"}}, pins=True)
    assert (given.vars["z"], given.warnings) == ("given", ())


def test_pins_of_loops_and_failures_come_one_after_the_other(ws: wfnb.Workspace) -> None:
    loop = {
        "id": "each", "type": "control.forEach", "items": expr("payload.skus"), "itemVar": "sku", "onItemError": "continue",
        "body": [call("vars.sku")],
    }  # fmt: skip
    assert ws.publish(definition(loop)).ok
    run = ws.start("test", {"skus": ["a", "bad"]}).wait(20)
    (pin,) = ws.pins("test").take_from(run).rows
    assert pin.result["$each"][0] == {"id": "R-a", "count": 1}
    assert pin.result["$each"][1]["$error"]["code"] == "NO_STOCK"
    assert ws.simulate("test", {"skus": ["a", "bad"]}, pins=True).status == "completed"


def test_pins_are_kept_in_the_folder_and_by_tenant(tmp_path: Path) -> None:
    with wfnb.open(tmp_path, clock="2026-01-01") as ws:
        register(ws)
        assert ws.publish(definition(call())).ok
        ws.pins("test").set({"get": {"id": "kept"}})
    with wfnb.open(tmp_path, clock="2026-01-01") as ws:
        assert [pin.step for pin in ws.pins("test").rows] == ["get"]
    with wfnb.open(tmp_path, clock="2026-01-01", tenant="other") as ws:
        assert len(ws.pins("test")) == 0


def test_who_may_only_look_sees_no_results(tmp_path: Path) -> None:
    with wfnb.open(tmp_path, clock="2026-01-01") as ws:
        register(ws)
        assert ws.publish(definition(call())).ok
    with wfnb.open(tmp_path, clock="2026-01-01", role="viewer") as ws:
        register(ws)
        for attempt in (
            lambda: ws.pins("test"),
            lambda: ws.test_step("test", "get"),
            lambda: ws.simulate("test", pins=True),
        ):
            with pytest.raises(NotAllowedError):
                attempt()
