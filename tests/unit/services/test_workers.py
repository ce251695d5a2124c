"""Workers tell that they live, obey an order to stop, and what they leave goes on elsewhere."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import wfnb
from unit.engine.test_pace import PATIENCE_S, Shop, shop, start, ws
from wfnb.errors import StoreError
from wfnb.limits import LIMITS
from wfnb.services.workers import WorkerRow, beat, forget_old, workers

__all__ = ["shop", "ws"]

DAY_US = 86_400_000_000


def row(worker_id: str = "a", state: str = "running", beat_us: int = 0) -> WorkerRow:
    return WorkerRow(worker_id, "here", 7, state, 8, 2, 1, 0, beat_us)


def test_a_worker_that_falls_silent_is_lost_unless_it_said_goodbye(ws: wfnb.Workspace) -> None:
    database = ws._store.database
    beat(database, row("a"))
    beat(database, row("b", "stopped"))
    silence_us = 3 * LIMITS.worker_beat_ms * 1000
    assert [worker.state for worker in workers(database, silence_us)] == ["running", "stopped"]
    assert [worker.state for worker in workers(database, silence_us + 1)] == ["lost", "stopped"]


def test_a_later_beat_takes_the_place_of_the_one_before(ws: wfnb.Workspace) -> None:
    database = ws._store.database
    beat(database, row())
    beat(database, row(state="stopping", beat_us=5))
    assert workers(database, 5) == [row(state="stopping", beat_us=5)]


def test_workers_of_last_week_are_forgotten(ws: wfnb.Workspace) -> None:
    database = ws._store.database
    beat(database, row("old"))
    beat(database, row("new", beat_us=DAY_US))
    forget_old(database, (LIMITS.worker_kept_days + 1) * DAY_US)
    assert [worker.worker_id for worker in workers(database, DAY_US)] == ["new"]


def test_a_worker_works_until_it_is_told_to_stop(ws: wfnb.Workspace, shop: Shop) -> None:
    runs = start(ws, 3)
    said: list[str] = []
    running = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        if "running" in line:
            running.set()

    worker = ws.worker("ann", runs=2, say=say)
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert running.wait(PATIENCE_S)
    shop.wait_for(2)
    (seen,) = ws.workers()
    assert (seen.worker, seen.state, seen.capacity) == (worker.id, "running", 2)
    shop.door.set()
    for run in runs:
        run.wait(PATIENCE_S)
    worker.stop()
    thread.join(PATIENCE_S)
    (seen,) = ws.workers()
    assert (seen.state, seen.running, seen.finished) == ("stopped", 0, 3)
    assert [
        line.removeprefix(f"{worker.id}: ").partition(",")[::2] for line in said if "stopping" not in line
    ] == [
        ("starting", ""),
        ("running", " up to 2 runs at once"),
        ("stopped", " 3 runs ended here"),
    ]


def test_a_worker_that_stops_ends_its_step_and_leaves_the_rest(ws: wfnb.Workspace, shop: Shop) -> None:
    run, waiting = start(ws, 2)
    worker = ws.worker(runs=1, say=lambda line: shop.door.set() if "stopping" in line else None)
    thread = threading.Thread(target=lambda: late.append(worker.run()))
    late: list[int] = []
    thread.start()
    shop.wait_for(1)
    worker.stop()
    thread.join(PATIENCE_S)
    assert late == [0]
    assert ([step.status for step in run.steps()], waiting.status) == (["SUCCEEDED"], "PENDING")
    assert [queued.runs for queued in ws.queue()] == [2]


def test_a_step_that_takes_too_long_is_left_in_the_middle(ws: wfnb.Workspace, shop: Shop) -> None:
    run = start(ws, 1)[0]
    said: list[str] = []
    worker = ws.worker(runs=1, stop_within_ms=1, say=said.append)
    late: list[int] = []
    thread = threading.Thread(target=lambda: late.append(worker.run()))
    thread.start()
    shop.wait_for(1)
    worker.stop()
    thread.join(PATIENCE_S)
    assert late == [1]
    assert said[-1].endswith("stopped, 0 runs ended here, 1 left in the middle of a step")
    assert (worker.state, run.status) == ("stopped", "RUNNING")


@pytest.mark.parametrize(
    "wrong", [{"runs": 0}, {"poll_ms": 0}, {"lease_ms": 0}, {"stop_within_ms": -1}, {"name": ""}]
)
def test_a_worker_needs_room_and_time(ws: wfnb.Workspace, wrong: dict[str, int]) -> None:
    with pytest.raises(wfnb.ValidationError, match="INVALID_ARGUMENT"):
        ws.worker(**wrong)


def test_tables_that_fail_do_not_end_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wfnb.services.worker._BEAT_S", 0.001)
    running = threading.Event()
    ws = wfnb.open(tmp_path, drive=False)
    worker = ws.worker(say=lambda line: running.set() if "running" in line else None)
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert running.wait(PATIENCE_S)
    ws._store.close()
    worker.stop()
    thread.join(PATIENCE_S)
    assert (thread.is_alive(), worker.state) == (False, "stopped")
    with pytest.raises(StoreError, match="STORE_CLOSED"):
        ws.close()
