"""Edits of runs that are under way, as people make them, over the stores."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wfnb
from crash.deeds import Deed, Done, connect, do, each, expr
from wfnb.errors import CommandError, NotAllowedError, NotFoundError, TransientError, ValidationError


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    store = {"sqlite": None, "memory": "memory"}.get(request.param)
    if request.param == "postgres":
        store = request.getfixturevalue("postgres_url")
    return {"path": tmp_path, "store": store}


@pytest.fixture
def deeds() -> list[str]:
    return []


@pytest.fixture
def ws(place: dict[str, Any], deeds: list[str]) -> Iterator[wfnb.Workspace]:
    with wfnb.open(**place, clock="2026-01-01", seed=1, starts_per_minute=None) as workspace:
        connect(workspace, lambda _key, what: deeds.append(what))
        yield workspace


@pytest.fixture
def memory(deeds: list[str]) -> Iterator[wfnb.Workspace]:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1, starts_per_minute=None) as workspace:
        connect(workspace, lambda _key, what: deeds.append(what))
        yield workspace


def publish(ws: wfnb.Workspace, *steps: dict[str, Any]) -> None:
    made = ws.publish({"id": "test", "name": "Test", "steps": list(steps)})
    assert made.ok, made.findings


def put(step_id: str, **values: Any) -> dict[str, Any]:
    return {
        "id": step_id, "type": "transform.assign",
        "config": {"assign": {f"vars.{name}": value for name, value in values.items()}},
    }  # fmt: skip


HEARD: dict[str, Any] = {
    "id": "heard", "type": "event.wait",
    "config": {"eventName": "HEARD", "correlationKey": expr('"k"'), "assign": {"vars.heard": expr("vars.event.n")}},
}  # fmt: skip


def statuses(run: wfnb.Run) -> list[tuple[str, str, str | None]]:
    return [(step.id, step.status, step.handled_by) for step in run.steps()]


# --- runs that are held here


def test_a_held_run_is_edited_freely_and_says_so(ws: wfnb.Workspace, deeds: list[str]) -> None:
    publish(
        ws,
        put("a", x=1),
        do("b", "mail", saveAs="vars.b"),
        do("c", "http", saveAs="vars.c"),
        put("d", y=expr("vars.x")),
    )
    dbg = ws.debug("test")
    run = dbg.run
    dbg.step()
    run.set("vars.x", 5).set("vars.gone", {"secret": "s"}).set("vars.gone", wfnb.DELETE)
    run.supply("b", output={"what": "as if"})
    run.skip("c", reason="not today")
    dbg.run_to_end()
    assert run.status == "SUCCEEDED"
    assert run.envelope["vars"] == {"x": 5, "b": {"what": "as if"}, "y": 5}
    assert statuses(run) == [
        ("a", "SUCCEEDED", None), ("b", "SUCCEEDED", None), ("c", "SUCCEEDED", "skip"), ("d", "SUCCEEDED", None),
    ]  # fmt: skip
    assert deeds == []
    assert run.invocations()[0].source == "supplied"
    told = [record.data for record in run.events() if record.kind == "run.edited"]
    assert [data["kind"] for data in told] == ["set", "set", "set", "supply", "skip"]
    assert told[0] == {
        "kind": "set",
        "path": "vars.x",
        "changes": {"vars.x": {"old": 1, "new": 5}},
        "actor": "local",
    }
    assert told[-1]["reason"] == "not today"


def test_a_jump_goes_back_and_forth_in_the_block_and_repeats_effects_under_new_names(
    ws: wfnb.Workspace, deeds: list[str]
) -> None:
    publish(ws, do("a", "mail"), do("b", "http"), do("c", "print"))
    dbg = ws.debug("test")
    run = dbg.run
    dbg.step().step()
    dbg.jump("a").step()
    dbg.jump("c").run_to_end()
    assert run.status == "SUCCEEDED"
    assert [(step.id, step.attempt) for step in run.steps()] == [("a", 1), ("b", 1), ("a", 2), ("c", 1)]
    assert deeds == ["a", "b", "c"], "a call that has succeeded keeps its key, and gives what it gave"


def test_a_jump_out_of_the_block_is_refused_with_the_reason(memory: wfnb.Workspace) -> None:
    publish(memory, put("a", x=1), each("loop", [do("in", "mail"), do("in2", "mail")]), do("z", "print"))
    dbg = memory.debug("test", {"items": [1, 2]})
    dbg.step().step()
    with pytest.raises(CommandError) as unsound:
        dbg.run.jump("z")
    assert unsound.value.code == "EDIT_JUMP_UNSOUND"
    assert "in, in2" in str(unsound.value.hint)
    with pytest.raises(NotFoundError, match="NO_SUCH_STEP"):
        dbg.run.jump("nowhere")
    dbg.jump("in2").step()
    assert [step.instance for step in dbg.run.steps()][-1] == "root.steps[1].body{0}.steps[1]"
    dbg.run_to_end()
    assert dbg.run.status == "SUCCEEDED"


def test_only_the_step_that_is_next_can_be_skipped(memory: wfnb.Workspace) -> None:
    publish(memory, put("a", x=1), do("b", "mail"))
    dbg = memory.debug("test")
    with pytest.raises(CommandError, match="EDIT_NOT_NEXT"):
        dbg.run.skip("b")
    with pytest.raises(CommandError, match="It has not begun"):
        dbg.run.skip("a")
    dbg.step()
    with pytest.raises(CommandError, match="EDIT_NOT_NEXT"):
        dbg.run.skip("a")
    with pytest.raises(NotFoundError, match="NO_SUCH_STEP"):
        dbg.run.skip("nowhere")
    dbg.run.skip()
    with pytest.raises(CommandError, match="EDIT_RUN_OVER"):
        dbg.run.skip()
    with pytest.raises(CommandError, match="EDIT_RUN_OVER"):
        dbg.run.set("vars.x", 1)


def test_what_is_supplied_must_be_what_the_action_gives(memory: wfnb.Workspace) -> None:
    publish(memory, put("a", x=1), do("b", "mail", onError={"policy": "continue"}), put("c", y=2))
    dbg = memory.debug("test")
    dbg.step()
    with pytest.raises(ValidationError, match="The output of mail@1"):
        dbg.run.supply("b", output={"other": 1})
    with pytest.raises(ValidationError, match="INVALID_ARGUMENT"):
        dbg.run.supply("b", output={"what": "x"}, error="no")
    dbg.run.supply("b", error={"message": "Out of ink.", "code": "INK"})
    step = dbg.run.steps()[-1]
    assert (step.status, step.handled_by, step.error and step.error["code"]) == (
        "SUCCEEDED",
        "onError",
        "INK",
    )
    assert dbg.run.invocations()[0].source == "supplied"
    with pytest.raises(CommandError, match="EDIT_NOT_A_CALL"):
        dbg.run.supply("c", output={})


def test_an_error_that_is_supplied_goes_where_errors_go(memory: wfnb.Workspace) -> None:
    guard = {
        "id": "guard",
        "type": "control.tryCatch",
        "try": [do("b", "mail")],
        "catch": [put("mended", x=1)],
    }
    publish(memory, guard, do("c", "print"))
    dbg = memory.debug("test")
    dbg.step()
    dbg.run.supply("b", error="It is lost.")
    dbg.run_to_end()
    assert dbg.run.envelope["vars"]["x"] == 1
    assert dbg.run.steps()[1].handled_by == "root.steps[0].try"


# --- waits, and runs of the world


def test_a_run_of_the_world_is_edited_with_a_word_a_role_and_a_reason(ws: wfnb.Workspace) -> None:
    publish(ws, HEARD, do("b", "mail", expr("vars.heard"), saveAs="vars.b"))
    run = ws.start("test").wait(60, until="parked")
    with pytest.raises(CommandError, match="EDIT_NOT_LIVE"):
        run.supply(output={"n": "six"})
    with pytest.raises(ValidationError, match="REASON_MISSING"):
        run.supply(output={"n": "six"}, live=True)
    run.supply(output={"n": "six"}, live=True, reason="they called us").wait(60)
    assert (run.status, run.envelope["vars"]["b"]) == ("SUCCEEDED", {"what": "six is done"})
    assert run.waits()[0].source == "supplied"
    entry = next(entry for entry in ws.audit() if entry.operation == "run.edited")
    assert (entry.id, entry.reason) == (run.id, "they called us")
    assert entry.changes == {
        "kind": "supply",
        "instance": "root.steps[0]",
        "changes": {"output": {"n": "six"}},
    }
    again = run.fork("heard").wait(60)
    assert again.envelope["vars"]["heard"] == "six"


@pytest.mark.parametrize("place", ["sqlite", "postgres"], indirect=True)
def test_who_may_not_operate_edits_forks_only(place: dict[str, Any], ws: wfnb.Workspace) -> None:
    publish(ws, HEARD)
    run = ws.start("test").wait(60, until="parked")
    with wfnb.open(**place, clock="2026-01-01", seed=1, role="author") as other:
        with pytest.raises(NotAllowedError, match="operate"):
            other.run(run.id).skip(live=True, reason="why not")
        fork = other.run(run.id).fork(1).wait(60, until="parked")
        assert fork.skip().wait(60).status == "SUCCEEDED"
    assert run.status == "WAITING"


@pytest.mark.parametrize("kind", ["time", "human", "retry", "child"])
def test_every_wait_can_be_skipped_and_supplied(memory: wfnb.Workspace, kind: str) -> None:
    steps = {
        "time": {"id": "w", "type": "time.wait", "config": {"mode": "until", "until": expr('"2090-01-01"')}},
        "human": {"id": "w", "type": "human.task", "config": {"taskType": "look", "title": "Look"}},
        "retry": do("w", "shaky", inputs={"tries": 9}, retry={"maxAttempts": 9, "backoffMs": 1}),
        "child": {"id": "w", "type": "control.callWorkflow", "workflowId": "asks", "workflowVersion": 1, "inputMapping": {}},
    }  # fmt: skip
    outputs: dict[str, Any] = {"retry": {"what": "x"}, "child": {"vars": {"x": 1}}}
    assert memory.publish({"id": "asks", "name": "Asks", "steps": [HEARD]}).ok
    publish(memory, put("a", x=1), steps[kind], put("z", z=1))
    for verb in ("skip", "supply"):
        dbg = memory.debug("test")
        dbg.step()
        if kind in ("human", "child", "retry"):
            dbg.step()
        run = dbg.run
        if verb == "skip":
            run.skip("w")
        else:
            run.supply("w", output=outputs.get(kind, {"ok": True}))
        dbg.run_to_end()
        assert (run.status, run.envelope["vars"]["z"]) == ("SUCCEEDED", 1), kind
    called = [memory.run(row.run) for row in memory.runs() if row.workflow == "asks"]
    assert {run.status for run in called} <= {"CANCELED"}


def test_parallel_items_are_edited_by_their_places(memory: wfnb.Workspace, deeds: list[str]) -> None:
    body = [do("x", "mail", expr("coalesce(vars.word, toString(vars.wideItem))")), put("q", x=1)]
    publish(memory, each("wide", body, 3), do("z", "print"))
    dbg = memory.debug("test", {"items": [1, 2, 3]})
    run = dbg.run
    dbg.step()
    with pytest.raises(CommandError, match="EDIT_AMBIGUOUS"):
        run.skip("x")
    run.set("vars.word", "edited", item="root.steps[0].body{1}")
    run.skip("root.steps[0].body{0}.steps[0]")
    run.supply("root.steps[0].body{2}.steps[0]", output={"what": "as if"})
    dbg.run_to_end()
    assert run.status == "SUCCEEDED"
    assert deeds == ["edited", "z"]
    skipped = [step.instance for step in run.steps() if step.handled_by == "skip"]
    assert skipped == ["root.steps[0].body{0}.steps[0]"]


def test_the_last_step_of_the_last_item_of_nested_loops_can_be_skipped(memory: wfnb.Workspace) -> None:
    publish(memory, each("outer", [each("inner", [do("deep", "mail")], 2)], 2), put("z", z=1))
    dbg = memory.debug("test", {"items": [1]})
    dbg.step().step()
    dbg.run.skip("deep")
    dbg.run_to_end()
    assert (dbg.run.status, dbg.run.envelope["vars"]) == ("SUCCEEDED", {"z": 1})


def test_whoever_drives_an_edited_run_is_stopped_for_it_and_goes_on_behind_it(place: dict[str, Any]) -> None:
    entered, gate = threading.Event(), threading.Event()
    calls: list[str] = []
    with wfnb.open(**place) as ws:

        @ws.action("slow", side_effect=True, idempotency="engine")
        def slow(deed: Deed, context: wfnb.ActionContext) -> Done:
            calls.append(context.idempotency_key)
            entered.set()
            assert gate.wait(60)
            if len(calls) > 5:
                raise TransientError("Again.")
            return Done(what="late")

        publish(ws, do("a", "slow", saveAs="vars.a"), put("b", x=1))
        run = ws.start("test")
        assert entered.wait(60)
        run.supply("a", output={"what": "early"}, live=True, reason="we know what it gave")
        gate.set()
        assert run.wait(60).envelope["vars"] == {"a": {"what": "early"}, "x": 1}
        assert len(calls) == 1
        assert [step.status for step in run.steps()] == ["SUCCEEDED", "SUCCEEDED"]
        assert run.row.epoch > 0


# --- debuggers


def test_a_debugger_edits_where_the_run_stands_and_shows_it(memory: wfnb.Workspace, deeds: list[str]) -> None:
    publish(
        memory,
        put("a", x=1),
        do("b", "mail", saveAs="vars.b"),
        put("c", y=expr("vars.x * 10")),
        put("d", z=1),
    )
    dbg = memory.debug("test").step()
    dbg.set("vars.x", 4)
    assert (dbg.position, dbg.state["vars"]) == (2, {"x": 4})
    assert [mark.kind for mark in dbg._film.marks()] == ["edit"]
    dbg.supply(output={"what": "as if"}).step()
    assert dbg.state["vars"] == {"x": 4, "b": {"what": "as if"}, "y": 40}
    dbg.jump("c").step().skip("d")
    assert (dbg.run.status, dbg.finished, dbg.live, deeds) == ("SUCCEEDED", True, False, [])
    assert dbg.back().back().position == dbg.length - 2


def test_on_the_record_a_debugger_forks_instead(memory: wfnb.Workspace, deeds: list[str]) -> None:
    publish(memory, put("a", x=1), do("b", "mail", expr("toString(vars.x)"), saveAs="vars.b"), put("c", y=2))
    dbg = memory.start("test").wait().debug().goto(1)
    for verb in (lambda: dbg.set("vars.x", 2), dbg.skip, dbg.supply, lambda: dbg.jump("a")):
        with pytest.raises(CommandError, match="EDIT_ON_RECORD"):
            verb()
    fork = dbg.fork(edits={"vars.x": 2})
    assert (fork.live, fork.position, fork.state["vars"]) == (True, 0, {"x": 2})
    fork.step()
    assert fork.run.invocations()[0].source == "recorded-changed"
    fork.set("vars.b", wfnb.DELETE).run_to_end()
    assert fork.state["vars"] == {"x": 2, "y": 2}
    assert fork.run.row.trigger == f"fork:{dbg.run.id}"
    assert deeds == ["1"]
    with pytest.raises(CommandError, match="FORK_NOT_CONFIRMED"):
        dbg.fork(live=True, reason="try it")
