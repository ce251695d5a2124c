"""How many runs an engine drives at once, which ones, and what it leaves for others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

import wfnb
from wfnb.engine.pace import Pace

PATIENCE_S = 30


class Order(BaseModel):
    order: int = 0


class Shop:
    """An action that waits until it is told to go on, and knows how many calls of it are under way."""

    def __init__(self) -> None:
        self.door = threading.Event()
        self.begun: list[int] = []
        self.inside = self.most = 0
        self.changed = threading.Condition()

    def connect(self, ws: wfnb.Workspace) -> None:
        @ws.action("serve")
        def serve(data: Order) -> Order:
            with self.changed:
                self.begun.append(data.order)
                self.inside += 1
                self.most = max(self.most, self.inside)
                self.changed.notify_all()
            self.door.wait(PATIENCE_S)
            with self.changed:
                self.inside -= 1
            return data

        mapping = {"order": {"$expr": "payload.order"}}
        call = {"actionId": "serve", "version": 1, "inputMapping": mapping}
        steps = [{"id": "serve", "type": "action.call", "config": call}]
        assert ws.publish({"id": "shop", "name": "Shop", "steps": [*steps, {**steps[0], "id": "again"}]}).ok

    def wait_for(self, inside: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.inside == inside, PATIENCE_S)


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.door.set()


@pytest.fixture(params=["sqlite", "memory"])
def ws(request: pytest.FixtureRequest, tmp_path: Path, shop: Shop) -> Iterator[wfnb.Workspace]:
    store = "memory" if request.param == "memory" else None
    with wfnb.open(tmp_path, store=store, drive=False, starts_per_minute=None) as workspace:
        shop.connect(workspace)
        yield workspace
        shop.door.set()


def start(ws: wfnb.Workspace, count: int) -> list[wfnb.Run]:
    return [ws.start("shop", {"order": number}) for number in range(count)]


def test_an_engine_that_does_not_drive_leaves_its_runs_to_others(ws: wfnb.Workspace, shop: Shop) -> None:
    run = start(ws, 1)[0]
    ws._engine._thread.call(ws._engine._dispatcher.look_around)
    assert (run.status, run.row.owner) == ("PENDING", None)
    assert shop.begun == []


def test_no_more_runs_are_driven_at_once_than_there_is_room_for(ws: wfnb.Workspace, shop: Shop) -> None:
    runs = start(ws, 7)
    ws._engine.drive(Pace(runs=3))
    shop.wait_for(3)
    assert ws._engine.running == 3
    assert [row.runs for row in ws.queue()] == [4]
    shop.door.set()
    assert {run.wait(PATIENCE_S).status for run in runs} == {"SUCCEEDED"}
    assert shop.most == 3
    assert ws.queue() == []


def test_leases_are_renewed_however_seldom_it_looks(ws: wfnb.Workspace, shop: Shop) -> None:
    run = start(ws, 1)[0]
    ws._engine.drive(Pace(runs=1, look_s=3_600, lease_ms=300))
    shop.wait_for(1)
    first_us = run.row.lease_until_us
    assert first_us is not None
    until = time.monotonic() + PATIENCE_S
    while (run.row.lease_until_us or 0) <= first_us:
        assert time.monotonic() < until


def test_the_oldest_runs_are_driven_first(ws: wfnb.Workspace, shop: Shop) -> None:
    runs = start(ws, 5)
    ws._engine.drive(Pace(runs=1))
    shop.door.set()
    for run in runs:
        run.wait(PATIENCE_S)
    assert shop.begun == [number for number in range(5) for _ in range(2)]


def test_a_start_beyond_the_room_waits_in_the_tables(ws: wfnb.Workspace, shop: Shop) -> None:
    ws._engine.drive(Pace(runs=1))
    first, second = start(ws, 2)
    shop.wait_for(1)
    assert (first.row.owner, second.row.owner) == (ws._engine.owner, None)
    shop.door.set()
    assert second.wait(PATIENCE_S).status == "SUCCEEDED"


def test_runs_that_cannot_be_driven_here_stand_in_the_way_of_nobody(
    ws: wfnb.Workspace, shop: Shop, tmp_path: Path
) -> None:
    @ws.action("only-elsewhere")
    def elsewhere(data: Order) -> Order:
        return data

    step = {"id": "go", "type": "action.call", "config": {"actionId": "only-elsewhere", "version": 1}}
    assert ws.publish({"id": "elsewhere", "name": "Elsewhere", "steps": [step]}).ok
    for _ in range(5):
        ws.start("elsewhere")
    run = start(ws, 1)[0]
    shop.door.set()
    other = wfnb.open(tmp_path, store=ws._store, drive=False)
    shop.connect(other)
    other._engine.drive(Pace(runs=2))
    assert run.wait(PATIENCE_S).status == "SUCCEEDED"
    assert [(row.workflow, row.runs) for row in other.queue()] == [("elsewhere", 5)]
    other._engine.close()


def test_an_engine_that_retires_ends_its_steps_and_gives_its_runs_back(
    ws: wfnb.Workspace, shop: Shop
) -> None:
    run = start(ws, 1)[0]
    ws._engine.drive(Pace(runs=2))
    shop.wait_for(1)
    assert ws._engine.retire(0) == 1
    shop.door.set()
    assert ws._engine.retire(PATIENCE_S) == 0
    assert (run.status, run.row.owner, shop.begun) == ("RUNNING", None, [0])
    assert [step.status for step in run.steps()] == ["SUCCEEDED"]
    assert [row.runs for row in ws.queue()] == [1]
    ws._engine.drive(Pace(runs=1))
    assert run.wait(PATIENCE_S).status == "SUCCEEDED"
    assert [call.attempt for call in run.invocations()] == [1, 1]


def test_a_run_that_was_debugged_is_left_to_others_where_nothing_is_driven(
    ws: wfnb.Workspace, shop: Shop
) -> None:
    shop.door.set()
    debugger = ws.debug("shop", {"order": 1})
    debugger.step()
    debugger.resume()
    run = ws.runs()[0].run
    assert [row.runs for row in ws.queue()] == [1]
    ws._engine.drive(Pace(runs=1))
    assert ws.run(run).wait(PATIENCE_S).status == "SUCCEEDED"
