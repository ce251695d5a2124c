"""What people may do to runs, rule by rule: resume, cancel, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wfnb
from unit.machine.world import assign

FORM = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}


@pytest.fixture(params=["sqlite", "memory"])
def ws(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    store = "memory" if request.param == "memory" else None
    with wfnb.open(tmp_path, store=store, clock="2026-01-01", seed=1, actor="ann") as workspace:
        yield workspace


WAITS: dict[str, dict[str, Any]] = {
    "event": {"type": "event.wait", "config": {"eventName": "PAID", "correlationKey": {"$expr": "payload.id"}}},
    "human": {
        "type": "human.task",
        "config": {"taskType": "approve", "title": "Approve", "form": FORM, "assign": {"vars.ok": {"$expr": "vars.event.ok"}}},
    },
}  # fmt: skip


def parked(ws: wfnb.Workspace, *kinds: str) -> wfnb.Run:
    """A run at the first of its waits, with a step before and one behind each."""
    steps = [assign("first", x="1")]
    for number, kind in enumerate(kinds):
        steps += [{"id": f"w{number}", **WAITS[kind]}, assign(f"after{number}", y=str(number))]
    publication = ws.publish({"id": "test", "name": "test", "steps": steps})
    assert publication.ok, publication.findings
    run = ws.start("test", {"id": "o-1"}).wait(until="parked")
    assert run.status == "WAITING"
    return run


@pytest.mark.behaviour(83)
@pytest.mark.parametrize("kind", WAITS)
def test_a_waiting_run_is_resumed_by_a_person_and_audited(ws: wfnb.Workspace, kind: str) -> None:
    run = parked(ws, kind)
    run.resume(reason="they called").wait(60)
    assert run.status == "SUCCEEDED"
    assert [wait.status for wait in run.waits()] == ["RESOLVED"]
    (entry,) = ws.audit("run", run.id)
    assert (entry.operation, entry.actor, entry.reason) == ("run.resumed", "ann", "they called")
    with pytest.raises(wfnb.WfnbError):
        run.resume(reason="once more")
    assert len(ws.audit("run", run.id)) == 1


@pytest.mark.behaviour(83)
def test_a_person_who_resumes_a_run_says_why(ws: wfnb.Workspace) -> None:
    run = parked(ws, "event")
    with pytest.raises(wfnb.ValidationError):
        run.resume(reason="  ")
    assert run.status == "WAITING"
    assert len(ws.audit("run", run.id)) == 0


@pytest.mark.behaviour(135)
def test_a_task_is_passed_over_without_its_form_and_the_run_can_tell(ws: wfnb.Workspace) -> None:
    run = parked(ws, "human")
    run.resume(reason="nobody is in").wait(60)
    assert run.status == "SUCCEEDED"
    assert run.envelope["vars"]["event"]["__admin_override"] is True
    assert run.envelope["vars"]["event"]["reason"] == "nobody is in"
    assert run.envelope["vars"]["eventName"] == "ADMIN_RESUME"
    assert "ok" not in run.envelope["vars"]
    assert list(ws.tasks()) == []
    (record,) = ws.inbox("ADMIN_RESUME")
    assert (record.key, record.run) == (run.id, run.id)


@pytest.mark.behaviour(217)
@pytest.mark.defect("D-7")
def test_a_resumed_run_takes_its_remaining_steps_and_stops_at_its_next_wait(ws: wfnb.Workspace) -> None:
    run = parked(ws, "event", "human")
    run.resume({"amount": 4}, reason="by phone").wait(until="parked")
    assert run.status == "WAITING"
    assert [(step.id, step.status) for step in run.steps()] == [
        ("first", "SUCCEEDED"), ("w0", "SUCCEEDED"), ("after0", "SUCCEEDED"), ("w1", "STARTED"),
    ]  # fmt: skip
    assert run.envelope["vars"]["event"] == {"amount": 4}
    run.resume(reason="nobody is in").wait(60)
    assert (run.status, [step.id for step in run.steps()][-1]) == ("SUCCEEDED", "after1")


@pytest.mark.behaviour(82, 136, 216)
@pytest.mark.parametrize("kind", WAITS)
def test_a_cancelled_run_cannot_be_resumed_and_takes_no_step(ws: wfnb.Workspace, kind: str) -> None:
    run = parked(ws, kind)
    run.cancel("not needed")
    assert (run.status, [wait.status for wait in run.waits()]) == ("CANCELED", ["CANCELED"])
    for again in (lambda: run.resume(reason="after all"), lambda: run.retry("after all")):
        with pytest.raises(wfnb.WfnbError):
            again()
    assert not ws.submit_event("PAID", key="o-1").matched
    assert [(step.id, step.status) for step in run.steps()] == [("first", "SUCCEEDED"), ("w0", "CANCELED")]
    assert [entry.operation for entry in ws.audit("run", run.id)] == ["run.canceled"]
