"""Events, human tasks and triggers, rule by rule, as people use them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from unit.machine.world import assign, attempt, done
from wfnb.maildesk.demo import EVENT_NAME
from wfnb.maildesk.inbox import connect

FORM = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}
TRIGGER = {"type": "event", "eventName": "ORDERED"}


class Order(BaseModel):
    id: str
    amount: int = 1


@pytest.fixture(params=["sqlite", "memory"])
def ws(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    store = "memory" if request.param == "memory" else None
    with wfnb.open(tmp_path, store=store, clock="2026-01-01", seed=1) as workspace:
        yield workspace


def event_wait(step_id: str = "w", **config: Any) -> dict[str, Any]:
    given = {"eventName": "PAID", "correlationKey": {"$expr": "payload.id"}, **config}
    return {"id": step_id, "type": "event.wait", "config": given}


def human_task(**config: Any) -> dict[str, Any]:
    return {
        "id": "h",
        "type": "human.task",
        "config": {"taskType": "approve", "title": "Approve", "form": FORM, **config},
    }


def publish(ws: wfnb.Workspace, *steps: Any, id: str = "test", **extra: Any) -> None:
    publication = ws.publish({"id": id, "name": id, "steps": list(steps), **extra})
    assert publication.ok, publication.findings


def parked(ws: wfnb.Workspace, workflow: str = "test", **payload: Any) -> wfnb.Run:
    run = ws.start(workflow, {"id": "o-1", **payload}).wait(until="parked")
    assert run.status == "WAITING", run.error
    return run


# --- waits


@pytest.mark.behaviour(119, 120, 121)
def test_a_run_that_waits_shows_for_what_and_until_when(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"), event_wait(timeoutMs=3_600_000))
    (wait,) = parked(ws).waits()
    assert (wait.type, wait.status, wait.event, wait.key) == ("event", "WAITING", "PAID", "o-1")
    assert wait.instance == "root.steps[1]"
    assert wait.opened_at.startswith("2026-01-01T00:00:")
    assert wait.due_at is not None
    assert wait.due_at.startswith("2026-01-01T01:00:")


@pytest.mark.behaviour(122, 126, 127, 139, 212)
def test_a_run_waits_for_its_event_and_goes_on_when_it_comes(ws: wfnb.Workspace) -> None:
    targets = {"vars.paid": {"$expr": "vars.event.amount"}, "payload.state": "paid"}
    publish(ws, assign("a", x="1"), event_wait(assign=targets), assign("b", y="vars.paid + 1"))
    run = parked(ws)
    assert [step.id for step in run.steps()] == ["a", "w"]
    receipt = ws.submit_event("PAID", payload={"amount": 4}, key="o-1")
    assert receipt.run == run.id
    run.wait(60)
    assert run.status == "SUCCEEDED"
    assert [(step.id, step.status) for step in run.steps()] == [
        (name, "SUCCEEDED") for name in ("a", "w", "b")
    ]
    assert (run.envelope["vars"]["y"], run.envelope["payload"]) == (5, {"id": "o-1", "state": "paid"})


@pytest.mark.behaviour(128, 129, 130, 143, 213)
def test_a_wait_that_runs_out_is_caught_and_handled(ws: wfnb.Workspace) -> None:
    caught = [assign("c", name="error.name", place="error.nodePath")]
    publish(
        ws,
        attempt("t", [event_wait(timeoutMs=60_000), assign("never", x="1")], caught),
        assign("after", y="1"),
    )
    run = parked(ws)
    ws.pass_time(minutes=2)
    run.wait(60)
    assert run.status == "SUCCEEDED"
    assert run.envelope["vars"] == {"name": "TimeoutError", "place": "root.steps[0].try.steps[0]", "y": 1}
    (failed,) = [step for step in run.steps() if step.id == "w"]
    assert (failed.status, failed.attempt) == ("FAILED", 1)
    assert failed.error is not None
    assert failed.error["category"] == "TimeoutError"
    assert not ws.submit_event("PAID", key="o-1").matched


# --- people


@pytest.mark.behaviour(132, 133, 134)
def test_a_person_is_asked_with_a_form_and_the_answer_is_checked_and_written(ws: wfnb.Workspace) -> None:
    targets = {"payload.approved": {"$expr": "vars.event.ok"}, "vars.by": {"$expr": "vars.eventName"}}
    publish(
        ws,
        human_task(contextData={"order": {"$expr": "payload.id"}}, assign=targets),
        assign("b", y="payload.approved"),
    )
    run = parked(ws)
    (task,) = ws.tasks()
    assert (task.run, task.form, task.context) == (run.id, FORM, {"order": "o-1"})
    for wrong in ({}, {"ok": "yes"}):
        with pytest.raises(wfnb.ValidationError):
            ws.complete_task(task, wrong)
        assert (run.status, len(ws.tasks())) == ("WAITING", 1)
    ws.complete_task(task, {"ok": True}, actor="ann")
    run.wait(60)
    assert (run.status, run.envelope["payload"]["approved"]) == ("SUCCEEDED", True)
    assert run.envelope["vars"]["by"] == "HUMAN_TASK_COMPLETED"
    assert list(ws.tasks()) == []


@pytest.mark.behaviour(136, 137)
def test_a_cancelled_run_has_no_wait_and_no_task_left(ws: wfnb.Workspace) -> None:
    publish(ws, human_task())
    run = parked(ws)
    (task,) = ws.tasks()
    run.cancel("not needed")
    assert [wait.status for wait in run.waits()] == ["CANCELED"]
    assert list(ws.tasks()) == []
    with pytest.raises(wfnb.WfnbError):
        ws.complete_task(task, {"ok": True})
    assert run.status == "CANCELED"


# --- triggers


@pytest.mark.behaviour(199, 200, 204, 211)
@pytest.mark.defect("D-18")
def test_an_event_starts_every_workflow_that_it_triggers(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="payload.id"), id="one", trigger=TRIGGER)
    publish(ws, assign("a", x="payload.id"), id="two", trigger=TRIGGER)
    publish(ws, assign("a", x="1"), id="other", trigger={**TRIGGER, "eventName": "OTHER"})
    publish(ws, assign("a", x="1"), id="manual")
    receipt = ws.submit_event("ORDERED", payload={"id": "o-1"}, key="o-1", source="shop")
    runs = [ws.run(run_id).wait(60) for run_id in receipt.started]
    assert sorted(run.workflow for run in runs) == ["one", "two"]
    assert {(run.status, run.row.trigger, run.envelope["vars"]["x"]) for run in runs} == {
        ("SUCCEEDED", "event", "o-1")
    }
    assert all(not run.waits() for run in runs)
    assert ws.runs().total == 2
    (record,) = ws.inbox()
    assert (record.name, record.key, record.source, record.status) == ("ORDERED", "o-1", "shop", "matched")
    assert set(record.started) == {run.id for run in runs}


@pytest.mark.behaviour(201)
def test_an_event_starts_the_latest_version(ws: wfnb.Workspace) -> None:
    for number in (1, 2, 3):
        publish(ws, assign("a", x=str(number)), trigger=TRIGGER)
    (run_id,) = ws.submit_event("ORDERED").started
    run = ws.run(run_id).wait(60)
    assert (run.version, run.envelope["vars"]) == (3, {"x": 3})


@pytest.mark.behaviour(201)
def test_a_trigger_that_the_latest_version_has_not_starts_nothing(ws: wfnb.Workspace) -> None:
    publish(ws, assign("a", x="1"), trigger=TRIGGER)
    publish(ws, assign("a", x="2"))
    assert ws.submit_event("ORDERED").started == ()


@pytest.mark.behaviour(202)
def test_an_event_that_does_not_fit_the_schema_starts_nothing_and_says_why(ws: wfnb.Workspace) -> None:
    ws.schema("payload.Order.v1", Order)
    publish(ws, assign("a", x="payload.amount"), trigger=TRIGGER, payloadSchemaRef="payload.Order.v1")
    refused = ws.submit_event("ORDERED", payload={"amount": "many"})
    assert (refused.started, ws.runs().total) == ((), 0)
    assert refused.error is not None
    assert refused.error.startswith("test: ")
    assert "many" not in refused.error
    (run_id,) = ws.submit_event("ORDERED", payload={"id": "o-1"}).started
    assert ws.run(run_id).wait(60).envelope["payload"] == {"id": "o-1", "amount": 1}


@pytest.mark.behaviour(203)
def test_what_is_not_published_is_not_started(ws: wfnb.Workspace) -> None:
    written = {
        "id": "test",
        "name": "test",
        "steps": [{"id": "a", "type": "no.such.type"}],
        "trigger": TRIGGER,
    }
    assert not ws.publish(written).ok
    assert not [
        finding for finding in ws.validate({**written, "steps": [done()]}) if finding.severity == "error"
    ]
    assert ws.submit_event("ORDERED").started == ()
    assert ws.runs().total == 0
    assert [record.status for record in ws.inbox()] == ["unmatched"]


@pytest.mark.defect("D-19")
def test_a_start_by_event_obeys_the_limits_of_a_start_by_hand(ws: wfnb.Workspace) -> None:
    publish(ws, event_wait(), trigger=TRIGGER)
    ws.workflow("test").limits("a small shop", concurrency_limit=1)
    (run_id,) = ws.submit_event("ORDERED", payload={"id": "o-1"}).started
    full = ws.submit_event("ORDERED", payload={"id": "o-2"})
    with pytest.raises(wfnb.WfnbError) as by_hand:
        ws.start("test", {"id": "o-2"})
    assert (full.started, by_hand.value.code) == ((), "LIMIT_REACHED")
    assert full.error == f"test: {by_hand.value.message}"
    ws.run(run_id).cancel("make room")
    assert len(ws.submit_event("ORDERED", payload={"id": "o-2"}).started) == 1


@pytest.mark.defect("D-19")
def test_starts_by_event_count_as_starts_of_the_minute(tmp_path: Path) -> None:
    with wfnb.open(tmp_path, starts_per_minute=2) as ws:
        publish(ws, done(), trigger=TRIGGER)
        assert [len(ws.submit_event("ORDERED").started) for _ in range(3)] == [1, 1, 0]
        with pytest.raises(wfnb.WfnbError) as by_hand:
            ws.start("test")
        assert by_hand.value.code == "RATE_LIMIT"
        assert [record.error for record in ws.inbox(status="error")] == [f"test: {by_hand.value.message}"]


@pytest.mark.behaviour(203)
def test_an_archived_workflow_is_not_started(ws: wfnb.Workspace) -> None:
    publish(ws, done(), trigger=TRIGGER)
    ws.workflow("test").archive("not used any more")
    assert ws.submit_event("ORDERED").started == ()
    ws.workflow("test").restore("used again")
    assert len(ws.submit_event("ORDERED").started) == 1


@pytest.mark.behaviour(169, 211)
def test_a_message_that_comes_as_an_event_becomes_a_ticket(tmp_path: Path) -> None:
    email = {
        "id": "1@x.example",
        "from": {"email": "mara@juniper.example.com"},
        "subject": "Oven",
        "body": {"text": "Cold."},
    }
    payload = {"emailData": email, "providerId": "demo-imap", "tenantId": "demo"}
    with wfnb.open(tmp_path, clock="2026-01-05", seed=7) as ws:
        desk = connect(ws)
        (run_id,) = ws.submit_event(EVENT_NAME, payload=payload, dedupe="1@x.example").started
        run = ws.run(run_id).wait(20)
        assert (run.status, run.state) == ("SUCCEEDED", "EMAIL_PROCESSED")
        assert run.envelope["payload"]["emailData"]["id"] == "1@x.example"
        assert run.envelope["payload"]["processedAt"].startswith("2026-01-05T")
        again = ws.submit_event(EVENT_NAME, payload=payload, dedupe="1@x.example")
        assert again.duplicate
        assert (desk.counts()["tickets"], ws.runs().total) == (1, 1)


@pytest.mark.behaviour(138, 157)
def test_events_and_keys_of_one_tenant_are_nobody_elses(tmp_path: Path) -> None:
    calls: list[str] = []
    with (
        wfnb.open(tmp_path, tenant="red", clock="2026-01-01", seed=1) as red,
        wfnb.open(tmp_path, tenant="blue", clock="2026-01-01", seed=2) as blue,
    ):
        for ws, name in ((red, "red"), (blue, "blue")):
            ws.action("act")(acting(calls, name))
        call = {
            "actionId": "act",
            "version": 1,
            "inputMapping": {"id": "o-1"},
            "idempotencyKey": {"$expr": "'same'"},
        }
        publish(red, {"id": "c", "type": "action.call", "config": call}, event_wait())
        run = parked(red)
        assert not blue.submit_event("PAID", key="o-1").matched
        other = parked(blue)
        assert calls == ["red", "blue"]
        assert blue.submit_event("PAID", key="o-1").run == other.id
        assert red.submit_event("PAID", key="o-1").run == run.id
        assert [len(ws.inbox()) for ws in (red, blue)] == [1, 2]


def acting(calls: list[str], name: str) -> Any:
    def act(data: Order) -> Order:
        calls.append(name)
        return data

    return act
