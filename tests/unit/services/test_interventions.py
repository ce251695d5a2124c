"""Retrying, resuming, running again: what people may do to a run, on every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from wfnb.errors import ActionError, CommandError, NotFoundError, TransientError, ValidationError
from wfnb.store.port import state_at


class Number(BaseModel):
    n: int


@pytest.fixture
def ws(kept: str | None, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path, store=kept, clock="2026-01-01", seed=1, actor="ann") as workspace:
        yield workspace


class Shop:
    """Actions that note their calls, and fail for as long as they are told to."""

    def __init__(self, ws: wfnb.Workspace) -> None:
        self.calls: list[tuple[str, int]] = []
        self.failing: set[str] = set()
        self.error: type[Exception] = ActionError
        for name in ("pay", "ship"):
            ws.action(name, side_effect=True, idempotency="engine")(self._action(name))

    def _action(self, name: str) -> Any:
        def act(data: Number) -> Number:
            self.calls.append((name, data.n))
            if name in self.failing:
                raise self.error("No.")
            return Number(n=data.n + 1)

        return act


def call(action: str, **config: Any) -> dict[str, Any]:
    mapping = {
        "actionId": action,
        "version": 1,
        "inputMapping": {"n": {"$expr": "coalesce(vars.n, vars.out.n, payload.n)"}},
    }
    return {"id": action, "type": "action.call", "config": {**mapping, "saveAs": "vars.out"}, **config}


def assign(step_id: str, **values: str) -> dict[str, Any]:
    targets = {f"vars.{name}": {"$expr": text} for name, text in values.items()}
    return {"id": step_id, "type": "transform.assign", "config": {"assign": targets}}


def wait_for(name: str, **config: Any) -> dict[str, Any]:
    key = {"$expr": "payload.key"}
    return {
        "id": "wait",
        "type": "event.wait",
        "config": {"eventName": name, "correlationKey": key, **config},
    }


def publish(ws: wfnb.Workspace, *steps: dict[str, Any], id: str = "w") -> None:
    publication = ws.publish({"id": id, "name": id.title(), "steps": list(steps)})
    assert publication.ok, publication.findings


def failed(ws: wfnb.Workspace, payload: Any = None) -> wfnb.Run:
    run = ws.start("w", payload or {"n": 1}).wait(60)
    assert run.status == "FAILED"
    return run


@pytest.mark.defect("D-8")
def test_a_failed_run_goes_on_at_the_step_that_failed(ws: wfnb.Workspace) -> None:
    shop = Shop(ws)
    publish(ws, call("pay"), assign("mark", paid="true"), call("ship"), assign("end", done="true"))
    shop.failing = {"ship"}
    run = failed(ws)
    epoch = run.row.epoch
    shop.failing = set()
    run.retry("the lorry is back").wait(60)
    assert run.status == "SUCCEEDED"
    assert run.error is None
    assert run.envelope["vars"] == {"out": {"n": 3}, "paid": True, "done": True}
    assert "error" not in run.envelope
    assert shop.calls == [("pay", 1), ("ship", 2), ("ship", 2)]
    assert [(s.id, s.attempt, s.status) for s in run.steps()] == [
        ("pay", 1, "SUCCEEDED"), ("mark", 1, "SUCCEEDED"), ("ship", 1, "FAILED"), ("ship", 2, "SUCCEEDED"), ("end", 1, "SUCCEEDED")
    ]  # fmt: skip
    kinds = [event.kind for event in run.events()]
    assert kinds == ["run.started", "run.failed", "run.reopened", "run.succeeded"]
    assert run.row.epoch > epoch
    (entry,) = ws.audit("run", run.id)
    assert (entry.operation, entry.actor, entry.reason) == ("run.retried", "ann", "the lorry is back")


def test_a_retry_from_an_earlier_step_does_nothing_in_the_world_twice(ws: wfnb.Workspace) -> None:
    shop = Shop(ws)
    publish(ws, call("pay"), assign("twice", n="vars.out.n * 2"), call("ship"))
    shop.failing = {"ship"}
    run = failed(ws)
    shop.failing = set()
    run.retry("from the start", step="pay").wait(60)
    assert run.status == "SUCCEEDED"
    assert shop.calls == [("pay", 1), ("ship", 4), ("ship", 4)]
    assert run.envelope["vars"] == {"out": {"n": 5}, "n": 4}
    assert [(s.id, s.attempt) for s in run.steps()] == [
        ("pay", 1), ("twice", 1), ("ship", 1), ("pay", 2), ("twice", 2), ("ship", 2)
    ]  # fmt: skip


def test_a_retry_has_all_attempts_of_the_policy_again(ws: wfnb.Workspace) -> None:
    shop = Shop(ws)
    shop.error = TransientError
    publish(ws, call("ship", retry={"maxAttempts": 2, "backoffMs": 5}))
    shop.failing = {"ship"}
    run = failed(ws)
    for rounds in (2, 3):
        assert run.retry("once more").wait(60).status == "FAILED"
        assert len(shop.calls) == 2 * rounds
    assert [(s.attempt, s.status) for s in run.steps()][-2:] == [(5, "RETRY_SCHEDULED"), (6, "FAILED")]
    assert [(letter.run, letter.attempts) for letter in ws.dead_letters(min_attempts=6)] == [(run.id, 6)]
    assert ws.dead_letters(min_attempts=7) == []


def test_a_step_inside_blocks_is_retried_where_it_stood(ws: wfnb.Workspace) -> None:
    shop = Shop(ws)
    loop = {
        "id": "each", "type": "control.forEach", "items": {"$expr": "payload.n"}, "itemVar": "item",
        "body": [assign("take", n="vars.item"), call("ship"), assign("sum", total="coalesce(vars.total, 0) + vars.out.n")],
    }  # fmt: skip
    publish(ws, loop)

    shop.failing = {"ship"}
    run = failed(ws, {"n": [1, 2]})
    shop.failing = set()
    assert run.retry("again").wait(60).status == "SUCCEEDED"
    assert run.envelope["vars"]["total"] == 5
    assert shop.calls == [("ship", 1), ("ship", 1), ("ship", 2)]


def test_an_error_that_was_caught_before_is_there_again(ws: wfnb.Workspace) -> None:
    shop = Shop(ws)
    attempt = {
        "id": "try", "type": "control.tryCatch",
        "try": [assign("bad", x="payload.absent")],
        "catch": [call("ship"), assign("tell", told="error.name")],
    }  # fmt: skip
    publish(ws, attempt)
    shop.failing = {"ship"}
    run = failed(ws)
    shop.failing = set()
    assert run.retry("again").wait(60).status == "SUCCEEDED"
    assert run.envelope["vars"]["told"] == "ExpressionError"


def test_the_history_and_the_states_of_before_stay(ws: wfnb.Workspace) -> None:
    shop = Shop(ws)
    publish(ws, assign("mark", paid="true"), call("ship"))
    shop.failing = {"ship"}
    run = failed(ws)
    last = run.row.seq
    before = run.at(last)
    assert list(ws.sql("SELECT status FROM runs").status) == ["FAILED"]
    shop.failing = set()
    run.retry("again").wait(60)
    assert run.at(last) == before
    answer = ws.sql("SELECT status, error_code FROM runs")
    assert [tuple(row) for row in answer.itertuples(index=False)][0][0] == "SUCCEEDED"


@pytest.mark.defect("D-9")
def test_only_a_failed_run_is_retried(ws: wfnb.Workspace) -> None:
    publish(ws, wait_for("GO"))
    run = ws.start("w", {"key": "a"}).wait(until="parked")
    for end in (lambda: None, lambda: run.cancel("not wanted")):
        end()
        for again in (run.retry, run.requeue_event):
            with pytest.raises(CommandError) as caught:
                again("try it")
            assert caught.value.code == "RUN_NOT_FAILED"
    assert run.status == "CANCELED"


def test_a_step_that_was_not_begun_cannot_be_retried(ws: wfnb.Workspace) -> None:
    publish(ws, assign("bad", x="payload.absent"), assign("later", y="1"))
    run = failed(ws)
    with pytest.raises(NotFoundError) as caught:
        run.retry("skip it", step="later")
    assert caught.value.code == "NO_SUCH_STEP"


@pytest.mark.parametrize("what", ["cancel", "retry", "requeue_event", "rerun"])
def test_every_intervention_wants_a_reason(ws: wfnb.Workspace, what: str) -> None:
    publish(ws, assign("bad", x="payload.absent"))
    run = failed(ws)
    with pytest.raises(ValidationError) as caught:
        getattr(run, what)("  ")
    assert caught.value.code == "REASON_MISSING"
    assert [entry.operation for entry in ws.audit()] == ["workflow.published"]


@pytest.mark.behaviour(83, 217)
def test_a_person_lets_a_run_go_on_without_the_event(ws: wfnb.Workspace) -> None:
    publish(ws, wait_for("GO"), assign("tell", why="vars.event.reason", name="vars.eventName"))
    run = ws.start("w", {"key": "a"}).wait(until="parked")
    run.resume(reason="they called").wait(60)
    assert run.status == "SUCCEEDED"
    assert (run.envelope["vars"]["why"], run.envelope["vars"]["name"]) == ("they called", "ADMIN_RESUME")
    assert run.envelope["vars"]["event"]["__admin_override"] is True
    (record,) = ws.inbox("ADMIN_RESUME")
    assert (record.key, record.run) == (run.id, run.id)
    (entry,) = ws.audit("run", run.id)
    assert (entry.operation, entry.changes["waits"][0]["type"]) == ("run.resumed", "event")
    with pytest.raises(CommandError) as caught:
        run.resume(reason="once more")
    assert caught.value.code == "NOTHING_TO_RESUME"


def test_a_payload_stands_in_for_the_event(ws: wfnb.Workspace) -> None:
    publish(ws, wait_for("GO"), assign("tell", n="vars.event.n"))
    run = ws.start("w", {"key": "a"}).wait(until="parked")
    assert run.resume({"n": 5}, reason="by phone").wait(60).envelope["vars"]["n"] == 5


def test_a_run_waits_once_more_for_its_event(ws: wfnb.Workspace) -> None:
    publish(ws, wait_for("GO"), assign("tell", n="vars.event.n"))
    run = ws.start("w", {"key": "a"}).wait(until="parked")
    ws.submit_event("GO", {}, key="a")
    assert run.wait(60).status == "FAILED"
    run.requeue_event("they sent it without the number").wait(until="parked")
    assert run.status == "WAITING"
    ws.submit_event("GO", {"n": 7}, key="a")
    assert run.wait(60).envelope["vars"]["n"] == 7
    assert [wait.status for wait in run.waits()] == ["RESOLVED", "RESOLVED"]


def test_a_run_without_an_event_has_nothing_to_wait_for_once_more(ws: wfnb.Workspace) -> None:
    publish(ws, assign("bad", x="payload.absent"))
    with pytest.raises(CommandError) as caught:
        failed(ws).requeue_event("wait again")
    assert caught.value.code == "NO_EVENT_WAIT"


def test_a_run_is_run_again_with_what_it_was_started_with(ws: wfnb.Workspace) -> None:
    publish(ws, assign("keep", n="payload.n"))
    run = ws.start("w", {"n": 4, "password": "hunter2"}).wait(60)
    publish(ws, assign("keep", n="payload.n * 100"))
    again = run.rerun("the first one was lost").wait(60)
    assert (again.version, again.envelope["vars"]["n"]) == (1, 4)
    assert state_at(ws._store, again.row).envelope["payload"] == {"n": 4, "password": "hunter2"}
    assert again.row.trigger == f"rerun:{run.id}"
    assert ws.audit("run", run.id)[0].changes == {"new": again.id}
    assert ws.audit("run", again.id)[0].changes == {"of": run.id}
    assert run.rerun("with another number", {"n": 9}).wait(60).envelope["vars"]["n"] == 9


def test_a_cancel_is_audited_once(ws: wfnb.Workspace) -> None:
    publish(ws, wait_for("GO"))
    run = ws.start("w", {"key": "a"}).wait(until="parked")
    run.cancel("withdrawn", actor="ben").cancel("once more")
    (entry,) = ws.audit("run", run.id)
    assert (entry.operation, entry.actor, entry.changes) == ("run.canceled", "ben", {"status": "WAITING"})


def test_many_runs_are_looked_at_before_they_are_touched(ws: wfnb.Workspace) -> None:
    publish(ws, wait_for("GO"))
    runs = [ws.start("w", {"key": key}).wait(until="parked") for key in "abc"]
    bulk = ws.bulk("cancel", "the supplier is closed", status="WAITING", workflow="w")
    assert sorted(bulk.runs) == sorted(run.id for run in runs)
    assert {run.status for run in runs} == {"WAITING"}
    runs[0].cancel("before the others")
    seen: list[tuple[int, int]] = []
    outcome = bulk.go(progress=lambda done, total: seen.append((done, total)))
    assert {row.run: row.outcome for row in outcome} == {
        runs[0].id: "left alone", runs[1].id: "done", runs[2].id: "done"
    }  # fmt: skip
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert len(ws.audit(operation="run.canceled")) == 3
    assert {run.status for run in runs} == {"CANCELED"}


def test_a_run_that_cannot_be_resumed_does_not_keep_the_others(ws: wfnb.Workspace) -> None:
    publish(ws, wait_for("GO"))
    runs = [ws.start("w", {"key": key}).wait(until="parked") for key in "ab"]
    bulk = ws.bulk("resume", "let them go", ids=[run.id for run in runs])
    ws.submit_event("GO", {}, key="a")
    runs[0].wait(60)
    outcome = {row.run: row.error for row in bulk.go()}
    assert (outcome[runs[0].id], outcome[runs[1].id]) == ("NOTHING_TO_RESUME", None)
    assert runs[1].wait(60).status == "SUCCEEDED"


def test_what_cannot_be_done_to_many_runs_is_refused(ws: wfnb.Workspace) -> None:
    with pytest.raises(ValidationError, match="cancel, resume or retry"):
        ws.bulk("delete", "clean up", status="FAILED")
    with pytest.raises(ValidationError, match="which runs"):
        ws.bulk("cancel", "clean up")


def test_items_that_are_done_in_parallel_are_done_again_together(ws: wfnb.Workspace) -> None:
    shop = Shop(ws)
    loop = {
        "id": "each", "type": "control.forEach", "items": {"$expr": "payload.n"}, "itemVar": "item", "concurrency": 2,
        "body": [assign("take", n="vars.item"), call("pay"), call("ship")],
    }  # fmt: skip
    publish(ws, loop, assign("end", done="true"))
    shop.failing = {"ship"}
    run = failed(ws, {"n": [1, 2, 3]})
    paid = [name for name, _ in shop.calls].count("pay")
    shop.failing = set()
    assert run.retry("again").wait(60).status == "SUCCEEDED"
    assert run.envelope["vars"]["done"] is True
    assert [name for name, _ in shop.calls].count("pay") == max(paid, 3)
    assert len({(step.instance, step.attempt) for step in run.steps()}) == len(run.steps())
