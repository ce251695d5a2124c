"""Items of a loop that are really under way at once, through the engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb


class Number(BaseModel):
    n: int


@pytest.fixture(params=["sqlite", "memory"])
def ws(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    store = "memory" if request.param == "memory" else None
    with wfnb.open(tmp_path, store=store) as workspace:
        yield workspace


def publish(ws: wfnb.Workspace, *body: dict[str, Any], width: int = 3) -> None:
    loop = {
        "id": "loop", "type": "control.forEach", "items": {"$expr": "payload.items"}, "itemVar": "item",
        "concurrency": width, "body": list(body),
    }  # fmt: skip
    publication = ws.publish({"id": "test", "name": "Test", "steps": [loop]})
    assert publication.ok, publication.findings


def meet() -> dict[str, Any]:
    mapping = {"n": {"$expr": "vars.item"}}
    config = {"actionId": "meet", "version": 1, "inputMapping": mapping, "saveAs": "vars.met"}
    return {"id": "meet", "type": "action.call", "config": config}


def test_calls_of_several_items_meet(ws: wfnb.Workspace) -> None:
    barrier = threading.Barrier(3, timeout=120)

    @ws.action("meet")
    def _meet(data: Number) -> Number:
        barrier.wait()
        return data

    publish(ws, meet())
    run = ws.start("test", {"items": [1, 2, 3, 4, 5, 6]}).wait(120)
    assert (run.status, run.error) == ("SUCCEEDED", None)
    assert run.envelope["vars"] == {"met": {"n": 6}}
    assert [step.status for step in run.steps()] == ["SUCCEEDED"] * 7
    assert len({call.instance for call in run.invocations()}) == 6


def test_a_run_that_is_stopped_between_items_goes_on_with_those_that_are_left(tmp_path: Path) -> None:
    entered, gate = threading.Semaphore(0), threading.Event()
    seen: list[int] = []

    def register(ws: wfnb.Workspace, *, wait: bool) -> None:
        @ws.action("meet")
        def _meet(data: Number) -> Number:
            entered.release()
            if wait and data.n > 1:
                gate.wait(120)
            seen.append(data.n)
            return data

    with wfnb.open(tmp_path) as first:
        register(first, wait=True)
        publish(first, meet())
        run = first.start("test", {"items": [1, 2, 3, 4]})
        for _ in range(4):
            assert entered.acquire(timeout=120)
    gate.set()
    with wfnb.open(tmp_path) as second:
        register(second, wait=False)
        again = second.run(run.id).wait(120)
        assert again.status == "SUCCEEDED"
        assert again.envelope["vars"] == {"met": {"n": 4}}


def test_one_item_waits_for_an_event_while_others_act(ws: wfnb.Workspace) -> None:
    @ws.action("meet")
    def _meet(data: Number) -> Number:
        return data

    wait = {
        "id": "wait", "type": "event.wait",
        "config": {"eventName": "GO", "correlationKey": {"$expr": "vars.item"}},
    }  # fmt: skip
    branch = {
        "id": "first", "type": "control.if", "condition": {"$expr": "vars.item = 1"}, "then": [wait], "else": [meet()],
    }  # fmt: skip
    publish(ws, branch)
    run = ws.start("test", {"items": [1, 2, 3]}).wait(120, until="parked")
    assert run.status == "WAITING"
    assert len(run.invocations()) == 2
    ws.submit_event("GO", {}, key=1)
    assert run.wait(120).status == "SUCCEEDED"


def test_a_debugger_sees_one_order(tmp_path: Path) -> None:
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:

        @ws.action("meet")
        def _meet(data: Number) -> Number:
            return data

        publish(ws, meet(), width=2)
        run = ws.start("test", {"items": [1, 2, 3]}).wait()
        debugger = run.debug()
        seen = []
        while not debugger.finished:
            debugger.step()
            seen.append(debugger.view()["step"]["instance"])
        assert seen == [
            "root.steps[0]",
            "root.steps[0].body{0}.steps[0]",
            "root.steps[0].body{1}.steps[0]",
            "root.steps[0].body{2}.steps[0]",
        ]
        while debugger.position:
            debugger.back()
        assert run.at(0).status == "PENDING"
