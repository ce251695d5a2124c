"""How runs move, seen from outside: rows before and after, crashes, keys, retries, cancels."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest

import wfnb
from unit.machine.world import Anything, assign, attempt, call, each, state, when
from wfnb.limits import LIMITS
from wfnb.store.sqlite import SqliteStore


@pytest.fixture(params=["sqlite", "memory"])
def ws(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    store = "memory" if request.param == "memory" else None
    with wfnb.open(tmp_path, store=store, clock="2026-01-01", seed=1) as workspace:
        yield workspace


def publish(ws: wfnb.Workspace, *steps: Any, id: str = "test", **extra: Any) -> wfnb.Publication:
    publication = ws.publish({"id": id, "name": id, "steps": list(steps), **extra})
    assert publication.ok, publication.findings
    return publication


def register(ws: wfnb.Workspace, name: str, body: Any, **options: Any) -> None:
    @ws.action(name, **options)
    def _act(data: Anything, ctx: wfnb.ActionContext) -> Anything:
        return Anything.model_validate(body(data.model_dump(), ctx) or {})


def until_it_waits(run: wfnb.Run) -> None:
    while not run.waits():
        with pytest.raises(TimeoutError):
            run.wait(0.01)


# --- publishing and starting


@pytest.mark.behaviour(34, 48)
def test_a_definition_with_a_warning_is_published(ws: wfnb.Workspace) -> None:
    publication = publish(ws, assign("a", x="1"), {"id": "r", "type": "control.return"}, assign("b", x="2"))
    assert {finding.severity for finding in publication.findings} == {"warning"}
    assert "UNREACHABLE_STEP" in {finding.code for finding in publication.findings}
    assert publication.version == 1


@pytest.mark.behaviour(46)
def test_the_publisher_is_kept_with_the_version(ws: wfnb.Workspace) -> None:
    ws.publish({"id": "w", "name": "W", "steps": [assign("a", x="1")]}, actor="ann")
    version = ws._store.version("w", 1)
    assert version is not None
    assert version.published_by == "ann"
    assert version.published_us > 0


@pytest.mark.behaviour(64, 84)
def test_a_start_makes_a_run_that_stands_at_its_first_step(tmp_path: Path) -> None:
    entered, leave = threading.Event(), threading.Event()
    with wfnb.open(tmp_path) as ws:

        def slow(_data: Any, _ctx: Any) -> None:
            entered.set()
            leave.wait(60)

        register(ws, "slow", slow)
        publish(ws, call("s", "slow"), assign("a", x="1"))
        run = ws.start("test")
        assert entered.wait(60)
        assert (run.status, run.row.cursor) == ("RUNNING", "root.steps[0]")
        leave.set()
        run.wait(60)
        row = run.row
        assert (row.status, row.cursor) == ("SUCCEEDED", None)
        assert row.completed_us is not None
        assert row.started_us <= row.completed_us == row.updated_us
        (summary,) = ws.runs()
        assert summary.started_at.endswith("Z")
        assert summary.duration_ms is not None


@pytest.mark.behaviour(68, 69)
def test_a_step_is_recorded_before_its_action_is_called_and_after(ws: wfnb.Workspace) -> None:
    seen: list[Any] = []

    def look(_data: Any, ctx: wfnb.ActionContext) -> None:
        run = ws.run(ctx.run_id)
        seen.extend((s.id, s.status, s.attempt, s.duration_ms) for s in run.steps())
        seen.extend((i.action, i.status) for i in run.invocations())

    register(ws, "look", look)
    publish(ws, call("s", "look"))
    run = ws.start("test").wait(60)
    assert seen == [("s", "STARTED", 1, None), ("look", "STARTED")]
    (step,) = run.steps()
    assert (step.status, step.attempt) == ("SUCCEEDED", 1)
    assert step.duration_ms is not None
    assert step.duration_ms > 0


@pytest.mark.behaviour(75, 86, 209)
def test_the_snapshot_of_a_step_shows_what_it_did_and_no_secret(ws: wfnb.Workspace) -> None:
    publish(ws, state("s", "READY"), assign("a", x="1", ref="payload.ref"))
    run = ws.start("test", {"password": "hunter2", "ref": {"secretRef": "vault/1"}}).wait(60)
    first, second = (run.at(step.seq) for step in run.steps())
    assert first.envelope["meta"] == {"state": "READY"}
    assert first.envelope["vars"] == {}
    assert second.envelope["vars"] == {"x": 1, "ref": {"secretRef": "[REDACTED]"}}
    assert [snapshot.step.id for snapshot in (first, second) if snapshot.step] == ["s", "a"]
    assert "hunter2" not in repr(second.envelope) + str(second._repr_mimebundle_())


@pytest.mark.behaviour(208)
def test_snapshots_are_made_when_they_are_looked_at_and_never_stored(tmp_path: Path) -> None:
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        publish(
            ws,
            state("s", "READY"),
            each("l", "[1..5]", [assign("a", x="vars.item", copy="payload.password")]),
        )
        run = ws.start("test", {"password": "hunter2"}).wait(60)
        before = rows(tmp_path)
        looked = [run.at(seq).envelope for seq in range(run.row.seq + 1)]
        assert looked[-1]["payload"] == {"password": "[REDACTED]"}
        assert rows(tmp_path) == before
        assert not any("[REDACTED]" in row for found in before.values() for row in found)


def rows(folder: Path) -> dict[str, list[str]]:
    """Every row of every table of a state file, as text."""
    file = apsw.Connection(str(folder / ".wfnb" / "state.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
    tables = [name for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {table: [repr(row) for row in file.execute(f'SELECT * FROM "{table}"')] for table in tables}


@pytest.mark.behaviour(210)
def test_publish_start_succeed_and_the_history_tells_it(ws: wfnb.Workspace) -> None:
    register(ws, "double", lambda data, _ctx: {"n": data["n"] * 2})
    step = call("d", "double", inputs={"n": {"$expr": "payload.n"}}, save_as="out")
    publish(ws, step, when("w", "vars.out.n = 42", [assign("a", x="'big'")]), id="story")
    run = ws.start("story", {"n": 21}).wait(60)
    assert (run.status, run.envelope["vars"]) == ("SUCCEEDED", {"out": {"n": 42}, "x": "big"})
    steps = ws.sql("SELECT step_id, status, attempt FROM steps ORDER BY seq")
    assert steps.to_numpy().tolist() == [["d", "SUCCEEDED", 1], ["w", "SUCCEEDED", 1], ["a", "SUCCEEDED", 1]]
    (row,) = ws.sql("SELECT workflow, status FROM runs").to_numpy().tolist()
    assert row == ["story", "SUCCEEDED"]


# --- crashes


def hung(folder: Path, steps: list[Any], payload: Any = None) -> str:
    """A run that is left in its action `work` when its workspace is closed; its id."""
    entered, leave = threading.Event(), threading.Event()

    def hang(_data: Any, _ctx: Any) -> None:
        entered.set()
        leave.wait(20)

    ws = wfnb.open(folder)
    register(ws, "work", hang)
    register(ws, "fail", lambda _data, _ctx: {}["absent"])
    publish(ws, *steps)
    run_id = ws.start("test", payload).id
    assert entered.wait(60)
    ws.close()
    leave.set()
    return run_id


@pytest.mark.behaviour(72)
@pytest.mark.defect("D-5")
def test_a_run_goes_on_from_its_whole_state_with_secrets_and_beyond_the_cap_of_a_snapshot(
    tmp_path: Path,
) -> None:
    secret, large = {"password": "hunter2", "secretRef": "vault/1"}, "x" * LIMITS.snapshot_size_bytes
    steps = [
        assign("before", kept="payload.password", size="len(payload.large)"),
        call("w", "work"),
        assign("after", same="vars.kept = payload.password and payload.secretRef = 'vault/1'", size="len(payload.large)"),
    ]  # fmt: skip
    run_id = hung(tmp_path, steps, {**secret, "large": large})
    with wfnb.open(tmp_path) as ws:
        register(ws, "work", lambda _data, _ctx: {})
        run = ws.run(run_id).wait(60)
        assert run.status == "SUCCEEDED"
        assert set(run.envelope) == {"truncated", "size", "max"}
        assert [step.id for step in run.steps()] == ["before", "w", "after"]
        changes = {
            tuple(w.path): w.value for m in ws._store.macrosteps(run.row.run_no, 0, 99) for w in m.writes
        }
        assert changes["envelope", "vars", "same"] is True
        assert changes["envelope", "vars", "kept"] == "hunter2"
        assert changes["envelope", "vars", "size"] == len(large)


@pytest.mark.defect("D-20")
def test_the_error_of_a_catch_block_survives_a_crash(tmp_path: Path) -> None:
    caught = [call("w", "work"), assign("why", name="error.name", place="error.nodePath")]
    run_id = hung(tmp_path, [attempt("t", [call("bad", "fail")], caught, captureErrorAs="problem")])
    with wfnb.open(tmp_path) as ws:
        register(ws, "work", lambda _data, _ctx: {})
        register(ws, "fail", lambda _data, _ctx: {})
        run = ws.run(run_id).wait(60)
        assert run.status == "SUCCEEDED"
        assert run.envelope["vars"]["name"] == "ActionError"
        assert run.envelope["vars"]["place"] == "root.steps[0].try.steps[0]"
        assert run.envelope["vars"]["problem"]["category"] == "ActionError"


def held_elsewhere(folder: Path, run_id: str, left_us: int) -> int:
    """Give a run to an owner on another machine, with a lease that has some time left; the run's epoch."""
    with SqliteStore(folder / ".wfnb" / "state.sqlite") as store:
        row = store.run(run_id)
        assert row is not None
        now_us = time.time_ns() // 1000
        claimed = store.claim_run(row.run_no, "elsewhere/1/1", now_us, now_us + left_us)
        assert claimed is not None
        return claimed.epoch


@pytest.mark.behaviour(88, 160)
@pytest.mark.defect("D-10")
def test_a_run_whose_lease_has_run_out_is_taken_over(tmp_path: Path) -> None:
    run_id = hung(tmp_path, [call("w", "work"), assign("after", x="1")])
    epoch = held_elsewhere(tmp_path, run_id, left_us=-1)
    with wfnb.open(tmp_path) as ws:
        register(ws, "work", lambda _data, _ctx: {})
        run = ws.run(run_id).wait(20)
        assert (run.status, run.envelope["vars"]) == ("SUCCEEDED", {"x": 1})
        assert run.row.epoch > epoch


@pytest.mark.behaviour(87)
@pytest.mark.defect("D-10")
def test_a_run_that_another_worker_holds_is_left_alone(tmp_path: Path) -> None:
    run_id = hung(tmp_path, [call("w", "work")])
    epoch = held_elsewhere(tmp_path, run_id, left_us=3_600_000_000)
    calls: list[int] = []
    with wfnb.open(tmp_path) as ws:
        register(ws, "work", lambda _data, _ctx: calls.append(1))
        publish(ws, assign("a", x="1"), id="other")
        assert ws.start("other").wait(20).status == "SUCCEEDED"
        with pytest.raises(TimeoutError):
            ws.run(run_id).wait(0.3)
        row = ws.run(run_id).row
        assert (row.owner, row.epoch, calls) == ("elsewhere/1/1", epoch, [])


@pytest.mark.behaviour(161)
@pytest.mark.defect("D-10")
def test_the_lease_of_a_long_step_is_renewed_and_given_back_at_the_end(tmp_path: Path) -> None:
    entered, leave = threading.Event(), threading.Event()

    def long(_data: Any, _ctx: Any) -> None:
        entered.set()
        leave.wait(20)

    with wfnb.open(tmp_path) as ws:
        register(ws, "long", long)
        publish(ws, call("l", "long"))
        run = ws.start("test")
        assert entered.wait(60)
        first = run.row.lease_until_us
        assert first is not None
        while run.row.lease_until_us == first:
            with pytest.raises(TimeoutError):
                run.wait(0.05)
        assert int(run.row.lease_until_us or 0) > first
        leave.set()
        assert run.wait(60).status == "SUCCEEDED"
        assert (run.row.owner, run.row.lease_until_us) == (None, None)


# --- retries


@pytest.mark.behaviour(144)
def test_many_parked_retries_leave_every_worker_free(tmp_path: Path) -> None:
    with wfnb.open(tmp_path) as ws:

        def busy(_data: Any, _ctx: Any) -> None:
            raise wfnb.TransientError("Busy.")

        register(ws, "busy", busy, retry={"maxAttempts": 2, "backoffMs": 3_600_000})
        register(ws, "quick", lambda _data, _ctx: {})
        publish(ws, call("b", "busy"), id="parked")
        publish(ws, call("q", "quick"), id="quick")
        parked = [ws.start("parked") for _ in range(48)]
        assert ws.start("quick").wait(20).status == "SUCCEEDED"
        for run in parked:
            until_it_waits(run)
        waits = [wait for run in parked for wait in run.waits()]
        assert {(wait.type, wait.status) for wait in waits} == {("retry", "WAITING")}
        for run in parked:
            run.cancel("enough of it")


@pytest.mark.behaviour(145)
def test_the_wait_for_a_retry_is_a_row_with_its_due_time(ws: wfnb.Workspace) -> None:
    tries: list[int] = []

    def flaky(_data: Any, ctx: wfnb.ActionContext) -> None:
        tries.append(ctx.attempt)
        if len(tries) == 1:
            raise wfnb.TransientError("Busy.")

    register(ws, "flaky", flaky)
    publish(ws, call("f", "flaky", retry={"maxAttempts": 2, "backoffMs": 5_000, "jitter": False}))
    run = ws.start("test").wait(60)
    (wait,) = run.waits()
    assert (wait.type, wait.instance) == ("retry", "root.steps[0]")
    opened, due = (datetime.fromisoformat(str(text)) for text in (wait.opened_at, wait.due_at))
    assert due - opened == timedelta(seconds=5)


@pytest.mark.behaviour(163)
def test_a_retry_of_a_cancelled_run_is_never_performed(tmp_path: Path) -> None:
    calls: list[str] = []

    def busy_once(data: Any, _ctx: Any) -> None:
        calls.append(data["who"])
        if calls.count(data["who"]) == 1:
            raise wfnb.TransientError("Busy.")

    def step(backoff_ms: int) -> Any:
        policy = {"maxAttempts": 2, "backoffMs": backoff_ms, "jitter": False}
        return call("b", "busy", inputs={"who": {"$expr": "payload.who"}}, retry=policy)

    with wfnb.open(tmp_path) as ws:
        register(ws, "busy", busy_once)
        publish(ws, step(200), id="soon")
        publish(ws, step(400), id="later")
        run = ws.start("soon", {"who": "cancelled"})
        until_it_waits(run)
        run.cancel("not needed")
        # Its retry would have been due before the one of the other run.
        assert ws.start("later", {"who": "other"}).wait(20).status == "SUCCEEDED"
        assert calls == ["cancelled", "other", "other"]
        assert [step.attempt for step in run.steps()] == [1]
        assert [wait.status for wait in run.waits()] == ["CANCELED"]


@pytest.mark.behaviour(162, 167)
def test_a_retry_is_performed_once_although_two_workers_see_it(tmp_path: Path) -> None:
    calls: list[int] = []

    def busy_once(data: Any, _ctx: Any) -> None:
        calls.append(data["n"])
        if calls.count(data["n"]) == 1:
            raise wfnb.TransientError("Busy.")

    with wfnb.open(tmp_path) as one, wfnb.open(tmp_path) as two:
        for ws in (one, two):
            register(ws, "busy", busy_once)
        policy = {"maxAttempts": 3, "backoffMs": 50, "jitter": False}
        publish(one, call("b", "busy", inputs={"n": {"$expr": "payload.n"}}, retry=policy))
        runs = [(one, two)[n % 2].start("test", {"n": n}) for n in range(10)]
        assert {run.wait(20).status for run in runs} == {"SUCCEEDED"}
        assert sorted(calls) == sorted([*range(10)] * 2)
        assert [[step.attempt for step in run.steps()] for run in runs] == [[1, 2]] * 10


# --- keys


@pytest.mark.behaviour(156)
def test_a_stored_output_belongs_to_one_action_and_one_version(ws: wfnb.Workspace) -> None:
    calls: list[Any] = []
    for name, version in (("one", 1), ("one", 2), ("two", 1)):
        register(
            ws,
            name,
            lambda _d, _c, who=(name, version): calls.append(who) or {"who": str(who)},
            version=version,
        )
    key = {"idempotencyKey": {"$expr": "'same'"}}
    steps = [
        call("a", "one", config=key), call("b", "one", config={**key, "version": 2}), call("c", "two", config=key), call("d", "one", config=key),
    ]  # fmt: skip
    publish(ws, *steps)
    assert ws.start("test").wait(60).status == "SUCCEEDED"
    assert calls == [("one", 1), ("one", 2), ("two", 1)]


@pytest.mark.behaviour(157)
def test_a_stored_output_belongs_to_one_workspace(tmp_path: Path) -> None:
    calls: list[str] = []
    for name in ("red", "blue"):
        with wfnb.open(tmp_path / name, clock="2026-01-01", seed=1) as ws:
            register(ws, "act", lambda _d, _c, who=name: calls.append(who))
            publish(ws, call("a", "act", config={"idempotencyKey": {"$expr": "'same'"}}))
            ws.start("test").wait(60)
            ws.start("test").wait(60)
    assert calls == ["red", "blue"]


@pytest.mark.behaviour(155, 215)
def test_items_of_a_loop_with_one_key_have_one_effect(ws: wfnb.Workspace) -> None:
    calls: list[int] = []
    register(ws, "act", lambda data, _ctx: calls.append(data["n"]) or {"n": data["n"]})
    step = call(
        "a",
        "act",
        inputs={"n": {"$expr": "vars.item"}},
        config={"idempotencyKey": {"$expr": "'same'"}},
        save_as="out",
    )
    publish(ws, each("l", "[1, 2]", [step, assign("s", seen="append(coalesce(vars.seen, []), vars.out.n)")]))
    run = ws.start("test").wait(60)
    assert (calls, run.envelope["vars"]["seen"]) == ([1], [1, 1])
    assert [invocation.shared for invocation in run.invocations()] == [False, True]


@pytest.mark.behaviour(165, 32)
def test_without_a_key_of_its_own_a_call_gets_one_from_the_engine(ws: wfnb.Workspace) -> None:
    keys: list[str] = []
    register(
        ws, "act", lambda _d, ctx: keys.append(ctx.idempotency_key), side_effect=True, idempotency="engine"
    )
    publish(ws, each("l", "[1, 1]", [call("a", "act", inputs={"n": {"$expr": "vars.item"}})]))
    ws.start("test").wait(60)
    ws.start("test").wait(60)
    assert len(set(keys)) == 4, "two runs of two items each"
    assert all(len(key) >= 32 for key in keys)


@pytest.mark.behaviour(155, 166)
def test_the_key_that_the_action_makes_is_used_and_recognised(ws: wfnb.Workspace) -> None:
    keys: list[str] = []
    register(
        ws, "act", lambda d, ctx: keys.append(ctx.idempotency_key) or {"n": d["order"]},
        side_effect=True, idempotency=lambda data: f"order-{data.order}",
    )  # fmt: skip
    publish(ws, call("a", "act", inputs={"order": {"$expr": "payload.order"}}, save_as="out"))
    runs = [ws.start("test", {"order": order}).wait(60) for order in (7, 8, 7)]
    assert keys == ["order-7", "order-8"]
    assert [run.envelope["vars"]["out"] for run in runs] == [{"n": 7}, {"n": 8}, {"n": 7}]


@pytest.mark.defect("D-6")
def test_a_known_key_gives_the_true_output_and_not_the_masked_one(ws: wfnb.Workspace) -> None:
    register(ws, "login", lambda _d, _c: {"token": "t-12345"})
    key = {"idempotencyKey": {"$expr": "'same'"}}
    publish(
        ws, call("a", "login", config=key, save_as="first"), call("b", "login", config=key, save_as="second"),
        assign("c", same="vars.first.token = vars.second.token and vars.second.token = 't-12345'"),
    )  # fmt: skip
    run = ws.start("test").wait(60)
    assert run.envelope["vars"]["same"] is True
    assert [invocation.shared for invocation in run.invocations()] == [False, True]
    assert [invocation.output for invocation in run.invocations()] == [{"token": "[REDACTED]"}] * 2


@pytest.mark.behaviour(158, 159)
def test_a_key_that_another_run_has_begun_is_waited_for_by_a_retry(tmp_path: Path) -> None:
    entered, leave = threading.Event(), threading.Event()
    calls: list[int] = []

    def slow(_data: Any, _ctx: Any) -> dict[str, Any]:
        calls.append(1)
        entered.set()
        leave.wait(20)
        return {"n": len(calls)}

    with wfnb.open(tmp_path) as ws:
        register(ws, "slow", slow)
        policy = {"maxAttempts": 500, "backoffMs": 20, "backoffMultiplier": 1}
        publish(
            ws, call("a", "slow", config={"idempotencyKey": {"$expr": "'same'"}}, retry=policy, save_as="out")
        )
        first = ws.start("test")
        assert entered.wait(60)
        second = ws.start("test")
        until_it_waits(second)
        (attempt_, *_) = second.steps()
        assert (attempt_.status, attempt_.handled_by) == ("RETRY_SCHEDULED", "retry")
        assert attempt_.error is not None
        assert (attempt_.error["category"], attempt_.error["code"]) == ("TransientError", "KEY_IN_PROGRESS")
        leave.set()
        assert (first.wait(60).status, second.wait(60).status) == ("SUCCEEDED", "SUCCEEDED")
        assert second.envelope["vars"] == {"out": {"n": 1}}
        assert calls == [1]


# --- the end


@pytest.mark.behaviour(216)
@pytest.mark.defect("D-9")
def test_after_a_cancel_no_step_runs_and_the_run_stays_cancelled(tmp_path: Path) -> None:
    called: list[str] = []

    def cancel_me(_data: Any, ctx: wfnb.ActionContext) -> None:
        called.append("first")
        ws.run(ctx.run_id).cancel("changed my mind")

    with wfnb.open(tmp_path) as ws:
        register(ws, "cancel", cancel_me)
        register(ws, "never", lambda _data, _ctx: called.append("never"))
        publish(ws, call("c", "cancel"), assign("a", x="1"), call("n", "never"))
        publish(ws, assign("a", x="1"), id="other")
        run = ws.start("test").wait(20)
        steps = list(run.steps())
        assert [(step.id, step.status) for step in steps] == [("c", "CANCELED")]
        assert ws.start("other").wait(60).status == "SUCCEEDED"
        assert ws.run(run.id).cancel("once more").status == "CANCELED"
        assert (list(run.steps()), called) == (steps, ["first"])
    with wfnb.open(tmp_path) as ws:
        register(ws, "cancel", cancel_me)
        register(ws, "never", lambda _data, _ctx: called.append("never"))
        assert ws.run(run.id).wait(60).status == "CANCELED"
        assert called == ["first"]
