"""The public names, used as people use them, over both stores."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb


class Number(BaseModel):
    n: int


class Text(BaseModel):
    text: str


@pytest.fixture(params=["sqlite", "memory"])
def ws(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    store = "memory" if request.param == "memory" else None
    with wfnb.open(tmp_path, store=store, clock="2026-01-01", seed=1) as workspace:
        yield workspace


def assign(step_id: str, **values: str) -> dict[str, Any]:
    targets = {f"vars.{name}": {"$expr": text} for name, text in values.items()}
    return {"id": step_id, "type": "transform.assign", "config": {"assign": targets}}


def call(step_id: str, action: str, **config: Any) -> dict[str, Any]:
    return {"id": step_id, "type": "action.call", "config": {"actionId": action, "version": 1, **config}}


def each(step_id: str, item: str, *body: dict[str, Any]) -> dict[str, Any]:
    items = {"$expr": "payload.n"}
    return {"id": step_id, "type": "control.forEach", "items": items, "itemVar": item, "body": list(body)}


def publish(ws: wfnb.Workspace, *steps: dict[str, Any], id: str = "test", **extra: Any) -> wfnb.Publication:
    publication = ws.publish({"id": id, "name": id.title(), "steps": list(steps), **extra})
    assert publication.ok, publication.findings
    return publication


def double(ws: wfnb.Workspace) -> list[int]:
    calls: list[int] = []

    @ws.action("double", side_effect=True, idempotency="engine")
    def _double(data: Number) -> Number:
        calls.append(data.n)
        return Number(n=data.n * 2)

    return calls


@pytest.mark.behaviour(69, 70, 79, 210)
def test_a_workflow_runs_to_its_end(ws: wfnb.Workspace) -> None:
    calls = double(ws)
    publish(
        ws,
        call("d", "double", inputMapping={"n": {"$expr": "payload.n"}}, saveAs="vars.out"),
        assign("a", m="vars.out.n + 1"),
    )
    run = ws.start("test", {"n": 20}).wait(60)
    assert (run.status, run.id) == ("SUCCEEDED", "run-0001")
    assert run.envelope["vars"] == {"out": {"n": 40}, "m": 41}
    assert calls == [20]
    assert [(s.id, s.status, s.attempt) for s in run.steps()] == [
        ("d", "SUCCEEDED", 1),
        ("a", "SUCCEEDED", 1),
    ]
    (invocation,) = run.invocations()
    assert (invocation.action, invocation.status, invocation.output) == ("double", "SUCCEEDED", {"n": 40})
    assert [e.kind for e in run.events()] == ["run.started", "run.succeeded"]


def test_done_can_be_awaited(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"))

    async def go() -> str:
        return (await ws.start("test").done()).status

    assert asyncio.run(go()) == "SUCCEEDED"


@pytest.mark.behaviour(73)
def test_times_and_ids_are_the_same_in_every_execution(tmp_path: Path) -> None:
    def once(folder: Path) -> list[Any]:
        with wfnb.open(folder, clock="2026-01-01", seed=5) as ws:
            double(ws)
            publish(ws, call("d", "double", inputMapping={"n": 1}), assign("a", t="nowIso()"))
            runs = [ws.start("test") for _ in range(5)]
            return [[r.wait().id, r.envelope, [vars(s) for s in r.steps()]] for r in runs]

    assert once(tmp_path / "a") == once(tmp_path / "b")


@pytest.mark.behaviour(71)
def test_a_failed_run_says_where_and_why(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="payload.customer.name"))
    run = ws.start("test", {}).wait(60)
    assert run.status == "FAILED"
    assert run.error is not None
    assert run.error["category"] == "ExpressionError"
    assert run.error["nodePath"] == "root.steps[0]"
    assert "payload.customer.name" in run.error["expression"]


def test_an_exception_in_an_action_is_an_action_error(ws: wfnb.Workspace) -> None:
    @ws.action("bad")
    def _bad(data: Number) -> Number:
        return Number(n=1 // data.n)

    publish(ws, call("b", "bad", inputMapping={"n": 0}))
    run = ws.start("test").wait(60)
    assert run.error is not None
    assert (run.error["category"], run.error["code"]) == ("ActionError", "ACTION_FAILED")
    assert "ZeroDivisionError" in run.error["message"]


@pytest.mark.behaviour(77)
@pytest.mark.parametrize(("given", "field"), [({"n": "many"}, "n"), ({}, "n")])
def test_an_input_that_does_not_fit_is_refused_before_the_action(
    ws: wfnb.Workspace, given: Any, field: str
) -> None:
    @ws.action("typed")
    def _typed(data: Number) -> Number:
        raise AssertionError("must not be called")

    mapping = {key: {"$expr": f"'{value}'"} for key, value in given.items()} or {
        "n": {"$expr": "payload.absent"}
    }
    publish(ws, call("t", "typed", inputMapping=mapping))
    run = ws.start("test").wait(60)
    assert run.status == "FAILED"
    assert run.error is not None
    assert run.error["category"] in ("ValidationError", "ExpressionError")
    assert field in run.error["message"] + str(run.error.get("field"))


@pytest.mark.behaviour(78)
def test_an_output_that_breaks_its_promise_is_an_error(ws: wfnb.Workspace) -> None:
    @ws.action("liar")
    def _liar(data: Number) -> Text:
        return {"text": data.n}  # type: ignore[return-value]  # the test is about this lie

    publish(ws, call("t", "liar", inputMapping={"n": 1}))
    error = ws.start("test").wait(60).error
    assert error is not None
    assert error["category"] == "ValidationError"


@pytest.mark.behaviour(85, 153, 162, 164, 214)
@pytest.mark.defect("D-17")
def test_transient_failures_are_retried_in_simulated_time(ws: wfnb.Workspace) -> None:
    tries: list[int] = []

    @ws.action("flaky", retry={"maxAttempts": 3, "backoffMs": 3_600_000, "jitter": False})
    def _flaky(data: Number, ctx: wfnb.ActionContext) -> Number:
        tries.append(ctx.attempt)
        if len(tries) < 3:
            raise wfnb.TransientError("Busy.")
        return data

    publish(ws, call("f", "flaky", inputMapping={"n": 1}))
    run = ws.start("test").wait(60)
    assert run.status == "SUCCEEDED"
    assert [(s.status, s.attempt) for s in run.steps()] == [
        ("RETRY_SCHEDULED", 1),
        ("RETRY_SCHEDULED", 2),
        ("SUCCEEDED", 3),
    ]
    assert [w.status for w in run.waits()] == ["RESOLVED", "RESOLVED"]
    assert len(tries) == 3


def test_a_key_starts_one_run(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"))
    first = ws.start("test", key="order-1")
    assert ws.start("test", key="order-1").id == first.id
    assert ws.runs().total == 1


@pytest.mark.behaviour(154, 155, 215)
def test_the_same_explicit_key_calls_an_action_once_over_runs(ws: wfnb.Workspace) -> None:
    calls = double(ws)
    step = call("d", "double", inputMapping={"n": 3}, saveAs="out", idempotencyKey={"$expr": "payload.k"})
    publish(ws, step)
    first, second = ws.start("test", {"k": "a"}).wait(60), ws.start("test", {"k": "a"}).wait(60)
    assert calls == [3]
    assert first.envelope["vars"] == second.envelope["vars"] == {"out": {"n": 6}}
    assert [i.shared for i in second.invocations()] == [True]


@pytest.mark.behaviour(113, 114)
def test_a_child_workflow_gets_and_gives(ws: wfnb.Workspace) -> None:
    publish(ws, assign("c", twice="payload.n * 2"), id="child")
    step = {
        "id": "sub", "type": "control.callWorkflow", "workflowId": "child", "workflowVersion": 1,
        "inputMapping": {"n": {"$expr": "payload.n"}}, "outputMapping": {"vars.r": {"$expr": "vars.childRun.vars.twice"}},
    }  # fmt: skip
    publish(ws, step, id="parent")
    run = ws.start("parent", {"n": 21}).wait(60)
    assert run.error is None
    assert run.envelope["vars"] == {"r": 42}
    assert ws.runs(workflow="child")[0].status == "SUCCEEDED"


def test_workflows_that_call_themselves_stop_at_a_depth(ws: wfnb.Workspace) -> None:
    step = {"id": "sub", "type": "control.callWorkflow", "workflowId": "loop", "workflowVersion": 1}
    publish(ws, step, id="loop")
    run = ws.start("loop").wait(30)
    assert run.status == "FAILED"
    assert ws.runs(workflow="loop", limit=100).total == 17


@pytest.mark.behaviour(82, 144)
def test_cancel_ends_a_run_that_waits(tmp_path: Path) -> None:
    with wfnb.open(tmp_path) as ws:

        @ws.action("busy", retry={"maxAttempts": 5, "backoffMs": 3_600_000})
        def _busy(data: Number) -> Number:
            raise wfnb.TransientError("Busy.")

        publish(ws, call("b", "busy", inputMapping={"n": 1}))
        run = ws.start("test")
        with pytest.raises(TimeoutError):
            run.wait(0.3)
        assert run.status == "WAITING"
        run.cancel("not needed any more")
        assert run.wait(60).status == "CANCELED"
        assert [w.status for w in run.waits()] == ["CANCELED"]
        assert run.events()[-1].data["reason"] == "not needed any more"


@pytest.mark.behaviour(216)
@pytest.mark.defect("D-9")
def test_cancel_ends_a_run_whose_action_is_under_way(tmp_path: Path) -> None:
    entered, leave = threading.Event(), threading.Event()
    with wfnb.open(tmp_path) as ws:

        @ws.action("slow")
        def _slow(data: Number) -> Number:
            entered.set()
            leave.wait(60)
            return data

        publish(ws, call("s", "slow", inputMapping={"n": 1}), assign("never", x="1"))
        run = ws.start("test")
        assert entered.wait(60)
        run.cancel("stop it")
        leave.set()
        assert run.wait(60).status == "CANCELED"
        assert [s.status for s in run.steps()] == ["CANCELED"]


def test_a_reason_is_needed_to_cancel(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"))
    with pytest.raises(wfnb.ValidationError) as caught:
        ws.start("test").cancel(" ")
    assert caught.value.code == "REASON_MISSING"


@pytest.mark.behaviour(72)
def test_an_open_run_goes_on_when_the_workspace_is_opened_again(tmp_path: Path) -> None:
    entered = threading.Event()
    never = threading.Event()
    first = wfnb.open(tmp_path)

    def register(ws: wfnb.Workspace, body: Any) -> None:
        @ws.action("work", side_effect=True, idempotency="engine")
        def _work(data: Number) -> Number:
            return body(data)

    def hang(data: Number) -> Number:
        entered.set()
        never.wait(20)
        return data

    register(first, hang)
    publish(first, call("w", "work", inputMapping={"n": 1}), assign("a", x="1"))
    run_id = first.start("test").id
    assert entered.wait(60)
    first.close()
    never.set()
    with wfnb.open(tmp_path) as second:
        register(second, lambda data: data)
        run = second.run(run_id).wait(60)
        assert run.status == "SUCCEEDED"
        assert run.invocations()[0].attempt == 2


def test_a_run_that_cannot_be_linked_says_what_is_missing(tmp_path: Path) -> None:
    hold = threading.Event()
    with wfnb.open(tmp_path) as first:

        @first.action("work")
        def _work(data: Number) -> Number:
            hold.wait(60)
            return data

        publish(first, call("w", "work", inputMapping={"n": 1}))
        run_id = first.start("test").id
        hold_now = threading.Timer(0.0, lambda: None)
        hold_now.start()
        first._engine.close()
        hold.set()
    with wfnb.open(tmp_path) as second:
        with pytest.raises(wfnb.DefinitionError) as caught:
            second.run(run_id).wait(60)
        assert caught.value.code == "CANNOT_LINK"


@pytest.mark.behaviour(86)
def test_state_at_any_step_difference_and_origin(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"), assign("b", x="2", y="{'z': 3}"), assign("c", done="true"))
    run = ws.start("test", {"n": 1}).wait(60)
    seqs = [step.seq for step in run.steps()]
    assert run.at(0).envelope["vars"] == {}
    assert run.at(seqs[0]).envelope["vars"] == {"x": 1}
    assert run.at(seqs[1]).envelope["vars"] == {"x": 2, "y": {"z": 3}}
    changed = {(d.path, str(d.new)) for d in run.diff(seqs[0], seqs[1])}
    assert (("vars", "x"), "2") in changed
    assert run.why("vars.y.z").id == "b"
    assert run.why("vars.done").id == "c"
    assert run.why("payload.n").step is None
    assert run.why("payload.n").source == "payload"
    with pytest.raises(wfnb.WfnbError, match="no macrostep 99"):
        run.at(99)


def test_debugging_a_recorded_run(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"), assign("b", x="2"), assign("c", y="3"))
    dbg = ws.start("test").wait(60).debug()
    assert (dbg.position, dbg.length, dbg.live) == (0, 3, False)
    dbg.step().step()
    assert dbg.last.id == "b"
    assert [(c.path, c.old, c.new) for c in dbg.changes] == [(("vars", "x"), 1, 2)]
    assert dbg.back().state["vars"] == {"x": 1}
    assert dbg.run_to("c").position == 3
    assert dbg.finished
    assert dbg.restart().state["vars"] == {}


def test_debugging_a_held_run_performs_one_step_at_a_time(ws: wfnb.Workspace) -> None:
    calls = double(ws)
    publish(
        ws,
        assign("a", n="2"),
        call("d", "double", inputMapping={"n": {"$expr": "vars.n"}}, saveAs="out"),
        assign("c", y="3"),
    )
    dbg = ws.debug("test")
    assert dbg.live
    dbg.step()
    assert (dbg.last.id, calls) == ("a", [])
    assert dbg.view()["next"]["id"] == "d"
    dbg.step()
    assert (dbg.last.id, calls) == ("d", [2])
    dbg.back()
    dbg.step()
    assert calls == [2]
    dbg.run_to_end()
    assert dbg.run.status == "SUCCEEDED"
    assert not dbg.live
    assert dbg.finished


@pytest.mark.behaviour(34)
def test_publishing_the_same_twice_gives_the_same_version(ws: wfnb.Workspace) -> None:
    assert publish(ws, assign("a", x="1")).version == 1
    assert publish(ws, assign("a", x="1")).version == 1
    assert publish(ws, assign("a", x="2")).version == 2
    assert publish(ws, assign("a", x="3"), version=7).version == 7
    assert publish(ws, assign("a", x="4"), version=7).version == 8


@pytest.mark.behaviour(65, 66)
def test_a_run_keeps_the_version_it_began_with(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"))
    publish(ws, assign("a", x="2"))
    assert ws.start("test", version=1).wait(60).envelope["vars"] == {"x": 1}
    assert ws.start("test").wait(60).envelope["vars"] == {"x": 2}


def test_what_is_not_there_is_said_with_the_nearest_name(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"), id="orders")
    with pytest.raises(wfnb.WfnbError, match="Did you mean “orders”"):
        ws.start("order")
    with pytest.raises(wfnb.WfnbError, match="no version 9"):
        ws.start("orders", version=9)
    with pytest.raises(wfnb.WfnbError, match="no run"):
        ws.run("nope")


@pytest.mark.behaviour(67)
def test_a_payload_schema_is_checked_before_a_run_exists(ws: wfnb.Workspace) -> None:
    class Order(BaseModel):
        id: str
        note: str | None = None

    ws.schema("payload.Order.v1", Order)
    publish(ws, assign("a", note="coalesce(payload.note, 'none')"), payloadSchemaRef="payload.Order.v1")
    with pytest.raises(wfnb.ValidationError, match="id"):
        ws.start("test", {"note": "x"})
    assert ws.runs().total == 0
    assert ws.start("test", {"id": "1"}).wait(60).envelope["payload"] == {"id": "1", "note": None}


@pytest.mark.parametrize("payload", [[1], "text", 3])
def test_a_payload_is_an_object(ws: wfnb.Workspace, payload: Any) -> None:
    publish(ws, assign("a", x="1"))
    with pytest.raises(wfnb.ValidationError):
        ws.start("test", payload)


def test_a_huge_payload_is_refused(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"))
    with pytest.raises(wfnb.WfnbError) as caught:
        ws.start("test", {"blob": "x" * 600_000})
    assert caught.value.code == "TOO_LARGE"
    assert ws.runs().total == 0


@pytest.mark.defect("D-22")
def test_runs_are_listed_by_pages_that_do_not_shift(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"))
    for _ in range(5):
        ws.start("test").wait(60)
    page = ws.runs(limit=2)
    assert [r.run for r in page] == ["run-0005", "run-0004"]
    ws.start("test").wait(60)
    assert [r.run for r in ws.runs(limit=2, before=page.next_before)] == ["run-0003", "run-0002"]
    assert ws.runs("FAILED").total == 0
    assert list(ws.runs().df.columns)[:2] == ["run", "workflow"]


def test_secrets_are_masked_wherever_people_look(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", copy="payload.password", note="'ok'"))
    run = ws.start("test", {"password": "hunter2", "n": 1}).wait(60)
    assert run.envelope["payload"] == {"password": "[REDACTED]", "n": 1}


def test_a_node_type_of_ones_own_runs_as_a_step(ws: wfnb.Workspace) -> None:
    @ws.node("text.shout")
    def _shout(config: Text) -> Text:
        return Text(text=config.text.upper() + "!")

    step = {
        "id": "s",
        "type": "text.shout",
        "config": {"text": {"$expr": "payload.t"}, "saveAs": "vars.loud"},
    }
    publish(ws, step)
    assert ws.start("test", {"t": "hey"}).wait(60).envelope["vars"] == {"loud": {"text": "HEY!"}}


def test_a_long_run_of_pure_steps_lets_others_in_between(tmp_path: Path) -> None:
    with wfnb.open(tmp_path, store="memory") as ws:
        inner = each("inner", "j", assign("a", x="vars.i + vars.j"))
        publish(ws, each("outer", "i", inner), id="long")
        publish(ws, assign("a", x="1"), id="short")
        long = ws.start("long", {"n": list(range(1000))})  # a million steps: a minute, were it not cancelled
        assert ws.start("short").wait(20).status == "SUCCEEDED"
        assert long.status == "RUNNING"
        assert long.cancel("seen enough").status == "CANCELED"


def test_effects_come_in_the_order_of_their_runs_under_simulated_time(tmp_path: Path) -> None:
    with wfnb.open(tmp_path, store="memory", clock="2026-01-01", seed=1) as ws:
        calls = double(ws)
        body = [call("d", "double", inputMapping={"n": {"$expr": "vars.i"}})]
        publish(ws, each("l", "i", *body))
        runs = [ws.start("test", {"n": list(range(base, base + 60))}) for base in (0, 100, 200)]
        for run in runs:
            run.wait(20)
        assert calls == [*range(60), *range(100, 160), *range(200, 260)]


@pytest.mark.behaviour(54, 59)
def test_what_is_registered_can_be_listed_with_its_schemas(ws: wfnb.Workspace) -> None:
    double(ws)
    (action,) = ws.actions()
    assert (action.id, action.version, action.side_effect) == ("double", 1, True)
    assert action.input_schema["properties"]["n"]["type"] == "integer"
    nodes = {node.type: node for node in ws.nodes()}
    assert {"action.call", "state.set", "transform.assign", "email.parseBody"} <= set(nodes)
    assert nodes["state.set"].config_schema["required"] == ["state"]


def test_a_definition_is_a_graph_to_compute_with(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"), assign("b", x="2"))
    graph = ws.graph("test")
    assert graph.nodes["root.steps[0]"]["title"] == "a"
    assert list(graph.successors("root.steps[0]")) == ["root.steps[1]"]


def test_two_workspaces_that_count_in_one_store_take_turns(tmp_path: Path) -> None:
    with (
        wfnb.open(tmp_path, clock="2026-01-01", seed=1) as one,
        wfnb.open(tmp_path, clock="2026-01-01", seed=1) as two,
    ):
        publish(one, assign("a", x="1"))
        ids = [ws.start("test").wait(60).id for ws in (one, two, one, one, two)]
        assert ids == [f"run-{n:04d}" for n in (1, 2, 3, 4, 5)]


def test_a_closed_workspace_still_says_what_it_is(tmp_path: Path) -> None:
    ws = wfnb.open(tmp_path)
    assert "0 workflows, 0 runs" in repr(ws)
    ws.close()
    ws.close()
    assert repr(ws).endswith("closed>")
