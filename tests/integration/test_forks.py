"""Forks of runs as people use them, over the stores."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wfnb
from crash.deeds import answer, connect, do, each, expr
from wfnb.errors import CommandError, NotAllowedError, NotFoundError, ValidationError

PAYLOAD = {"total": 70, "items": [1, 2, 3], "order": "o1"}


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    store = {"sqlite": None, "memory": "memory"}.get(request.param)
    if request.param == "postgres":
        store = request.getfixturevalue("postgres_url")
    return {"path": tmp_path, "store": store}


@pytest.fixture
def deeds() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def ws(place: dict[str, Any], deeds: list[tuple[str, str]]) -> Iterator[wfnb.Workspace]:
    with wfnb.open(**place, clock="2026-01-01", seed=1, starts_per_minute=None) as workspace:
        connect(workspace, lambda key, what: deeds.append((key, what)))
        yield workspace


@pytest.fixture
def memory(deeds: list[tuple[str, str]]) -> Iterator[wfnb.Workspace]:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1, starts_per_minute=None) as workspace:
        connect(workspace, lambda key, what: deeds.append((key, what)))
        yield workspace


def publish(ws: wfnb.Workspace, *steps: dict[str, Any], name: str = "test") -> int:
    made = ws.publish({"id": name, "name": name, "steps": list(steps)})
    assert made.ok, made.findings
    return int(made.version or 0)


def known(run: wfnb.Run) -> Any:
    """What a run knows, without its own name and times."""
    roots = {key: value for key, value in run.envelope.items() if key != "run"}
    return json.loads(
        re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "T", json.dumps(roots))
        .replace(run.id, "ID")
        .replace("run-0001", "ID")
    )


def ended(run: wfnb.Run, after: int = 0) -> list[tuple[Any, ...]]:
    return sorted(
        (step.instance, step.attempt, step.status, str(step.branch), str(step.handled_by))
        for step in run.steps()
        if step.seq > after
    )


def test_a_fork_at_any_macrostep_ends_like_its_origin_and_does_nothing(
    ws: wfnb.Workspace, deeds: list[tuple[str, str]]
) -> None:
    run = answer(ws, ws.start("deeds", PAYLOAD))
    assert (run.status, len(deeds)) == ("SUCCEEDED", 37)
    before = (run.row, run.steps(), run.invocations(), run.waits(), run.events())
    for at in range(0, run.row.seq, 9):
        fork = run.fork(at).wait(60)
        assert known(fork) == known(run), at
        assert ended(fork) == ended(run, at), at
        assert {call.source for call in fork.invocations()} <= {"recorded"}
        assert {wait.source for wait in fork.waits()} <= {"recorded"}
    assert len(deeds) == 37
    assert (run.row, run.steps(), run.invocations(), run.waits(), run.events()) == before


def test_a_live_fork_does_each_deed_once_under_keys_of_its_own(
    ws: wfnb.Workspace, deeds: list[tuple[str, str]]
) -> None:
    run = answer(ws, ws.start("deeds", PAYLOAD))
    fork = run.fork("mail", live=True, confirm=True, reason="the goods were lost")
    answer(ws, fork)
    assert (fork.status, fork.row.live, len(deeds)) == ("SUCCEEDED", True, 74)
    assert len({key for key, _ in deeds}) == 74
    assert sorted(what for _, what in deeds[:37]) == sorted(what for _, what in deeds[37:])
    assert {call.source for call in fork.invocations()} == {None}


def test_a_live_fork_that_nobody_confirmed_says_what_it_may_cause(
    memory: wfnb.Workspace, deeds: list[tuple[str, str]]
) -> None:
    run = answer(memory, memory.start("deeds", PAYLOAD))
    with pytest.raises(CommandError) as caught:
        run.fork("last", live=True, reason="try it")
    assert caught.value.code == "FORK_NOT_CONFIRMED"
    assert "last (mail@1)" in str(caught.value.hint)
    plan = run.fork_plan("last")
    assert [(row.step, row.action) for row in plan.effects] == [("last", "mail")]
    child = [row.workflow for row in run.fork_plan("child").effects if row.step == "childDoes"]
    assert child == ["child"]
    assert repr(plan).startswith("<ForkPlan of run-0001 at ")
    assert run.fork_plan("rest").effects[0].step == "last"
    assert len(deeds) == 37
    assert len(memory.runs()) == 3


def test_changed_values_are_seen_by_the_steps_behind_and_changed_questions_are_said(
    memory: wfnb.Workspace, deeds: list[tuple[str, str]]
) -> None:
    run = answer(memory, memory.start("deeds", PAYLOAD))
    fork = run.fork("http", edits={"vars.total": 10, "payload.order": wfnb.DELETE, "meta.note": "x"}).wait(
        60, until="parked"
    )
    by_step = {call.instance: call.source for call in fork.invocations()}
    assert by_step["root.steps[2]"] == "recorded-changed"
    assert by_step["root.steps[3]"] == "recorded"
    assert next(step for step in fork.steps() if step.id == "big").branch == "else"
    assert next(call for call in fork.invocations() if ".else." in call.instance).source == "sampled"
    assert fork.envelope["payload"] == {"total": 70, "items": [1, 2, 3]}
    assert fork.row.edits == {
        "vars.total": {"value": 10}, "payload.order": {"removed": True}, "meta.note": {"value": "x"},
    }  # fmt: skip
    assert len(deeds) == 37


def test_fixtures_answer_what_the_record_does_not(memory: wfnb.Workspace) -> None:
    publish(memory, do("a", "mail", saveAs="vars.a"), each("e", [do("b", "http", saveAs="vars.b")]))
    run = memory.start("test", {"items": []}).wait()
    given = {"http": {"$each": [{"what": "one"}, {"$error": {"message": "No more."}}]}}
    fork = run.fork("e", edits={"payload.items": [1, 2]}, fixtures=given).wait()
    assert [(call.source, call.output) for call in fork.invocations()] == [
        ("fixture", {"what": "one"}), ("fixture", None),
    ]  # fmt: skip
    assert (fork.status, fork.error and fork.error["message"]) == ("FAILED", "No more.")
    sampled = run.fork("e", edits={"payload.items": [1]}).wait()
    assert sampled.envelope["vars"]["b"] == {"what": "sample-string"}
    with pytest.raises(ValidationError, match="INVALID_FIXTURE"):
        run.fork("e", fixtures={"http": {"$each": []}})


@pytest.mark.parametrize("place", ["sqlite", "postgres"], indirect=True)
def test_a_fork_keeps_to_its_mode_and_its_fixtures_wherever_it_is_driven(
    place: dict[str, Any], deeds: list[tuple[str, str]]
) -> None:
    def tell(key: str, what: str) -> None:
        deeds.append((key, what))

    with wfnb.open(**place) as ws:
        connect(ws, tell)
        publish(ws, each("e", [do("b", "http", saveAs="vars.b")]))
        run = ws.start("test", {"items": []}).wait(60)
    with wfnb.open(**place, drive=False) as ws:
        connect(ws, tell)
        edits = {"payload.items": [1, 2]}
        name = ws.run(run.id).fork(0, edits=edits, fixtures={"b": {"what": "fixed"}}).id
    with wfnb.open(**place) as ws:
        connect(ws, tell)
        fork = ws.run(name).wait(60)
        assert [call.source for call in fork.invocations()] == ["fixture", "fixture"]
        assert fork.envelope["vars"]["b"] == {"what": "fixed"}
    assert deeds == []


HEARD = {"eventName": "HEARD", "correlationKey": expr('"k"'), "assign": {"vars.heard": expr("vars.event.n")}}
WAITS: list[dict[str, Any]] = [
    {"id": "heard", "type": "event.wait", "config": HEARD},
    do("behind", "mail", expr("vars.heard"), saveAs="vars.behind"),
]


def test_a_wait_that_the_origin_has_not_come_through_is_not_answered_by_the_world(ws: wfnb.Workspace) -> None:
    publish(ws, *WAITS)
    run = ws.start("test").wait(60, until="parked")
    fork = run.fork(1).wait(60, until="parked")
    assert fork.status == "WAITING"
    receipt = ws.submit_event("HEARD", key="k", payload={"n": "seven"})
    assert receipt.run == run.id, "an event of the world wakes the run of the world"
    run.wait(60)
    again = run.fork(1).wait(60)
    assert (again.status, again.waits()[0].source, again.envelope["vars"]["heard"]) == (
        "SUCCEEDED",
        "recorded",
        "seven",
    )
    assert fork.status == "WAITING"
    fork.resume({"n": "eight"}, reason="we try another answer")
    assert fork.wait(60).envelope["vars"]["event"] == {"n": "eight"}


@pytest.mark.parametrize("place", ["sqlite", "postgres"], indirect=True)
def test_an_answer_that_the_origin_has_not_taken_yet_is_no_answer_for_the_fork(place: dict[str, Any]) -> None:
    with wfnb.open(**place) as ws:
        publish(ws, {"id": "hold", "type": "event.wait", "config": HEARD})
        run = ws.start("test").wait(60, until="parked")
    with wfnb.open(**place, drive=False) as ws:
        ws.submit_event("HEARD", key="k", payload={"n": 1})
        run = ws.run(run.id)
        name = run.fork(run.row.seq).id
        assert (ws.run(name).status, ws.run(name).waits()) == ("RUNNING", [])
        ws.run(run.id).cancel("it has waited long enough")
    with wfnb.open(**place) as ws:
        fork = ws.run(name).wait(60, until="parked")
        assert (fork.status, fork.waits()[0].status) == ("WAITING", "WAITING")


def test_a_fork_of_a_failed_run_goes_on_before_the_step_that_failed(ws: wfnb.Workspace) -> None:
    publish(ws, do("a", "mail"), do("b", "broken"), do("c", "print"))
    run = ws.start("test").wait(60)
    assert run.status == "FAILED"
    with pytest.raises(CommandError, match="FORK_RUN_OVER"):
        run.fork(run.row.seq)
    assert run.fork("b").wait(60).error == run.error
    publish(ws, do("a", "mail"), do("b", "mail"), do("c", "print"))
    mended = run.fork("b", version=2).wait(60)
    assert (mended.status, mended.version) == ("SUCCEEDED", 2)
    assert [call.source for call in mended.invocations()] == ["sampled", "sampled"]


LOOP = each("loop", [do("in", "mail", expr("toString(vars.loopItem)")), do("next", "http")])


def test_another_version_is_entered_at_the_step_of_the_same_id(memory: wfnb.Workspace) -> None:
    publish(memory, do("a", "print"), LOOP, do("z", "file"))
    added = each("loop", [do("new", "db"), *LOOP["body"]])
    publish(memory, do("before", "print"), do("a", "print"), added, do("z", "file"))
    run = memory.start("test", PAYLOAD, version=1).wait()
    at = next(step.seq for step in run.steps() if step.instance == "root.steps[1].body{1}.steps[0]")
    fork = run.fork(at, version=2).wait()
    told = [(call.instance, call.source) for call in fork.invocations()]
    assert told == [
        ("root.steps[2].body{1}.steps[2]", "recorded"),
        ("root.steps[2].body{2}.steps[0]", "sampled"),
        ("root.steps[2].body{2}.steps[1]", "recorded"),
        ("root.steps[2].body{2}.steps[2]", "recorded"),
        ("root.steps[3]", "recorded"),
    ]
    back = fork.fork("z", version=1).wait()
    assert [(call.instance, call.source) for call in back.invocations()] == [("root.steps[2]", "recorded")]


def test_another_version_without_such_a_place_is_refused(memory: wfnb.Workspace) -> None:
    publish(memory, do("a", "print"), LOOP)
    publish(memory, do("a", "print"), each("loop", [do("inn", "mail"), do("next", "http")]))
    branch = {"id": "loop", "type": "control.if", "condition": expr("true"), "then": LOOP["body"], "else": []}
    publish(memory, do("a", "print"), branch)
    run = memory.start("test", PAYLOAD, version=1).wait()
    at = next(step.seq for step in run.steps() if step.id == "loop")
    with pytest.raises(CommandError) as gone:
        run.fork(at, version=2)
    assert (gone.value.code, gone.value.where) == ("FORK_STEP_GONE", "root.steps[1].body.steps[0]")
    assert "inn" in str(gone.value.hint)
    with pytest.raises(CommandError) as differs:
        run.fork(at, version=3)
    assert differs.value.code == "FORK_STEP_DIFFERS"
    with pytest.raises(NotFoundError, match="NO_SUCH_VERSION"):
        run.fork(at, version=9)
    with pytest.raises(NotFoundError, match="NO_SUCH_STEP"):
        run.fork("nowhere")
    with pytest.raises(ValidationError, match="INVALID_ASSIGN_PATH"):
        run.fork(at, edits={"nowhere": 1})
    other = memory.start("test", PAYLOAD, version=1).wait()
    with pytest.raises(ValidationError, match="INVALID_ARGUMENT"):
        run.fork(other.at(1))
    assert run.fork(run.at(at)).wait().status == "SUCCEEDED"


def test_values_of_one_parallel_item_are_changed_by_its_place(memory: wfnb.Workspace) -> None:
    inner = [
        do("x", "mail", expr("vars.word & toString(vars.wideItem)"), saveAs="vars.x"),
        do("y", "print", expr("vars.word")),
    ]
    first = {
        "id": "first",
        "type": "transform.assign",
        "config": {"assign": {"vars.word": "old", "vars.list": [1, 2]}},
    }
    publish(memory, first, each("wide", inner, 3), do("z", "file", expr("vars.word")))
    run = memory.start("test", PAYLOAD).wait()
    at = next(step.seq for step in run.steps() if step.instance == "root.steps[1].body{0}.steps[0]")
    fork = run.fork(at, edits={"vars.word@root.steps[1].body{1}": "one", "vars.list.1": 5}).wait()
    asked = {call.instance: call.input["what"] for call in fork.invocations()}
    assert asked["root.steps[1].body{1}.steps[0]"] == "one2"
    assert asked["root.steps[1].body{2}.steps[0]"] == "old3"
    assert fork.envelope["vars"]["list"] == [1, 5]
    everywhere = run.fork(at, edits={"vars.word": "all"}).wait()
    asked = {call.instance: call.input["what"] for call in everywhere.invocations()}
    assert (asked["root.steps[1].body{2}.steps[1]"], asked["root.steps[2]"]) == ("all", "all")
    with pytest.raises(CommandError, match="EDIT_NO_SUCH_ITEM"):
        run.fork(at, edits={"vars.word@root.steps[9].body{1}": "one"})
    with pytest.raises(CommandError, match="EDIT_NO_SUCH_PLACE"):
        run.fork(at, edits={"vars.list.7": 1})


def test_the_family_shows_who_comes_from_whom(ws: wfnb.Workspace) -> None:
    publish(ws, do("a", "mail"), do("b", "http"), do("c", "print"))
    run = ws.start("test").wait(60)
    fork = run.fork("b", edits={"vars.x": 1}).wait(60)
    deeper = fork.fork("c").wait(60)
    live = run.fork("c", live=True, confirm=True, reason="once more").wait(60)
    family = deeper.family()
    assert [(row.run, row.of, row.before, row.mode, row.edits, row.depth) for row in family.rows] == [
        (run.id, None, None, "origin", 0, 0),
        (fork.id, run.id, "b", "recorded", 1, 1),
        (deeper.id, fork.id, "c", "recorded", 0, 2),
        (live.id, run.id, "c", "live", 0, 1),
    ]
    assert repr(family).splitlines()[2] == f"  {fork.id} SUCCEEDED, recorded before b, 1 edit, version 1"
    assert "fork on record of" in repr(fork)
    shown = family._repr_mimebundle_()
    assert fork.id in shown["text/html"]
    assert family.picture().svg.startswith("<svg ")
    assert [call.source for call in deeper.invocations()] == ["recorded"]


@pytest.mark.parametrize("place", ["sqlite", "postgres"], indirect=True)
def test_who_may_not_operate_may_fork_on_record_only(place: dict[str, Any], ws: wfnb.Workspace) -> None:
    publish(ws, {"id": "a", "type": "transform.assign", "config": {"assign": {"vars.x": 1}}})
    run = ws.start("test").wait(60)
    with wfnb.open(**place, clock="2026-01-01", seed=1, role="author") as other:
        assert other.run(run.id).fork("a").wait(60).status == "SUCCEEDED"
        with pytest.raises(NotAllowedError, match="operate"):
            other.run(run.id).fork("a", live=True, confirm=True, reason="why not")


def test_the_audit_says_who_forked_what_and_why_with_secrets_masked(memory: wfnb.Workspace) -> None:
    publish(memory, do("a", "mail"))
    run = memory.start("test").wait()
    fork = run.fork("a", edits={"vars.password": "hunter2", "vars.x": 1}, reason="we look into it")
    entry = next(entry for entry in memory.audit() if entry.operation == "run.forked")
    assert (entry.id, entry.reason, entry.changes["new"]) == (run.id, "we look into it", fork.id)
    assert entry.changes["edits"] == {"vars.password": {"new": "[REDACTED]"}, "vars.x": {"new": 1}}
    assert fork.at(0).envelope["vars"]["password"] == "[REDACTED]"
    shown = (memory.audit(), fork.row, fork.family(), fork.events(), fork.logs(), fork)
    assert "hunter2" not in " ".join(map(repr, shown))


def test_forks_on_record_that_fail_do_not_pause_a_workflow(memory: wfnb.Workspace) -> None:
    publish(memory, do("a", "mail"), do("b", "broken", expr("payload.what")))
    memory.workflow("test").limits("for the test", auto_pause=True, failure_min_runs=2, failure_threshold=0.5)
    run = memory.start("test", {"what": "x"}).wait()
    for _ in range(3):
        run.fork("b").wait()
    assert not memory.workflow("test").paused


def test_an_origin_stays_for_as_long_as_a_fork_of_it_is_under_way(
    place: dict[str, Any], ws: wfnb.Workspace
) -> None:
    if place["store"] == "memory":
        return  # nothing is deleted for its age there
    publish(ws, *WAITS)
    run = ws.start("test").wait(60, until="parked")
    fork = run.fork(1).wait(60, until="parked")
    run.cancel("it has waited long enough")
    ws.start("deeds", PAYLOAD).wait(60, until="parked")  # the newest run is never deleted
    ws.pass_time(hours=24 * 30)
    assert _purged(ws) == 0
    fork.cancel("it has shown enough")
    assert _purged(ws) == 2


def _purged(ws: wfnb.Workspace) -> int:
    """How many runs are deleted of those that ended before now."""
    return sum(row.runs for row in ws.purge("for the test", days=1, workflow="test", preview=False))
