"""Pausing, archiving and limiting workflows, and the audit that tells of it: on every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wfnb
from wfnb.errors import CommandError, LimitExceeded, NotFoundError, ValidationError
from wfnb.services.audit import Actor, check_reason, record

WAITS = {
    "id": "w",
    "type": "event.wait",
    "config": {"eventName": "GO", "correlationKey": {"$expr": "payload.key"}},
}
FAILS = {"id": "f", "type": "transform.assign", "config": {"assign": {"vars.x": {"$expr": "payload.absent"}}}}
DONE = {"id": "d", "type": "control.return"}


@pytest.fixture
def ws(kept: str | None, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path, store=kept, clock="2026-01-01", seed=1, actor="ann") as workspace:
        yield workspace


def publish(ws: wfnb.Workspace, *steps: dict[str, Any], id: str = "w") -> None:
    publication = ws.publish({"id": id, "name": id.title(), "steps": list(steps or [DONE])})
    assert publication.ok, publication.findings


@pytest.mark.parametrize(
    ("close", "reopen", "code"),
    [("pause", "unpause", "WORKFLOW_PAUSED"), ("archive", "restore", "WORKFLOW_ARCHIVED")],
)
def test_no_run_begins_while_a_workflow_is_closed(
    ws: wfnb.Workspace, close: str, reopen: str, code: str
) -> None:
    publish(ws)
    workflow = ws.workflow("w")
    getattr(workflow, close)("stock-taking")
    for begin in (ws.start, ws.debug):
        with pytest.raises(CommandError) as caught:
            begin("w")
        assert caught.value.code == code
    assert ws.runs().total == 0
    getattr(workflow, reopen)("we are done")
    assert ws.start("w").wait(60).status == "SUCCEEDED"


def test_a_second_start_with_a_key_gives_the_first_run_although_none_may_begin(ws: wfnb.Workspace) -> None:
    publish(ws)
    first = ws.start("w", key="A1").wait(60)
    ws.workflow("w").pause("stock-taking")
    assert ws.start("w", key="A1").id == first.id
    with pytest.raises(CommandError):
        ws.start("w", key="A2")


def test_a_run_under_way_goes_on_when_its_workflow_is_paused(ws: wfnb.Workspace) -> None:
    publish(ws, WAITS)
    run = ws.start("w", {"key": "k"}).wait(until="parked")
    ws.workflow("w").pause("stock-taking")
    ws.submit_event("GO", key="k", payload={})
    assert run.wait(60).status == "SUCCEEDED"


def test_as_many_runs_are_under_way_as_may_be(ws: wfnb.Workspace) -> None:
    publish(ws, WAITS)
    ws.workflow("w").limits("a small shop", concurrency_limit=2)
    first, _ = (ws.start("w", {"key": key}) for key in "ab")
    with pytest.raises(LimitExceeded) as caught:
        ws.start("w", {"key": "c"})
    assert caught.value.code == "LIMIT_REACHED"
    first.cancel("make room")
    assert ws.start("w", {"key": "c"}).wait(until="parked").status == "WAITING"


def test_a_workflow_that_fails_too_often_pauses_itself(ws: wfnb.Workspace) -> None:
    publish(ws, FAILS)
    ws.workflow("w").limits("watch it", auto_pause=True, failure_threshold=0.5, failure_min_runs=4)
    for payload in ({"absent": 1}, {"absent": 1}, {}):
        ws.start("w", payload).wait(60)
    assert not ws.workflow("w").paused
    ws.start("w", {}).wait(60)
    assert ws.workflow("w").settings.pause_reason == "2 of the newest 4 runs failed."
    (entry,) = ws.audit("workflow", "w", operation="workflow.auto_paused")
    assert (entry.actor, entry.changes["paused"]) == ("engine", {"old": False, "new": True})


@pytest.mark.defect("D-19")
def test_an_event_starts_no_run_of_a_paused_workflow_and_says_why(ws: wfnb.Workspace) -> None:
    for name in ("w", "open"):
        trigger = {"type": "event", "eventName": "GO"}
        assert ws.publish({"id": name, "name": name, "steps": [DONE], "trigger": trigger}).ok
    ws.workflow("w").pause("stock-taking")
    ws.submit_event("GO", payload={})
    assert [run.workflow for run in ws.runs()] == ["open"]
    (record,) = ws.inbox("GO")
    assert record.error == "w: The workflow is paused: stock-taking"


@pytest.mark.parametrize("store", ["memory", None])
def test_too_many_starts_within_a_minute_are_refused(tmp_path: Path, store: str | None) -> None:
    with wfnb.open(tmp_path, store=store, starts_per_minute=3) as ws:
        publish(ws)
        for _ in range(3):
            ws.start("w")
        with pytest.raises(LimitExceeded) as caught:
            ws.start("w")
        assert caught.value.code == "RATE_LIMIT"
    with wfnb.open(tmp_path, store=store, starts_per_minute=None) as ws:
        publish(ws)
        ws.start("w").wait(60)


def test_runs_in_simulated_time_do_not_count_as_starts_of_this_minute(tmp_path: Path) -> None:
    for clock in ("2020-01-01", "2090-01-01"):
        with wfnb.open(tmp_path, clock=clock) as ws:
            publish(ws)
            ws.start("w").wait(60)
    with wfnb.open(tmp_path, starts_per_minute=1) as ws:
        assert ws.start("w").wait(60).status == "SUCCEEDED"


def test_the_audit_tells_who_changed_what_and_why(ws: wfnb.Workspace) -> None:
    publish(ws)
    ws.workflow("w").limits(" a small shop ", concurrency_limit=2)
    ws.workflow("w").limits("nothing new", concurrency_limit=2)
    changed, published = ws.audit("workflow", "w")
    assert (changed.actor, changed.role, changed.source) == ("ann", "admin", "kernel")
    assert (changed.operation, changed.reason) == ("workflow.limits", "a small shop")
    assert changed.changes == {"concurrency_limit": {"old": None, "new": 2}}
    assert (published.operation, published.changes["version"]) == ("workflow.published", 1)
    assert len(published.changes["hash"]) > 20


def test_the_audit_is_read_page_by_page(ws: wfnb.Workspace) -> None:
    publish(ws)
    for number in range(1, 6):
        ws.workflow("w").limits("one more", concurrency_limit=number)
    first = ws.audit(operation="workflow.limits", limit=3)
    ws.workflow("w").pause("in between")
    rest = ws.audit(operation="workflow.limits", limit=3, before=first[-1].number)
    new = [entry.changes["concurrency_limit"]["new"] for entry in (*first, *rest)]
    assert new == [5, 4, 3, 2, 1]
    assert ws.audit(actor="ben") == []


def test_a_secret_is_masked_in_the_audit(ws: wfnb.Workspace) -> None:
    facts = {"password": "hunter2"}
    record(ws._store.database, Actor(), "secret.set", ("secret", "x"), at_us=1, changes=facts)
    assert ws.audit("secret")[0].changes == {"password": "[REDACTED]"}


@pytest.mark.parametrize("reason", ["", "  x  ", "ab"])
def test_a_reason_has_three_characters(ws: wfnb.Workspace, reason: str) -> None:
    publish(ws)
    with pytest.raises(ValidationError) as caught:
        ws.workflow("w").pause(reason)
    assert caught.value.code == "REASON_MISSING"
    assert check_reason("abc") == "abc"
    assert not ws.workflow("w").paused


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("concurrency_limit", 0),
        ("auto_pause", 1),
        ("failure_threshold", 1.5),
        ("failure_threshold", 0),
        ("failure_min_runs", 0),
        ("retention_days", "x"),
        ("colour", "red"),
        ("paused", True),
    ],
)
def test_a_limit_that_cannot_be_is_refused(ws: wfnb.Workspace, name: str, value: Any) -> None:
    publish(ws)
    with pytest.raises(ValidationError) as caught:
        ws.workflow("w").limits("because", **{name: value})
    assert caught.value.code == "INVALID_ARGUMENT"
    assert len(ws.audit()) == 1


def test_a_workflow_that_is_not_published_has_no_settings(ws: wfnb.Workspace) -> None:
    with pytest.raises(NotFoundError):
        ws.workflow("nope")


def test_settings_outlive_the_kernel(tmp_path: Path) -> None:
    with wfnb.open(tmp_path) as ws:
        publish(ws)
        ws.workflow("w").pause("stock-taking")
    with wfnb.open(tmp_path) as ws:
        assert ws.workflow("w").paused
        assert repr(ws.workflow("w")) == "<Workflow w: paused, versions 1>"
