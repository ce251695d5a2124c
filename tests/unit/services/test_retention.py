"""Retention: what is deleted, what stays, and that the history forgets what the tables have deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from wfnb.errors import CommandError, NotFoundError, ValidationError
from wfnb.store.sqlite import SqliteStore

DONE = {"id": "d", "type": "control.return"}
VIEWS = ("runs", "steps", "invocations", "waits", "events")


class Number(BaseModel):
    n: int = 0


@pytest.fixture(params=["postgres", "sqlite"])
def ws(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    with wfnb.open(tmp_path, store=url, clock="2026-01-01", seed=1, actor="ann") as workspace:
        yield workspace


def publish(ws: wfnb.Workspace, *steps: dict[str, Any], id: str = "w") -> None:
    publication = ws.publish({"id": id, "name": id, "steps": list(steps or [DONE])})
    assert publication.ok, publication.findings


def later(ws: wfnb.Workspace, days: int) -> None:
    ws.pass_time(hours=24 * days)


def ids(ws: wfnb.Workspace) -> list[int]:
    return sorted(int(run.run.split("-")[1].split(".")[0]) for run in ws.runs())


@pytest.mark.behaviour(208)
def test_runs_are_deleted_when_they_were_kept_long_enough(ws: wfnb.Workspace) -> None:
    wait = {
        "id": "e",
        "type": "event.wait",
        "config": {"eventName": "GO", "correlationKey": {"$expr": "payload.key"}},
    }
    publish(ws, wait)
    for key in ("a", "b", "c"):
        ws.start("w", {"key": key}).wait(until="parked")
    ws.submit_event("GO", {}, key="a")
    ws.run("run-0001").wait(60)
    ws.submit_event("GO", {}, key="c")
    ws.run("run-0003").wait(60)
    ws.workflow("w").limits("policy", retention_days=30)
    later(ws, 31)
    (due,) = ws.purge()
    assert (due.workflow, due.runs, due.days, due.done) == ("w", 1, 30, False)
    assert ids(ws) == [1, 2, 3]
    (gone,) = ws.purge("policy of the house", preview=False)
    assert (gone.runs, gone.done) == (1, True)
    assert ids(ws) == [2, 3]  # one waits, and the newest one stays
    with pytest.raises(NotFoundError):
        ws.run("run-0001")
    assert [record.run for record in ws.inbox("GO")] == ["run-0003"]
    (entry,) = ws.audit(operation="runs.purged")
    assert (entry.id, entry.reason, entry.changes) == ("w", "policy of the house", {"runs": 1, "days": 30})


@pytest.mark.behaviour(208)
def test_nothing_of_a_deleted_run_is_left(ws: wfnb.Workspace) -> None:
    @ws.action("note")
    def note(data: Number, ctx: wfnb.ActionContext) -> Number:
        ctx.log("info", "A note.")
        return data

    call = {
        "id": "c",
        "type": "action.call",
        "config": {"actionId": "note", "version": 1, "inputMapping": {"n": 1}},
    }
    publish(ws, call)
    ws.start("w").wait(60)
    ws.start("w").wait(60)
    later(ws, 2)
    ws.purge("clean up", days=1, preview=False)
    with ws._store.database.reading() as session:
        for table in ("runs", "steps", "invocations", "waits", "events", "macrosteps", "checkpoints", "logs"):
            assert session.execute(f"SELECT count(*) FROM {table} WHERE run_no = 1") == [(0,)], table
    if isinstance(ws._store, SqliteStore):
        with ws._store._connections.reading() as db:
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_history_forgets_and_is_the_one_that_is_built_anew(ws: wfnb.Workspace) -> None:
    publish(ws)
    for _ in range(5):
        ws.start("w").wait(60)
    assert len(ws.sql("SELECT run_id FROM runs")) == 5
    later(ws, 2)
    ws.purge("clean up", days=1, preview=False)
    ws.start("w").wait(60)
    kept = {view: ws.sql(f"SELECT * FROM {view} ORDER BY ALL") for view in VIEWS}
    assert list(kept["runs"].run_id) == ["run-0005", "run-0006"]
    assert not ws.history.refresh().rebuilt
    ws.history.close()
    (ws.path / ".wfnb" / "history.duckdb").unlink(missing_ok=True)
    assert ws.history.refresh().rebuilt
    for view, frame in kept.items():
        assert ws.sql(f"SELECT * FROM {view} ORDER BY ALL").equals(frame), view


def test_the_history_forgets_the_run_that_changed_last(ws: wfnb.Workspace) -> None:
    wait = {
        "id": "e",
        "type": "event.wait",
        "config": {"eventName": "GO", "correlationKey": {"$expr": "'k'"}},
    }
    publish(ws, wait)
    first = ws.start("w").wait(until="parked")
    ws.start("w").wait(until="parked")
    first.cancel("not wanted")
    later(ws, 2)
    assert len(ws.sql("SELECT run_id FROM runs")) == 2
    ws.purge("clean up", days=1, preview=False)
    assert list(ws.sql("SELECT run_id FROM runs").run_id) == ["run-0002"]


def test_a_legal_hold_keeps_everything(ws: wfnb.Workspace) -> None:
    publish(ws)
    for _ in range(3):
        ws.start("w").wait(60)
    ws.workflow("w").limits("a law suit", retention_days=1, legal_hold=True)
    later(ws, 9)
    (kept,) = ws.purge("clean up", preview=False)
    assert (kept.runs, kept.held, kept.done) == (0, True, False)
    assert ids(ws) == [1, 2, 3]
    ws.workflow("w").limits("it is over", legal_hold=False)
    assert ws.purge("clean up", preview=False)[0].runs == 2


def test_a_run_goes_with_the_runs_it_has_called(ws: wfnb.Workspace) -> None:
    publish(ws, id="child")
    step = {
        "id": "c",
        "type": "control.callWorkflow",
        "workflowId": "child",
        "workflowVersion": 1,
        "inputMapping": {},
    }
    publish(ws, step, id="parent")
    for _ in range(2):
        ws.start("parent").wait(60)
    assert ws.runs().total == 4
    later(ws, 2)
    ws.workflow("child").limits("a law suit", legal_hold=True)
    assert [row.runs for row in ws.purge("clean up", days=1, workflow="parent", preview=False)] == [0]
    ws.workflow("child").limits("it is over", legal_hold=False)
    assert [row.runs for row in ws.purge("clean up", days=1, preview=False) if row.runs] == [2]
    assert {run.workflow for run in ws.runs()} == {"parent", "child"}


def test_a_run_stays_while_another_one_relies_on_its_result(ws: wfnb.Workspace) -> None:
    @ws.action("pay", side_effect=True, idempotency="engine")
    def pay(data: Number) -> Number:
        return data

    config = {"actionId": "pay", "version": 1, "inputMapping": {"n": 1}, "idempotencyKey": {"$expr": "'one'"}}
    for name in ("w", "same"):
        publish(ws, {"id": "c", "type": "action.call", "config": config}, id=name)
    for name in ("w", "same", "w"):
        ws.start(name).wait(60)
    later(ws, 2)
    assert ws.purge("clean up", days=1, workflow="w", preview=False)[0].runs == 0
    assert ws.purge("clean up", days=1, workflow="same", preview=False)[0].runs == 1
    assert ids(ws) == [1, 3]


def test_without_a_policy_everything_stays(ws: wfnb.Workspace) -> None:
    publish(ws)
    ws.start("w").wait(60)
    later(ws, 999)
    assert ws.purge("clean up", preview=False) == []


def test_a_purge_wants_a_reason(ws: wfnb.Workspace) -> None:
    publish(ws)
    with pytest.raises(ValidationError) as caught:
        ws.purge(days=1, preview=False)
    assert caught.value.code == "REASON_MISSING"


def test_a_store_in_memory_keeps_nothing_for_long() -> None:
    with wfnb.open(store="memory") as ws, pytest.raises(CommandError) as caught:
        ws.purge(days=1)
    assert caught.value.code == "PURGE_NOT_SUPPORTED"
