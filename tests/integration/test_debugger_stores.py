"""The debugger on every store: what it shows of one run is the same everywhere, also after the run was opened again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import wfnb
from unit.machine.world import assign, attempt, call, each
from unit.test_debugger import Anything, Service, publish

STEPS = (
    assign("a", total="0"),
    each("l", "[1, 2, 3]", [call("w", "work", inputs={"value": {"$expr": "vars.item"}}, save_as="vars.got"), assign("s", total="vars.total + vars.item")]),
    attempt("t", [call("no", "refuse")], [assign("c", why="error.message")]),
    {"id": "pause", "type": "time.wait", "config": {"mode": "duration", "durationMs": 60_000}},
    each("p", "[1, 2]", [call("x", "work", inputs={"value": 1}), assign("y", z="1")], concurrency=2),
)  # fmt: skip


@pytest.fixture
def memory() -> Iterator[wfnb.Workspace]:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as ws:
        yield ws


@pytest.fixture(params=["sqlite", "postgres"])
def durable(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], wfnb.Workspace]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    return lambda: wfnb.open(tmp_path, store=url, clock="2026-01-01", seed=1)


def run_once(ws: wfnb.Workspace) -> wfnb.Run:
    service = Service(ws)
    service.failures = 1
    publish(ws, *STEPS)
    return ws.start("test", {"apiKey": "hunter2"}).wait(60)


def story(debugger: wfnb.Debugger) -> list[Any]:
    """Everything that is shown, position by position, and where breakpoints lead."""
    told: list[Any] = []
    for position in range(debugger.length + 1):
        told.append(
            [
                debugger.goto(position).view(),
                debugger.overlay(),
                debugger.events_page(),
                debugger.steps_page(position, 3),
            ]
        )
    debugger.break_at("s", hits="every 2")
    debugger.break_at(error="*")
    debugger.restart()
    while debugger.continue_().view()["stop"]["why"] == "breakpoint":
        told.append(debugger.position)
    while debugger.reverse_continue().view()["stop"]["why"] == "breakpoint":
        told.append(debugger.position)
    told.append(debugger.marks(bins=3))
    told.append([(row.position, row.value) for row in debugger.watches.history("vars.total")])
    return told


def test_it_shows_the_same_of_every_store(
    memory: wfnb.Workspace, durable: Callable[[], wfnb.Workspace]
) -> None:
    expected = story(run_once(memory).debug())
    with durable() as ws:
        run_id = run_once(ws).id
        assert story(ws.run(run_id).debug()) == expected
    with durable() as ws:
        Service(ws)
        assert story(ws.run(run_id).debug()) == expected, "also when it is opened again"
    assert "hunter2" not in json.dumps(expected)


def test_a_run_that_was_reopened_is_one_film(memory: wfnb.Workspace) -> None:
    broken = {"yes": True}

    @memory.action("flaky")
    def _flaky(data: Anything) -> Anything:
        if broken["yes"]:
            raise wfnb.ActionError("Not yet.", code="NO")
        return Anything(value=1)

    publish(memory, assign("a", x="1"), call("f", "flaky", save_as="vars.out"), assign("z", y="1"))
    run = memory.start("test").wait(60)
    before = run.debug()
    assert before.run_to_end().length == 2
    broken["yes"] = False
    run.retry("it works now").wait(60)
    debugger = run.debug()
    assert [(row["step"]["id"], row["step"]["status"]) for row in debugger.steps_page(1, 9)["rows"]] == [
        ("a", "SUCCEEDED"), ("f", "FAILED"), ("f", "SUCCEEDED"), ("z", "SUCCEEDED")
    ]  # fmt: skip
    assert debugger.goto(3).state["vars"] == {"x": 1, "out": {"value": 1}}
    for position in range(debugger.length):
        assert debugger.inside(position)


def test_a_cancel_ends_parallel_items_in_one_position(memory: wfnb.Workspace) -> None:
    Service(memory)
    waits = {
        "id": "h",
        "type": "event.wait",
        "config": {"eventName": "GO", "correlationKey": {"$expr": "vars.item"}},
    }
    publish(memory, each("p", "['1', '2', '3']", [waits], concurrency=3), assign("z", x="1"))
    run = memory.start("test").wait(60, until="parked").cancel("not needed")
    debugger = run.debug().run_to_end()
    assert (debugger.view()["status"], debugger.finished) == ("CANCELED", True)
    assert debugger.back().last.id == "p"
