"""Runs side by side, versions side by side, and what many runs took of a definition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

import wfnb
from wfnb.errors import NotFoundError, ValidationError


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


@pytest.fixture
def ws() -> Iterator[wfnb.Workspace]:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as opened:

        @opened.action("reserve")
        def reserve(data: Anything) -> Anything:
            if (data.model_extra or {}).get("sku") == "bad":
                raise wfnb.ActionError("There is no such thing.", code="NO_STOCK")
            return Anything(id=f"R-{(data.model_extra or {}).get('sku')}")

        yield opened


def expr(text: str) -> dict[str, str]:
    return {"$expr": text}


def assign(name: str, **values: str) -> dict[str, Any]:
    written = {key.replace("__", "."): expr(value) for key, value in values.items()}
    return {"id": name, "type": "transform.assign", "config": {"assign": written}}


CALL = {
    "id": "get", "type": "action.call",
    "config": {"actionId": "reserve", "version": 1, "inputMapping": {"sku": expr("payload.sku")}, "saveAs": "vars.got"},
}  # fmt: skip
SPLIT = {
    "id": "big", "type": "control.if", "condition": expr("payload.n > 10"),
    "then": [assign("much", vars__how="'much'")], "else": [assign("few", vars__how="'few'")],
}  # fmt: skip


def publish(ws: wfnb.Workspace, *steps: dict[str, Any], **facts: Any) -> None:
    published = ws.publish({"id": "test", "name": "Test", "steps": list(steps), **facts})
    assert published.ok, published.findings


def run_of(ws: wfnb.Workspace, **payload: Any) -> wfnb.Run:
    return ws.start("test", payload).wait(20)


def test_a_run_is_the_same_as_itself(ws: wfnb.Workspace) -> None:
    publish(ws, SPLIT, CALL)
    for run in (run_of(ws, n=11, sku="a"), run_of(ws, n=1, sku="bad")):
        compared = ws.compare(run, run.id)
        assert compared.identical
        assert (list(compared.differences), list(compared.state), compared.first) == ([], [], None)
        assert [pair.kind for pair in compared.steps] == ["same"] * len(run.steps())


def test_runs_of_the_same_payload_are_the_same(ws: wfnb.Workspace) -> None:
    publish(ws, SPLIT, CALL)
    assert ws.compare(run_of(ws, n=11, sku="a"), run_of(ws, n=11, sku="a")).identical


def test_the_paths_are_aligned(ws: wfnb.Workspace) -> None:
    publish(ws, SPLIT, CALL)
    compared = ws.compare(run_of(ws, n=11, sku="a"), run_of(ws, n=1, sku="bad"))
    assert not compared.identical
    assert [(pair.kind, pair.id, pair.a, pair.b) for pair in compared.steps] == [
        ("differs", "big", "SUCCEEDED then", "SUCCEEDED else"),
        ("b", "few", None, "SUCCEEDED"),
        ("a", "much", "SUCCEEDED", None),
        ("differs", "get", "SUCCEEDED", "FAILED NO_STOCK"),
    ]
    assert compared.first is not None
    assert compared.first.differs == ("branch",)
    assert ("vars.how", "much", "few") in [(one.place, one.a, one.b) for one in compared.state]
    assert (compared.a.status, compared.b.status, compared.b.error) == (
        "SUCCEEDED",
        "FAILED",
        "There is no such thing.",
    )


def test_a_step_that_wrote_something_else_differs(ws: wfnb.Workspace) -> None:
    publish(ws, CALL)
    compared = ws.compare(run_of(ws, sku="a"), run_of(ws, sku="b"))
    assert [(pair.kind, pair.differs) for pair in compared.steps] == [("differs", ("wrote",))]


def test_points_in_a_run_can_be_compared(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", vars__x="1"), assign("b", vars__x="2"))
    run = run_of(ws)
    first = run.steps()[0].seq
    compared = ws.compare((run, first), run)
    assert [(pair.kind, pair.id) for pair in compared.steps] == [("same", "a"), ("b", "b")]
    assert [(one.place, one.a, one.b) for one in compared.state] == [("vars.x", 1, 2)]
    assert ws.compare((run.id, 0), (run.id, 0)).identical
    with pytest.raises(NotFoundError, match="no macrostep 99"):
        ws.compare((run, 99), run)


def test_items_of_loops_and_parallel_items_are_matched_by_their_index(ws: wfnb.Workspace) -> None:
    loop = {
        "id": "each", "type": "control.forEach", "items": expr("payload.skus"), "itemVar": "sku", "concurrency": 3,
        "body": [assign("note", vars__last="vars.sku")],
    }  # fmt: skip
    publish(ws, loop)
    compared = ws.compare(run_of(ws, skus=["a", "b", "c"]), run_of(ws, skus=["a", "x"]))
    assert [(pair.kind, pair.instance) for pair in compared.steps][1:] == [
        ("same", "root.steps[0].body{0}.steps[0]"),
        ("differs", "root.steps[0].body{1}.steps[0]"),
        ("a", "root.steps[0].body{2}.steps[0]"),
    ]


def test_runs_of_two_versions_are_aligned_by_step(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", vars__x="1"), assign("b", vars__y="2"))
    old = run_of(ws)
    publish(ws, assign("first", vars__z="0"), assign("a", vars__x="1"), assign("b", vars__y="3"))
    compared = ws.compare(old, run_of(ws))
    assert [(pair.kind, pair.id) for pair in compared.steps] == [
        ("b", "first"),
        ("same", "a"),
        ("differs", "b"),
    ]


def test_secrets_are_masked_and_still_differ(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", vars__copy="payload.password & '!'"))
    compared = ws.compare(run_of(ws, password="hunter2hunter2"), run_of(ws, password="swordfish99"))
    shown = repr(compared) + str(compared._repr_mimebundle_())
    assert "hunter2" not in shown
    assert "swordfish" not in shown
    assert [(one.place, one.a, one.b) for one in compared.state] == [
        ("payload.password", "[REDACTED]", "[REDACTED]"), ("vars.copy", "[REDACTED]!", "[REDACTED]!"),
    ]  # fmt: skip


def test_a_comparison_shows_itself(ws: wfnb.Workspace) -> None:
    publish(ws, SPLIT, CALL)
    compared = ws.compare(run_of(ws, n=11, sku="<i>"), run_of(ws, n=1, sku="b"))
    text = repr(compared)
    assert text.splitlines()[0].startswith("A  run-0001 at ")
    assert "4 of 4 steps differ" in text
    assert "  how: much | few" in text
    bundle = compared._repr_mimebundle_()
    assert bundle["text/plain"] == text
    assert "<i>" not in bundle["text/html"]
    assert "wf-mark-a" in compared.picture().svg
    assert "the same" in repr(ws.compare("run-0001", "run-0001"))


def test_what_is_no_run_is_refused(ws: wfnb.Workspace) -> None:
    with pytest.raises(NotFoundError, match="no run nothing"):
        ws.compare("nothing", "nothing")
    with pytest.raises(ValidationError, match="named by its id"):
        ws.compare(3, 4)


def test_versions_are_compared_step_by_step_and_field_by_field(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", vars__x="payload.n"), assign("b", vars__y="2"), assign("c", vars__z="3"), SPLIT)
    changed = {
        **SPLIT,
        "condition": expr("payload.n > 20"),
        "else": [],
        "then": [*SPLIT["then"], assign("c", vars__z="3")],
    }
    publish(
        ws,
        assign("b", vars__y="2"),
        assign("a", vars__x="payload.n"),
        changed,
        assign("new", vars__w="1"),
        name="Better",
    )
    compared = ws.compare_versions("test", 1)
    assert [(one.kind, one.step_id) for one in compared.steps] == [
        ("moved", "b"), ("changed", "big"), ("moved", "c"), ("added", "new"), ("removed", "few"),
    ]  # fmt: skip
    big = compared.step("big")
    assert big is not None
    assert [(one.field, one.old, one.new, one.expression) for one in big.fields] == [
        ("condition", "payload.n > 10", "payload.n > 20", True)
    ]
    assert [(one.field, one.old, one.new) for one in compared.outside] == [("name", "Test", "Better")]
    assert "condition: payload.n > 10 → payload.n > 20" in repr(compared)
    assert "wf-mark-added" in compared.picture().svg
    assert "wf-mark-removed" in compared.picture(1).svg
    assert compared._repr_mimebundle_()["text/html"].count("<img") == 2


def test_a_version_is_the_same_as_itself(ws: wfnb.Workspace) -> None:
    publish(ws, SPLIT)
    assert ws.compare_versions("test", 1, 1).identical
    assert "the same" in repr(ws.compare_versions("test", 1, 1))
    with pytest.raises(NotFoundError):
        ws.compare_versions("test", 1, 7)


def test_coverage_counts_what_runs_took(ws: wfnb.Workspace) -> None:
    tried = {
        "id": "guard",
        "type": "control.tryCatch",
        "try": [CALL],
        "catch": [assign("sorry", vars__s="1")],
    }
    publish(
        ws,
        SPLIT,
        tried,
        {
            "id": "rare",
            "type": "control.if",
            "condition": expr("payload.n > 99"),
            "then": [assign("huge", vars__h="1")],
        },
    )
    for sku in ("a", "b", "bad", "c"):
        run_of(ws, n=12, sku=sku)
    covered = ws.coverage_of("test")
    assert covered.runs == 4
    assert covered.missed_steps == ["few", "huge"]
    assert covered.missed_branches == ["big.else", "rare.then"]
    get = next(step for step in covered.steps if step.id == "get")
    assert (get.times, get.failures, get.failure_rate) == (4, 1, 0.25)
    guard = next(step for step in covered.steps if step.id == "guard")
    assert dict(guard.taken) == {"try": 4, "catch": 1}
    assert [step.id for step in covered.failing] == ["get"]
    assert "never taken: few, huge, big.else, rare.then" in repr(covered)
    assert "wf-mark-missed" in covered.picture().svg
    assert "wf-mark-hot" in covered.picture().svg
    assert ws.workflow("test").coverage() == covered


def test_coverage_counts_the_runs_that_are_asked_for(ws: wfnb.Workspace) -> None:
    publish(ws, CALL)
    runs = [run_of(ws, sku=sku) for sku in ("a", "bad", "c")]
    assert ws.coverage_of("test", runs={"status": "FAILED"}).runs == 1
    assert ws.coverage_of("test", runs=runs[:2]).runs == 2
    assert ws.coverage_of("test", runs=ws.runs("SUCCEEDED")).runs == 2
    assert ws.coverage_of("test", runs={"since": "2031-01-01T00:00:00Z"}).runs == 0
    with pytest.raises(ValidationError, match="chosen by"):
        ws.coverage_of("test", runs={"colour": "red"})
    publish(ws, assign("a", vars__x="1"))
    with pytest.raises(ValidationError, match="is of test v1"):
        ws.coverage_of("test", runs=runs)


def test_another_tenant_is_not_compared(tmp_path: Any) -> None:
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as mine:
        publish(mine, assign("a", vars__x="1"))
        run = run_of(mine)
        with wfnb.open(tmp_path, clock="2026-01-01", tenant="other") as other:
            with pytest.raises(NotFoundError):
                other.compare(run.id, run.id)
            assert other.coverage_of("test").runs == 0
            assert other.workflow("test").coverage().runs == 0
