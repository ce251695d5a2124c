"""Why a value is what it is: every way in which a value comes to be, followed back to where it came in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

import wfnb
from wfnb.errors import NotFoundError, ValidationError
from wfnb.origin import Origin


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


@pytest.fixture
def ws() -> Iterator[wfnb.Workspace]:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as opened:

        @opened.action("reserve")
        def reserve(data: Anything) -> Anything:
            if (data.model_extra or {}).get("sku") == "bad":
                raise wfnb.ActionError("There is no such thing.", code="NO_STOCK")
            return Anything(id=f"R-{(data.model_extra or {}).get('sku')}", given=data.model_extra)

        yield opened


def expr(text: str) -> dict[str, str]:
    return {"$expr": text}


def assign(name: str, **values: Any) -> dict[str, Any]:
    written = {
        key.replace("__", "."): expr(value) if isinstance(value, str) else value
        for key, value in values.items()
    }
    return {"id": name, "type": "transform.assign", "config": {"assign": written}}


def call(name: str, save: str | None = None, **given: str) -> dict[str, Any]:
    mapping = {key: expr(text) for key, text in given.items()}
    config: dict[str, Any] = {"actionId": "reserve", "version": 1, "inputMapping": mapping}
    return {"id": name, "type": "action.call", "config": {**config, **({"saveAs": save} if save else {})}}


def run_of(ws: wfnb.Workspace, *steps: dict[str, Any], payload: Any = None, name: str = "test") -> wfnb.Run:
    published = ws.publish({"id": name, "name": name, "steps": list(steps)})
    assert published.ok, published.findings
    return ws.start(name, payload or {}).wait(20, until="parked")


def why(run: wfnb.Run, pointer: str, at: int | None = None) -> Origin:
    origin = run.why(pointer, at)
    assert origin is not None
    return origin


def test_an_expression_leads_to_what_it_read(ws: wfnb.Workspace) -> None:
    run = run_of(
        ws,
        assign("sum", vars__total="payload.price * payload.count"),
        assign("tax", vars__tax="vars.total * 0.2"),
        payload={"price": 4, "count": 3},
    )
    origin = why(run, "vars.tax")
    assert (origin.id, origin.expression, origin.field) == ("tax", "vars.total * 0.2", "assign.vars.tax")
    assert [(one.place, one.value, one.source) for one in origin.walk()] == [
        ("vars.tax", 2.4000000000000004, "expression"),
        ("vars.total", 12, "expression"),
        ("payload.price", 4, "payload"),
        ("payload.count", 3, "payload"),
    ]
    assert {one.place for one in origin.sources} == {"payload.price", "payload.count"}


def test_a_value_of_the_payload_has_no_step(ws: wfnb.Workspace) -> None:
    run = run_of(ws, assign("a", vars__x="1"), payload={"n": [5, {"m": 6}]})
    origin = why(run, "payload.n.1.m")
    assert (origin.step, origin.source, origin.value, origin.seq) == (None, "payload", 6, None)
    assert why(run, "/n/0").value == 5


def test_what_is_not_there_has_no_origin(ws: wfnb.Workspace) -> None:
    run = run_of(ws, assign("a", vars__x="1"))
    assert run.why("vars.nothing") is None
    assert run.why("vars.x", at=0) is None
    with pytest.raises(NotFoundError, match="no macrostep 99"):
        run.why("vars.x", at=99)
    with pytest.raises(ValidationError):
        run.why("vars..x")


def test_later_assignments_of_a_step_read_earlier_ones(ws: wfnb.Workspace) -> None:
    run = run_of(ws, assign("a", vars__x="1"), assign("b", vars__x="vars.x + 1", vars__y="vars.x * 10"))
    origin = why(run, "vars.y")
    assert origin.value == 20
    assert [(one.place, one.value, one.id) for one in origin.walk()] == [
        ("vars.y", 20, "b"), ("vars.x", 2, "b"), ("vars.x", 1, "a"),
    ]  # fmt: skip
    assert why(run, "vars.x", at=why(run, "vars.x").inputs[0].seq).id == "a"


def test_a_part_of_an_object_follows_that_part_only(ws: wfnb.Workspace) -> None:
    made = {"id": expr("payload.id"), "who": {"name": expr("payload.name")}, "kind": "order"}
    run = run_of(
        ws,
        assign("a", vars__ticket=made),
        assign("b", vars__copy="vars.ticket"),
        payload={"id": 7, "name": "Ann"},
    )
    assert [one.place for one in why(run, "vars.copy.who.name").walk()] == [
        "vars.copy.who.name", "vars.ticket.who.name", "payload.name",
    ]  # fmt: skip
    assert why(run, "vars.ticket.kind").source == "literal"


def test_a_value_of_several_writes_tells_each(ws: wfnb.Workspace) -> None:
    run = run_of(
        ws,
        assign("a", vars__t="{'x': payload.x, 'y': 0}"),
        assign("b", **{"vars.t.y": "payload.y"}),
        payload={"x": 1, "y": 2},
    )
    origin = why(run, "vars.t")
    assert (origin.source, origin.id, origin.value) == ("parts", "b", {"x": 1, "y": 2})
    assert [(one.place, one.id) for one in origin.inputs] == [("vars.t.y", "b"), ("vars.t", "a")]
    assert why(run, "vars.t.x").id == "a"


def test_the_result_of_an_action_leads_to_what_it_was_given(ws: wfnb.Workspace) -> None:
    run = run_of(
        ws,
        call("get", "vars.stock", sku="payload.sku"),
        assign("use", vars__id="vars.stock.id"),
        payload={"sku": "a"},
    )
    origin = why(run, "vars.id")
    assert [(one.place, one.source, one.detail) for one in origin.walk()] == [
        ("vars.id", "expression", ""),
        ("vars.stock.id", "action", "reserve@1"),
        ("payload.sku", "payload", ""),
    ]
    assert origin.inputs[0].expression == "payload.sku"


def test_a_loop_is_followed_item_by_item(ws: wfnb.Workspace) -> None:
    body = [assign("add", vars__sum="vars.sum + vars.line.price")]
    loop = {
        "id": "each",
        "type": "control.forEach",
        "items": expr("payload.lines"),
        "itemVar": "line",
        "body": body,
    }
    run = run_of(ws, assign("zero", vars__sum="0"), loop, payload={"lines": [{"price": 5}, {"price": 7}]})
    origin = why(run, "vars.sum")
    assert origin.value == 12
    assert origin.instance == "root.steps[1].body{1}.steps[0]"
    assert [(one.place, one.value, one.source) for one in origin.inputs] == [
        ("vars.sum", 5, "expression"),
        ("vars.line.price", 7, "item"),
    ]
    item = origin.inputs[1]
    assert (item.detail, item.id, [one.place for one in item.inputs]) == (
        "each[1]",
        "each",
        ["payload.lines.1.price"],
    )
    assert [one.place for one in origin.sources if one.source == "payload"] == [
        "payload.lines.1.price",
        "payload.lines.0.price",
    ]


def test_loop_variables_lead_to_the_loop(ws: wfnb.Workspace) -> None:
    body = [assign("keep", vars__last="{'at': $index, 'what': $item.name}")]
    loop = {
        "id": "each",
        "type": "control.forEach",
        "items": expr("payload.lines"),
        "itemVar": "line",
        "body": body,
    }
    run = run_of(ws, loop, payload={"lines": [{"name": "a"}, {"name": "b"}]})
    index, item = why(run, "vars.last").inputs
    assert (index.source, index.value) == ("index", 1)
    assert (item.source, item.value, item.inputs[0].place) == ("item", "b", "payload.lines.1.name")


def test_what_a_loop_variable_held_before_is_its_own_again(ws: wfnb.Workspace) -> None:
    loop = {
        "id": "each",
        "type": "control.forEach",
        "items": expr("[1, 2]"),
        "itemVar": "line",
        "body": [assign("x", vars__x="vars.line")],
    }
    run = run_of(ws, assign("first", vars__line="'mine'"), loop)
    assert (why(run, "vars.line").id, why(run, "vars.line").value) == ("first", "mine")
    assert run.why("vars.x").value == 2  # type: ignore[union-attr]  # it is there


@pytest.mark.parametrize("variable", ["vars.line", "$item"])
def test_parallel_items_are_followed_each_in_its_own_lane(ws: wfnb.Workspace, variable: str) -> None:
    body = [call("get", "vars.got", sku=variable), assign("keep", vars__kept="vars.got.id & vars.pre")]
    loop = {
        "id": "each",
        "type": "control.forEach",
        "items": expr("payload.skus"),
        "itemVar": "line",
        "concurrency": 2,
        "body": body,
    }
    run = run_of(ws, assign("pre", vars__pre="'-'"), loop, payload={"skus": ["a", "b", "c"]})
    origin = why(run, "vars.kept")
    assert (origin.id, origin.value, origin.instance) == ("keep", "R-c-", "root.steps[1].body{2}.steps[1]")
    got, before = origin.inputs
    assert (got.source, got.value, got.instance) == ("action", "R-c", "root.steps[1].body{2}.steps[0]")
    assert (before.id, before.value) == ("pre", "-")
    assert (got.inputs[0].source, got.inputs[0].value, got.inputs[0].detail) == ("item", "c", "each[2]")
    assert [one.place for one in origin.sources] == ["payload.skus.2"] or "payload.skus.2" in [
        one.place for one in origin.sources
    ]


def test_a_call_of_a_workflow_leads_into_its_run_and_out_of_it_again(ws: wfnb.Workspace) -> None:
    child = run_of(ws, assign("double", vars__out="payload.n * 2"), name="child", payload={"n": 1})
    assert child.status == "SUCCEEDED"
    step = {
        "id": "call", "type": "control.callWorkflow", "workflowId": "child", "workflowVersion": 1,
        "inputMapping": {"n": expr("payload.start + 1")}, "outputMapping": {"vars.result": expr("vars.childRun.vars.out")},
    }  # fmt: skip
    run = run_of(ws, step, payload={"start": 4}, name="parent")
    origin = why(run, "vars.result")
    told = [(one.run, one.place, one.value, one.source, one.id) for one in origin.walk()]
    inner = told[1][2] and origin.inputs[0].detail
    assert told == [
        (run.id, "vars.result", 10, "expression", "call"),
        (run.id, "vars.childRun.vars.out", 10, "child", None),
        (inner, "vars.out", 10, "expression", "double"),
        (inner, "payload.n", 5, "payload", None),
        (run.id, "payload.start", 4, "payload", None),
    ]


def test_an_answer_is_a_source(ws: wfnb.Workspace) -> None:
    wait = {
        "id": "ask", "type": "event.wait",
        "config": {"eventName": "PAID", "correlationKey": expr("payload.id"), "assign": {"vars.paid": expr("vars.event.sum")}},
    }  # fmt: skip
    run = run_of(ws, wait, payload={"id": "k"})
    ws.submit_event("PAID", key="k", payload={"sum": 9})
    run.wait(20)
    origin = why(run, "vars.paid")
    assert [(one.place, one.value, one.source, one.detail, one.id) for one in origin.walk()] == [
        ("vars.paid", 9, "expression", "", "ask"),
        ("vars.event.sum", 9, "answer", "PAID", "ask"),
    ]


def test_an_error_leads_to_what_the_failed_call_was_given(ws: wfnb.Workspace) -> None:
    tried = {
        "id": "guard", "type": "control.tryCatch", "captureErrorAs": "vars.problem",
        "try": [call("get", "vars.got", sku="payload.sku")], "catch": [assign("say", vars__said="vars.problem.code")],
    }  # fmt: skip
    run = run_of(ws, tried, payload={"sku": "bad"})
    origin = why(run, "vars.said")
    assert [(one.place, one.value, one.source, one.id) for one in origin.walk()] == [
        ("vars.said", "NO_STOCK", "expression", "say"),
        ("vars.problem.code", "NO_STOCK", "error", "get"),
        ("payload.sku", "bad", "payload", None),
    ]
    assert why(run, "error").source == "error"


def test_an_error_of_an_expression_leads_to_what_it_read(ws: wfnb.Workspace) -> None:
    run = run_of(ws, assign("a", vars__x="payload.n.deep + payload.m"), payload={"m": 1})
    origin = why(run, "error")
    assert (origin.id, origin.expression) == ("a", "payload.n.deep + payload.m")
    assert [(one.place, one.source) for one in origin.inputs] == [
        ("payload.n.deep", "absent"),
        ("payload.m", "payload"),
    ]


def test_what_a_retry_put_back_is_whose_it_was(ws: wfnb.Workspace) -> None:
    run = run_of(
        ws, assign("one", vars__x="1"), assign("two", vars__x="2"), call("get", sku="payload.sku"), payload={"sku": "bad"}
    )  # fmt: skip
    assert run.status == "FAILED"
    run.retry("once more", step="two")
    run.wait(20)
    back = next(step.seq for step in run.steps() if step.id == "get")
    retried = next(seq for seq in range(back, run.row.seq + 1) if run.at(seq).envelope["vars"] == {"x": 1})
    assert (why(run, "vars.x", at=retried).id, why(run, "vars.x", at=retried).value) == ("one", 1)


def test_a_fork_leads_into_the_run_that_it_comes_from(ws: wfnb.Workspace) -> None:
    run = run_of(
        ws, assign("one", vars__x="payload.n"), assign("two", vars__y="vars.x + 1"), payload={"n": 1}
    )
    seq = run.steps()[0].seq
    told = [(one.run, one.place, one.source) for one in why(run.fork(seq).wait(20), "vars.y").walk()]
    fork = told[0][0]
    assert fork != run.id
    assert told == [
        (fork, "vars.y", "expression"),
        (run.id, "vars.x", "expression"),
        (run.id, "payload.n", "payload"),
    ]
    edited = run.fork(seq, edits={"vars.x": 41}).wait(20)
    origin = why(edited, "vars.y")
    assert (origin.value, origin.inputs[0].source, origin.inputs[0].value) == (42, "edit", 41)


def test_a_long_chain_ends_where_it_says_so(ws: wfnb.Workspace) -> None:
    body = [assign("add", vars__n="vars.n + 1")]
    loop = {"id": "each", "type": "control.forEach", "items": expr("[1..300]"), "itemVar": "i", "body": body}
    run = run_of(ws, assign("zero", vars__n="0"), loop)
    origin = why(run, "vars.n")
    assert origin.value == 300
    assert [one.source for one in origin.walk()][-1] == "further"
    assert len(repr(origin).splitlines()) < 300


def test_secrets_are_masked_wherever_the_value_went(ws: wfnb.Workspace) -> None:
    run = run_of(
        ws,
        assign("a", vars__copy="payload.password", vars__long="'it is ' & payload.password & '!'"),
        payload={"password": "hunter2hunter2", "pin": 1},
    )
    for place in ("vars.copy", "vars.long", "payload", "vars"):
        shown = why(run, place)
        texts = repr(shown) + str(shown._repr_mimebundle_()) + str([one.value for one in shown.walk()])
        assert "hunter2" not in texts


def test_it_shows_as_text_html_and_a_picture(ws: wfnb.Workspace) -> None:
    run = run_of(
        ws, assign("sum", vars__total="payload.a & '<b>'"), assign("other", vars__z="1"), payload={"a": "x"}
    )
    origin = why(run, "vars.total")
    assert repr(origin) == (
        'vars.total = "x<b>"   ← step sum at 2\n'
        "  | assign.vars.total: payload.a & '<b>'\n"
        '  payload.a = "x"   ← payload'
    )
    bundle = origin._repr_mimebundle_()
    assert "<b>" not in bundle["text/html"]
    assert bundle["text/plain"] == repr(origin)
    assert "sum" in origin.picture().svg
