"""Runs that wait for events, moments and people, as people use them, over the stores."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from wfnb.errors import CommandError, NotFoundError, ValidationError


class Nothing(BaseModel):
    """Input and output of an action that needs none."""


FORM = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest) -> str | None:
    return "memory" if request.param == "memory" else None


@pytest.fixture
def ws(store: str | None, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path, store=store, clock="2026-01-01", seed=1) as workspace:
        yield workspace


@pytest.fixture
def real(store: str | None, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path, store=store) as workspace:
        yield workspace


def event(step_id: str = "answer", **config: Any) -> dict[str, Any]:
    given = {"eventName": "ANSWERED", "correlationKey": {"$expr": "payload.ticket"}, **config}
    return {"id": step_id, "type": "event.wait", "config": given}


def pause(**config: Any) -> dict[str, Any]:
    return {"id": "pause", "type": "time.wait", "config": config}


def task(**config: Any) -> dict[str, Any]:
    given = {"taskType": "approve", "title": {"$expr": "'Refund ' & payload.ticket"}, "form": FORM, **config}
    return {"id": "ask", "type": "human.task", "config": given}


def guard(*steps: dict[str, Any], catch: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "id": "guard", "type": "control.tryCatch", "try": list(steps), "catch": list(catch), "captureErrorAs": "fault",
    }  # fmt: skip


def publish(ws: wfnb.Workspace, *steps: dict[str, Any], id: str = "test", **extra: Any) -> None:
    publication = ws.publish({"id": id, "name": id.title(), "steps": list(steps), **extra})
    assert publication.ok, publication.findings


def parked(ws: wfnb.Workspace, ticket: Any = "t-1", workflow: str = "test") -> wfnb.Run:
    return ws.start(workflow, {"ticket": ticket}).wait(until="parked")


@pytest.mark.behaviour(126, 212)
def test_an_event_wakes_the_run_that_waits_for_its_key(ws: wfnb.Workspace) -> None:
    publish(
        ws, event(assign={"vars.text": {"$expr": "vars.event.text"}, "payload.seen": {"$expr": "vars.text"}})
    )
    first, second = parked(ws), parked(ws, "t-2")
    assert (first.status, second.status) == ("WAITING", "WAITING")
    (wait,) = first.waits()
    assert (wait.type, wait.status, wait.event, wait.key) == ("event", "WAITING", "ANSWERED", "t-1")
    done = ws.submit_event("ANSWERED", {"text": "yes"}, key="t-2")
    assert (done.run, done.started, done.matched, done.status) == (second.id, (), True, "resumed")
    second.wait()
    assert second.status == "SUCCEEDED"
    assert second.envelope["vars"] == {"event": {"text": "yes"}, "eventName": "ANSWERED", "text": "yes"}
    assert second.envelope["payload"] == {"ticket": "t-2", "seen": "yes"}
    assert first.status == "WAITING"
    assert second.waits()[0].status == "RESOLVED"


@pytest.mark.behaviour(125, 141)
def test_an_event_wakes_one_run_only_the_one_that_waited_longest(ws: wfnb.Workspace) -> None:
    publish(ws, event())
    first, second = parked(ws), parked(ws)
    assert ws.submit_event("ANSWERED", {}, key="t-1").run == first.id
    assert ws.submit_event("ANSWERED", {}, key="t-1").run == second.id
    assert ws.submit_event("ANSWERED", {}, key="t-1").run is None
    assert [row.status for row in ws.inbox()] == ["unmatched", "matched", "matched"]
    assert [row.run for row in ws.inbox(status="matched")] == [second.id, first.id]


@pytest.mark.defect("D-7")
def test_one_event_ends_one_of_two_waits_in_a_row(ws: wfnb.Workspace) -> None:
    publish(ws, event("first"), event("second"))
    run = parked(ws)
    ws.submit_event("ANSWERED", {"n": 1}, key="t-1")
    run.wait(until="parked")
    assert [wait.status for wait in run.waits()] == ["RESOLVED", "WAITING"]
    ws.submit_event("ANSWERED", {"n": 2}, key="t-1")
    assert run.wait().envelope["vars"]["event"] == {"n": 2}


def test_an_event_that_does_not_pass_the_filters_leaves_the_wait_open(ws: wfnb.Workspace) -> None:
    publish(ws, event(filters=[{"path": "status", "op": "in", "value": ["done", "closed"]}]))
    run = parked(ws)
    assert not ws.submit_event("ANSWERED", {"status": "open"}, key="t-1").matched
    assert run.status == "WAITING"
    assert ws.submit_event("ANSWERED", {"status": "done"}, key="t-1").run == run.id


def test_the_same_event_twice_counts_once(ws: wfnb.Workspace) -> None:
    publish(ws, event())
    parked(ws), parked(ws)
    first = ws.submit_event("ANSWERED", {}, key="t-1", dedupe="mail-7")
    again = ws.submit_event("ANSWERED", {}, key="t-1", dedupe="mail-7")
    ws.run(first.run or "").wait()
    assert (again.number, again.run, again.duplicate) == (first.number, first.run, True)
    assert len(ws.inbox()) == 1
    assert [run.status for run in ws.runs(status="WAITING")] == ["WAITING"]


@pytest.mark.behaviour(128, 129, 213)
def test_a_wait_that_runs_out_fails_with_a_timeout_that_can_be_caught(ws: wfnb.Workspace) -> None:
    publish(ws, guard(event(timeoutMs=3_600_000)))
    run = parked(ws)
    ws.pass_time(minutes=59)
    assert run.wait(until="parked").status == "WAITING"
    ws.pass_time(minutes=2)
    run.wait()
    assert run.status == "SUCCEEDED"
    fault = run.envelope["vars"]["fault"]
    assert (fault["category"], fault["code"]) == ("TimeoutError", "WAIT_TIMEOUT")
    assert [(step.id, step.status) for step in run.steps()][-1] == ("answer", "FAILED")
    assert not ws.submit_event("ANSWERED", {}, key="t-1").matched


def test_a_timeout_that_nobody_catches_fails_the_run(ws: wfnb.Workspace) -> None:
    publish(ws, event(timeoutMs=1000))
    run = parked(ws)
    ws.pass_time(seconds=2)
    assert run.wait().status == "FAILED"


def test_a_pause_takes_no_time_when_time_is_simulated(ws: wfnb.Workspace) -> None:
    publish(
        ws, pause(mode="duration", durationMs=172_800_000, assign={"vars.n": {"$expr": "vars.timeWait.mode"}})
    )
    run = ws.start("test").wait()
    assert run.envelope["vars"]["n"] == "duration"
    assert run.envelope["vars"]["timeWait"]["dueAt"].startswith("2026-01-03T00:00")
    assert run.waits()[0].status == "RESOLVED"


def test_a_pause_until_a_moment_that_is_none_is_an_error(ws: wfnb.Workspace) -> None:
    publish(ws, pause(mode="until", until={"$expr": "payload.when"}))
    run = ws.start("test", {"when": "tomorrow"}).wait()
    assert run.error is not None
    assert run.error["code"] == "INVALID_TIME"


def test_a_real_pause_parks_the_run_and_ends_when_it_is_due(real: wfnb.Workspace) -> None:
    publish(real, pause(mode="duration", durationMs=60))
    run = real.start("test").wait(60)
    assert run.status == "SUCCEEDED"
    (step,) = run.steps()
    assert step.duration_ms is not None
    assert step.duration_ms >= 60


@pytest.mark.behaviour(128)
def test_a_real_event_wait_runs_out_by_itself(real: wfnb.Workspace) -> None:
    publish(real, event(timeoutMs=50))
    assert real.start("test", {"ticket": "t"}).wait(60).status == "FAILED"


@pytest.mark.behaviour(132, 133, 134)
def test_a_person_completes_a_task_with_a_form(ws: wfnb.Workspace) -> None:
    publish(ws, task(priority="high", assignee="ann", contextData={"n": {"$expr": "1 + 1"}}))
    run = parked(ws)
    (open_task,) = ws.tasks()
    assert (open_task.title, open_task.priority, open_task.assignee) == ("Refund t-1", "high", "ann")
    assert (open_task.run, open_task.context, open_task.form) == (run.id, {"n": 2}, FORM)
    with pytest.raises(ValidationError, match="FORM_INVALID"):
        ws.complete_task(open_task, {"ok": "perhaps"})
    assert run.status == "WAITING"
    ws.complete_task(open_task.id, {"ok": True}, actor="ann")
    assert run.wait().envelope["vars"]["event"] == {"ok": True}
    assert list(ws.tasks()) == []
    with pytest.raises(CommandError, match="WAIT_OVER"):
        ws.complete_task(open_task.id, {"ok": False})
    with pytest.raises(NotFoundError, match="NO_SUCH_TASK"):
        ws.complete_task("run-0001/nowhere", {})


def test_urgent_tasks_stand_first(ws: wfnb.Workspace) -> None:
    publish(ws, task(), id="plain")
    publish(ws, task(priority="urgent"), id="urgent")
    parked(ws, workflow="plain")
    parked(ws, workflow="urgent")
    assert [row.priority for row in ws.tasks()] == ["urgent", "medium"]
    assert list(ws.tasks(assignee="bob")) == []


@pytest.mark.behaviour(136, 137)
def test_cancelling_a_run_ends_its_waits(ws: wfnb.Workspace) -> None:
    publish(ws, event())
    run = parked(ws)
    run.cancel("No longer needed.")
    assert (run.status, run.waits()[0].status) == ("CANCELED", "CANCELED")
    assert [step.status for step in run.steps()] == ["CANCELED"]
    assert not ws.submit_event("ANSWERED", {}, key="t-1").matched
    assert run.status == "CANCELED"


def test_waiting_for_a_run_that_only_an_answer_wakes_is_refused_at_once(ws: wfnb.Workspace) -> None:
    publish(ws, event())
    with pytest.raises(CommandError, match="RUN_WAITS"):
        parked(ws).wait()


def test_a_run_waits_for_a_child_that_waits(ws: wfnb.Workspace) -> None:
    publish(ws, event(), id="child")
    step = {
        "id": "sub", "type": "control.callWorkflow", "workflowId": "child", "workflowVersion": 1,
        "inputMapping": {"ticket": {"$expr": "payload.ticket"}},
        "outputMapping": {"vars.text": {"$expr": "vars.childRun.vars.event.text"}},
    }  # fmt: skip
    publish(ws, step, id="parent")
    run = parked(ws, workflow="parent")
    ws.run(ws.runs(workflow="child")[0].run).wait(until="parked")
    assert [(row.workflow, row.status) for row in ws.runs()] == [("child", "WAITING"), ("parent", "RUNNING")]
    ws.submit_event("ANSWERED", {"text": "hello"}, key="t-1")
    assert run.wait(60).envelope["vars"] == {"text": "hello"}


def test_cancelling_a_run_cancels_the_child_it_waits_for(ws: wfnb.Workspace) -> None:
    publish(ws, event(), id="child")
    step = {
        "id": "sub", "type": "control.callWorkflow", "workflowId": "child", "workflowVersion": 1,
        "inputMapping": {"ticket": {"$expr": "payload.ticket"}},
    }  # fmt: skip
    publish(ws, step, id="parent")
    run = parked(ws, workflow="parent")
    run.cancel("No longer needed.")
    assert [row.status for row in ws.runs()] == ["CANCELED", "CANCELED"]


@pytest.mark.behaviour(199, 200, 201)
@pytest.mark.defect("D-18")
def test_an_event_starts_every_workflow_with_its_trigger(ws: wfnb.Workspace) -> None:
    done = {"id": "done", "type": "control.return"}
    trigger = {"type": "event", "eventName": "ORDERED"}
    publish(ws, done, id="one", trigger=trigger)
    publish(ws, done, id="one", trigger=trigger, description="a second version")
    publish(
        ws, done, id="two",
        trigger={**trigger, "payloadMapping": {"order.id": {"$expr": "event.payload.id"}, "by": {"$expr": "event.name"}}},
    )  # fmt: skip
    publish(ws, done, id="other")
    sent = ws.submit_event("ORDERED", {"id": 7})
    runs = {row.workflow: ws.run(row.run).wait() for row in ws.runs()}
    assert set(runs) == {"one", "two"}
    assert set(sent.started) == {run.id for run in runs.values()}
    assert runs["two"].envelope["payload"] == {"order": {"id": 7}, "by": "ORDERED"}
    assert runs["two"].envelope["meta"]["triggerMappingApplied"] is True
    assert [row.version for row in ws.runs(workflow="one")] == [2]
    assert ws.inbox()[0].status == "matched"


def test_a_workflow_that_cannot_start_is_told_on_the_record(ws: wfnb.Workspace) -> None:
    trigger = {
        "type": "event",
        "eventName": "ORDERED",
        "payloadMapping": {"n": {"$expr": "event.payload.absent"}},
    }
    publish(ws, {"id": "done", "type": "control.return"}, trigger=trigger)
    sent = ws.submit_event("ORDERED", {})
    assert sent.started == ()
    assert sent.error is not None
    assert sent.error.startswith("test: ")
    assert ws.inbox(status="error")[0].error == sent.error


@pytest.mark.behaviour(138)
def test_tenants_do_not_answer_each_other(tmp_path: Path) -> None:
    with (
        wfnb.open(tmp_path, tenant="a", seed=1, clock="2026-01-01") as a,
        wfnb.open(tmp_path, tenant="b", seed=2, clock="2026-01-01") as b,
    ):
        publish(a, event())
        run = parked(a)
        assert not b.submit_event("ANSWERED", {}, key="t-1").matched
        assert list(b.inbox()) != []
        assert list(a.inbox()) == []
        assert a.submit_event("ANSWERED", {}, key="t-1").run == run.id


def test_a_parked_run_goes_on_in_another_workspace(tmp_path: Path) -> None:
    with wfnb.open(tmp_path) as first:
        publish(first, event())
        run_id = parked(first).id
    with wfnb.open(tmp_path) as second:
        second.submit_event("ANSWERED", {}, key="t-1")
        assert second.run(run_id).wait(60).status == "SUCCEEDED"


def test_every_one_of_many_parked_runs_is_woken_once(store: str | None, tmp_path: Path) -> None:
    with wfnb.open(tmp_path, store=store) as ws:
        publish(ws, event())
        runs = [ws.start("test", {"ticket": number}) for number in range(60)]
        for run in runs:
            run.wait(120, until="parked")
        woken: list[str | None] = []

        def submit(numbers: range) -> None:
            for number in numbers:
                woken.append(ws.submit_event("ANSWERED", {"n": number}, key=number).run)

        threads = [threading.Thread(target=submit, args=(range(60),)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(filter(None, woken)) == sorted(run.id for run in runs)
        assert [run.wait(120).envelope["vars"]["event"]["n"] for run in runs] == list(range(60))


def test_a_debugger_stops_at_a_wait_and_goes_on_after_the_answer(ws: wfnb.Workspace) -> None:
    publish(ws, event(), {"id": "done", "type": "control.return"})
    debugger = ws.debug("test", {"ticket": "t-1"})
    debugger.step()
    run = debugger.run
    assert run.status == "WAITING"
    ws.submit_event("ANSWERED", {}, key="t-1")
    debugger.step()
    assert [(step.id, step.status) for step in run.steps()] == [("answer", "SUCCEEDED")]
    debugger.step()
    assert run.status == "SUCCEEDED"


def test_waiting_for_a_run_whose_child_tries_again_is_no_waiting_for_an_answer(ws: wfnb.Workspace) -> None:
    tries: list[int] = []

    @ws.action("flaky", retry={"maxAttempts": 3, "backoffMs": 50})
    def _flaky(data: Nothing) -> Nothing:
        tries.append(1)
        if len(tries) % 3:
            raise wfnb.TransientError("Not yet.")
        return data

    publish(
        ws, {"id": "try", "type": "action.call", "config": {"actionId": "flaky", "version": 1}}, id="child"
    )
    step = {"id": "sub", "type": "control.callWorkflow", "workflowId": "child", "workflowVersion": 1}
    publish(ws, step, id="parent")
    for _ in range(20):
        assert ws.start("parent").wait().status == "SUCCEEDED"
