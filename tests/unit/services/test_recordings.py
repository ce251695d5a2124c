"""Records: rebuilt from the rows of every store, they lead the machine through exactly the states that were stored."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from unit.machine.world import assign, call, each, when
from wfnb.errors import ActionError, CommandError, TransientError
from wfnb.machine.record import Record
from wfnb.machine.replay import Replayer, text_of
from wfnb.services.recordings import record_of, tapes_of
from wfnb.store.port import state_at
from wfnb.store.text import dump


class Data(BaseModel):
    n: int = 0


@pytest.fixture
def ws(kept: str | None, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path, store=kept, clock="2026-01-01", seed=7, actor="ann") as workspace:
        yield workspace


def flaky(
    ws: wfnb.Workspace, failing: int, error: type[Exception] = TransientError, **facts: Any
) -> list[int]:
    """An action that fails as often as it is told, and gives one more than it got."""
    calls: list[int] = []

    @ws.action("add", **facts)
    def add(data: Data) -> Data:
        calls.append(data.n)
        if len(calls) <= failing:
            raise error("No.")
        return Data(n=data.n + 1)

    return calls


def publish(ws: wfnb.Workspace, *steps: dict[str, Any], id: str = "w") -> None:
    publication = ws.publish({"id": id, "name": id, "steps": list(steps)})
    assert publication.ok, publication.findings


def step(step_id: str = "add", **config: Any) -> dict[str, Any]:
    made = call(step_id, "add", inputs={"n": {"$expr": "payload.n"}}, save_as="vars.out")
    return {**made, **config}


def goes_the_same_way(ws: wfnb.Workspace, run: wfnb.Run) -> Record:
    """Replay a run against its own version: every state is the stored one."""
    row = run.row
    program = ws._programs.get(row.workflow_id, row.workflow_version)
    record = record_of(ws._store, row)
    seen: list[int] = []

    def compare(given: Any, _events: Any, state: Any) -> None:
        seen.append(given.seq)
        assert dump(state.tree) == dump(state_at(ws._store, row, given.seq).tree)

    end = Replayer(program, row.workflow_version, program).replay(record, compare)
    assert end.identical
    assert seen == list(range(1, row.seq + 1))
    assert end.state.status == row.status
    return record


def test_the_text_that_is_compared_is_the_text_that_is_stored() -> None:
    value = {"b": [1, 1.0, True, None, "é\n"], "a": {"x": -0.0, "y": 1e300}}
    assert text_of(value) == dump(value)


def test_pure_steps_branches_and_loops(ws: wfnb.Workspace) -> None:
    body = each("loop", "payload.items", [assign("sum", n="coalesce(vars.n, 0) + $item")])
    publish(
        ws, body, when("is", "vars.n > 2", [assign("big", size="'big'")], [assign("small", size="'small'")])
    )
    goes_the_same_way(ws, ws.start("w", {"items": [1, 2, 3]}).wait(60))


def test_a_retry_comes_when_it_came_whatever_the_seed_of_the_workspace(ws: wfnb.Workspace) -> None:
    flaky(ws, 2)
    publish(ws, step(retry={"maxAttempts": 4, "backoffMs": 1_000, "jitter": True}))
    run = ws.start("w", {"n": 1}).wait(60)
    assert len(run.waits()) == 2
    assert goes_the_same_way(ws, run).tape.seq == run.row.seq


def test_errors_of_earlier_attempts_are_those_that_were(ws: wfnb.Workspace) -> None:
    flaky(ws, 9, side_effect=True, idempotency="engine")
    publish(ws, step(retry={"maxAttempts": 3, "backoffMs": 10}, onError={"policy": "continue"}))
    run = ws.start("w", {"n": 1}).wait(60)
    assert len(run.invocations()) == 1  # one row for all attempts
    goes_the_same_way(ws, run)


def test_an_answer_a_task_and_a_pause(ws: wfnb.Workspace) -> None:
    wait = {
        "id": "answer",
        "type": "event.wait",
        "config": {"eventName": "ANSWER", "correlationKey": {"$expr": "payload.key"}},
    }
    task = {
        "id": "ask",
        "type": "human.task",
        "config": {"taskType": "ok", "title": {"$expr": "'Order ' & payload.key"}},
    }
    pause = {"id": "pause", "type": "time.wait", "config": {"mode": "duration", "durationMs": 60_000}}
    publish(ws, wait, task, pause, assign("said", text="vars.event.text"))
    run = ws.start("w", {"key": "k"}).wait(60, until="parked")
    goes_the_same_way(ws, run)
    ws.submit_event("ANSWER", key="k", payload={"text": "hello"})
    run.wait(60, until="parked")
    ws.complete_task(ws.tasks()[0].id, {"text": "yes"})
    assert run.wait(60).envelope["vars"]["text"] == "yes"
    goes_the_same_way(ws, run)


def test_a_wait_that_ran_out_and_one_that_a_person_ended(ws: wfnb.Workspace) -> None:
    wait = {
        "id": "answer",
        "type": "event.wait",
        "config": {"eventName": "ANSWER", "correlationKey": {"$expr": "'k'"}, "timeoutMs": 1_000},
    }
    block = {"id": "try", "type": "control.tryCatch", "try": [wait], "catch": [assign("late", late="true")]}
    publish(ws, block)
    late = ws.start("w").wait(60, until="parked")
    resumed = (
        ws.start("w").wait(60, until="parked").resume({"by": "hand"}, reason="waited long enough").wait(60)
    )
    ws.pass_time(minutes=5)
    assert late.wait(60).envelope["vars"]["late"] is True
    goes_the_same_way(ws, late)
    goes_the_same_way(ws, resumed)


def test_a_cancelled_run(ws: wfnb.Workspace) -> None:
    publish(
        ws,
        {
            "id": "wait",
            "type": "event.wait",
            "config": {"eventName": "NEVER", "correlationKey": {"$expr": "'k'"}},
        },
    )
    run = ws.start("w").wait(60, until="parked").cancel("not wanted any more")
    assert goes_the_same_way(ws, run).notes[run.row.seq]["reason"] == "not wanted any more"


def test_a_run_that_was_retried_twice(ws: wfnb.Workspace) -> None:
    calls = flaky(ws, 4, ActionError)
    retry = {"maxAttempts": 2, "backoffMs": 10, "retryOn": ["ActionError"]}
    publish(ws, assign("first", a="1"), step(retry=retry), assign("last", b="vars.a + 1"))
    run = ws.start("w", {"n": 1}).wait(60)
    run.retry("the shop is open again").wait(60)
    assert run.status == "FAILED"
    goes_the_same_way(ws, run)
    run.retry("from the beginning", step="first").wait(60)
    assert (run.status, len(calls)) == ("SUCCEEDED", 5)
    goes_the_same_way(ws, run)


def test_items_that_are_done_at_once(ws: wfnb.Workspace) -> None:
    flaky(ws, 1, ActionError)
    loop = each(
        "loop",
        "payload.items",
        [call("one", "add", inputs={"n": {"$expr": "$item"}}, save_as="vars.out"), assign("keep", n="$item")],
    )
    publish(ws, {**loop, "concurrency": 3, "onItemError": "continue"})
    goes_the_same_way(ws, ws.start("w", {"items": [1, 2, 3, 4, 5]}).wait(60))


def test_items_that_are_done_at_once_in_real_time(kept: str | None, tmp_path: Path) -> None:
    with wfnb.open(tmp_path, store=kept) as ws:
        gates = {n: threading.Event() for n in range(3)}

        @ws.action("add")
        def add(data: Data) -> Data:
            if data.n:
                gates[data.n - 1].wait(60)  # the first item ends first, because the others wait for it
            gates[data.n].set()
            return data

        loop = each(
            "loop",
            "payload.items",
            [call("one", "add", inputs={"n": {"$expr": "$item"}}, save_as="vars.out")],
        )
        publish(ws, {**loop, "concurrency": 3})
        goes_the_same_way(ws, ws.start("w", {"items": [2, 1, 0]}).wait(60))


def test_a_run_that_called_another_one(ws: wfnb.Workspace) -> None:
    flaky(ws, 0)
    publish(ws, step(), id="inner")
    inner = {"id": "inner", "type": "control.callWorkflow", "workflowId": "inner", "workflowVersion": 1}
    mapping = {
        "inputMapping": {"n": {"$expr": "payload.n"}},
        "outputMapping": {"vars.got": {"$expr": "vars.childRun.vars"}},
    }
    publish(ws, {**inner, **mapping})
    run = ws.start("w", {"n": 4}).wait(60)
    record = goes_the_same_way(ws, run)
    child = ws.run(next(iter(record.tape.children.values())).run_id)
    goes_the_same_way(ws, child)


def test_a_key_that_could_not_be_made_fails_again(ws: wfnb.Workspace) -> None:
    def key(data: Data) -> str:
        raise KeyError(data.n)

    flaky(ws, 0, side_effect=True, idempotency=key)
    publish(ws, step())
    run = ws.start("w", {"n": 1}).wait(60)
    assert run.status == "FAILED"
    goes_the_same_way(ws, run)


def test_a_fallback_whose_error_was_not_kept(ws: wfnb.Workspace) -> None:
    @ws.action("parse_email_reply")
    def parse(data: Data) -> Data:
        raise ActionError("The parser is broken.")

    flaky(ws, 1, ActionError)
    parse_step = {"id": "parse", "type": "email.parseBody", "config": {"text": "hello"}}
    publish(ws, parse_step, step())
    run = ws.start("w", {"n": 1}).wait(60)
    goes_the_same_way(ws, run)
    run.retry("once more from the mail on", step="parse").wait(60)
    assert run.status == "SUCCEEDED"
    goes_the_same_way(ws, run)


def test_records_of_many_runs_come_in_the_order_of_their_numbers(ws: wfnb.Workspace) -> None:
    publish(ws, assign("one", n="payload.n"))
    publish(ws, assign("one", n="0"), id="other")
    for n in range(6):
        ws.start("w" if n % 2 else "other", {"n": n}).wait(60)
    assert [tape.run_no for tape in tapes_of(ws._store, "w", 2, 5)] == [2, 4]
    assert [tape.run_no for tape in tapes_of(ws._store, "w", 1, 100)] == [2, 4, 6]
    assert not list(tapes_of(ws._store, "w", 7, 100))


def test_a_record_with_rows_missing_is_refused(ws: wfnb.Workspace) -> None:
    publish(ws, assign("one", n="1"))
    tape = next(tapes_of(ws._store, "w", 1, 1), None)
    assert tape is None
    ws.start("w").wait(60)
    tape = next(tapes_of(ws._store, "w", 1, 1))
    tape.macrosteps.pop()
    with pytest.raises(CommandError, match="1 of 2") as refused:
        Record(tape)
    assert refused.value.code == "NOT_REPLAYABLE"
