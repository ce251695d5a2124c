"""Workflows that start on time, over the stores."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wfnb
from wfnb.errors import NotFoundError, ValidationError
from wfnb.store.memory import MemoryStore

DONE = {"id": "done", "type": "control.return"}


@pytest.fixture(params=["sqlite", "memory"])
def ws(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    store = "memory" if request.param == "memory" else None
    with wfnb.open(tmp_path, store=store, clock="2026-01-01", seed=1) as workspace:
        yield workspace


def publish(ws: wfnb.Workspace, id: str = "report", **extra: Any) -> wfnb.Publication:
    return ws.publish({"id": id, "name": id.title(), "steps": [DONE], **extra})


def finished(ws: wfnb.Workspace, count: int) -> list[wfnb.Run]:
    """The runs there are, oldest first, once there are so many."""
    while len(ws.runs()) < count:
        ws.pass_time()
    return [ws.run(row.run).wait() for row in reversed(ws.runs())]


def test_a_recurring_trigger_starts_the_workflow_every_time(ws: wfnb.Workspace) -> None:
    trigger = {"type": "recurring", "cron": "0 9 * * *", "timezone": "Europe/Berlin"}
    assert publish(ws, trigger=trigger).ok
    (row,) = ws.schedules()
    assert (row.workflow, row.name, row.next_at) == ("report", "trigger", "2026-01-01T08:00:00.000Z")
    ws.pass_time(hours=7)
    ws.pass_time(hours=48)
    first, second = finished(ws, 2)
    assert first.envelope["payload"] == {
        "triggerType": "recurring", "scheduleId": "trigger", "scheduledFor": "2026-01-01T08:00:00.000Z",
        "firedAt": first.envelope["payload"]["firedAt"], "timezone": "Europe/Berlin", "workflowId": "report",
        "workflowVersion": 1, "cron": "0 9 * * *",
    }  # fmt: skip
    assert second.envelope["payload"]["scheduledFor"] == "2026-01-02T08:00:00.000Z"
    (row,) = ws.schedules()
    assert (row.last_run, row.next_at) == (second.id, "2026-01-03T08:00:00.000Z")


def test_a_schedule_starts_the_workflow_once(ws: wfnb.Workspace) -> None:
    assert publish(ws, trigger={"type": "schedule", "runAt": "2026-01-01T05:00:00Z"}).ok
    ws.pass_time(hours=6)
    finished(ws, 1)
    ws.pass_time(hours=100)
    assert len(finished(ws, 1)) == 1
    assert ws.schedules()[0].next_at is None


@pytest.mark.parametrize(
    ("trigger", "code"),
    [
        ({"type": "schedule"}, "TIME_TRIGGER_RUN_AT_REQUIRED"),
        ({"type": "schedule", "runAt": "soon"}, "TIME_TRIGGER_INVALID_RUN_AT"),
        ({"type": "recurring", "cron": "* * * * *"}, "TIME_TRIGGER_INVALID_CRON"),
        ({"type": "recurring", "cron": "0 9 * * *", "timezone": "Moon"}, "TIME_TRIGGER_INVALID_TIMEZONE"),
        ({"type": "recurring"}, "INVALID_WORKFLOW_DEFINITION"),
        ({"type": "webhook"}, "INVALID_WORKFLOW_DEFINITION"),
    ],
)
def test_a_trigger_that_cannot_be_is_found(ws: wfnb.Workspace, trigger: dict[str, Any], code: str) -> None:
    publication = publish(ws, trigger=trigger)
    assert not publication.ok
    assert code in {finding.code for finding in publication.findings}
    assert list(ws.schedules()) == []


def test_a_version_without_the_trigger_ends_its_schedule(ws: wfnb.Workspace) -> None:
    publish(ws, trigger={"type": "recurring", "cron": "0 9 * * *"})
    publish(ws)
    assert list(ws.schedules()) == []


def test_a_paused_workflow_does_not_start_on_time(ws: wfnb.Workspace) -> None:
    publish(ws, trigger={"type": "recurring", "cron": "0 9 * * *"})
    ws.workflow("report").pause("No reports this week.")
    ws.pass_time(hours=10)
    while ws.schedules()[0].last_at is None:
        ws.pass_time()
    assert list(ws.runs()) == []
    assert "paused" in str(ws.schedules()[0].last_error)


def test_further_schedules_have_their_own_payload(ws: wfnb.Workspace) -> None:
    publish(ws)
    ws.schedule("report", name="north", cron="0 6 * * *", payload={"region": "north"})
    ws.schedule("report", name="south", run_at="2026-01-01T03:00:00Z", payload={"region": "south"})
    ws.pass_time(hours=7)
    runs = finished(ws, 2)
    assert [run.envelope["payload"] for run in runs] == [{"region": "south"}, {"region": "north"}]
    ws.unschedule("report", name="north")
    assert [row.name for row in ws.schedules()] == ["south"]
    with pytest.raises(NotFoundError, match="NO_SUCH_SCHEDULE"):
        ws.unschedule("report", name="north")
    assert {entry.operation for entry in ws.audit()} >= {"workflow.scheduled", "workflow.unscheduled"}


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"cron": "0 9 * * *", "run_at": "2026-01-01"},
        {"cron": "x"},
        {"run_at": "x"},
        {"cron": "0 9 * * *", "catch_up": "x"},
    ],
)
def test_a_schedule_that_cannot_be_is_refused(ws: wfnb.Workspace, plan: dict[str, Any]) -> None:
    publish(ws)
    with pytest.raises(ValidationError):
        ws.schedule("report", **plan)


def test_two_workspaces_fire_once(tmp_path: Path) -> None:
    store = MemoryStore()
    with wfnb.open(tmp_path, store=store, clock="2026-01-01", seed=1) as one:
        publish(one, trigger={"type": "recurring", "cron": "0 * * * *"})
        two = wfnb.open(tmp_path, store=store, clock="2026-01-01", seed=2)
        for workspace in (one, two):
            workspace._clock.pass_time(0, 3 * 3_600_000_000)
        threads = [threading.Thread(target=workspace._schedules.fire) for workspace in (one, two) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(one.runs()) == 3
        assert one.schedules()[0].next_at == "2026-01-01T04:00:00.000Z"
        two._engine.close()


class Late:
    """A real clock that can be set."""

    simulated = False

    def __init__(self) -> None:
        self.now_us = 1_767_225_600_000_000

    def start_us(self, run_id: str, number: int) -> int:
        return self.now_us

    def moment_us(self, run_id: str, seq: int, after_us: int, *, acted: bool) -> int:
        return max(self.now_us, after_us)

    def due_now_us(self, due_us: int) -> int | None:
        return self.now_us if self.now_us >= due_us else None

    expired_us = due_now_us

    def ready_us(self) -> int:
        return self.now_us

    lease_us = ready_us


@pytest.mark.parametrize(("catch_up", "runs"), [("none", []), ("latest", [5]), ("all", [1, 2, 3, 4, 5])])
def test_what_was_missed_is_made_up_for_as_the_policy_says(
    tmp_path: Path, catch_up: str, runs: list[int]
) -> None:
    clock = Late()
    with wfnb.open(tmp_path, clock=clock) as ws:
        publish(ws, trigger={"type": "recurring", "cron": "0 * * * *", "catchUp": catch_up})
    clock.now_us += 5 * 3_600_000_000 + 1_800_000_000
    with wfnb.open(tmp_path, clock=clock) as ws:
        ws._schedules.fire()
        hours = sorted(int(ws.run(row.run).envelope["payload"]["scheduledFor"][11:13]) for row in ws.runs())
        assert hours == runs
        assert ws.schedules()[0].next_at == "2026-01-01T06:00:00.000Z"
