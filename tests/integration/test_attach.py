"""Holding a run that another workspace drives: look, step, let go; what waits keeps its time, and nothing is done twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from crash.fleet import until
from wfnb.errors import CommandError, NotAllowedError, ValidationError
from wfnb.store.memory import MemoryStore
from wfnb.store.port import Store
from wfnb.store.postgres import PostgresStore
from wfnb.store.sqlite import SqliteStore

WAIT_S = 60


class Number(BaseModel):
    n: int


class Shared(MemoryStore):
    """A store in memory that several workspaces use: it outlives each of them."""

    def close(self) -> None:
        """Nothing: the others go on with it."""


class Place:
    """A store, what was done, and the workspaces of those who drive and who look."""

    def __init__(self, open_store: Callable[[], Store], folder: Path) -> None:
        self._open_store = open_store
        self._folder = folder
        self._open: list[wfnb.Workspace] = []
        self.done: list[int] = []
        self.begun = threading.Event()
        self.door = threading.Event()
        self.door.set()

    def enter(
        self, who: str = "local", *, drive: bool = False, knows: bool = True, **opened: Any
    ) -> wfnb.Workspace:
        """A workspace on the store; it drives, or leaves that to others."""
        ws = wfnb.open(self._folder, store=self._open_store(), drive=drive, actor=who, **opened)
        self._open.append(ws)
        if knows:
            ws.action("note", side_effect=True, idempotency="engine")(self._note)
        return ws

    def _note(self, data: Number) -> Number:
        self.begun.set()
        assert self.door.wait(WAIT_S)
        self.done.append(data.n)
        return data

    def leave(self, ws: wfnb.Workspace) -> None:
        """Close a workspace."""
        self._open.remove(ws)
        ws.close()

    def close(self) -> None:
        self.door.set()
        for ws in list(self._open):
            self.leave(ws)


@pytest.fixture(params=["memory", "postgres", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    shared = Shared()
    kinds: dict[str, Callable[[], Store]] = {
        "memory": lambda: shared,
        "postgres": lambda: PostgresStore(request.getfixturevalue("postgres_url")),
        "sqlite": lambda: SqliteStore(tmp_path / "state.sqlite"),
    }
    place = Place(kinds[request.param], tmp_path)
    yield place
    place.close()


def call(number: int) -> dict[str, Any]:
    config = {"actionId": "note", "version": 1, "inputMapping": {"n": number}}
    return {"id": f"s{number}", "type": "action.call", "config": config}


def publish(ws: wfnb.Workspace, *steps: dict[str, Any]) -> None:
    assert ws.publish({"id": "w", "name": "W", "steps": list(steps)}).ok


def done_ids(run: wfnb.Run) -> list[str]:
    return [step.id for step in run.steps() if step.status == "SUCCEEDED"]


def test_a_held_run_is_stepped_by_whoever_drives_it(place: Place) -> None:
    ann = place.enter("ann")
    publish(ann, call(0), call(1), call(2))
    run = ann.start("w")
    dbg = run.debug().hold("a wrong price")
    driver = place.enter(drive=True)
    assert (dbg.live, dbg.attached, dbg.length, place.done) == (True, ("ann",), 0, [])
    dbg.step()
    assert (dbg.position, place.done, run.row.owner) == (1, [0], None)
    assert dbg.view()["next"] == {
        "id": "s1",
        "path": "root.steps[1]",
        "instance": "root.steps[1]",
        "type": "action.call",
    }
    dbg.step().back()
    assert (dbg.position, dbg.length) == (1, 2)
    dbg.release()
    assert driver.run(run.id).wait(WAIT_S).status == "SUCCEEDED"
    assert place.done == [0, 1, 2]
    assert [one.attempt for one in run.invocations()] == [1, 1, 1]


def test_a_run_under_way_is_held_at_the_end_of_its_step(place: Place) -> None:
    ann = place.enter("ann")
    publish(ann, call(0), call(1))
    place.door.clear()
    run = ann.start("w")
    driver = place.enter(drive=True)
    assert place.begun.wait(WAIT_S)
    dbg = run.debug()
    with pytest.raises(CommandError) as caught:
        dbg.hold(timeout=0.01)
    assert caught.value.code == "HOLD_NOT_TAKEN"
    assert [(row.state, row.held_by) for row in ann.holds()] == [("stops", ("ann",))]
    until(lambda: driver._engine._drivers[run.row.run_no]._leash.held)
    place.door.set()
    dbg.hold()
    assert (done_ids(run), place.done, run.row.owner) == (["s0"], [0], None)
    assert [row.state for row in driver.holds()] == ["stands"]
    assert len(driver.queue()) == 0
    dbg.run_to_end()
    assert (run.status, place.done, [one.attempt for one in run.invocations()]) == (
        "SUCCEEDED",
        [0, 1],
        [1, 1],
    )
    assert ann.holds() == []


def test_two_who_hold_a_run_see_the_same_and_the_last_one_lets_it_go(place: Place) -> None:
    ann, ben = place.enter("ann"), place.enter("ben")
    publish(ann, call(0), call(1), call(2))
    run = ann.start("w")
    first = run.debug().hold("a wrong price")
    second = ben.run(run.id).debug().hold("I want to see that")
    driver = place.enter(drive=True)
    assert first.attached == second.attached == ("ann", "ben")
    assert [row.held_by for row in driver.runs()] == ["ann, ben"]
    first.step()
    second.step()
    assert (second.position, second.state) == (1, first.state)
    second.step()
    first.goto(99)
    assert (first.position, first.state) == (2, second.state)
    first.release()
    driver.run(run.id)
    assert (first.live, second.live, second.attached, run.status) == (False, True, ("ben",), "RUNNING")
    second.release()
    assert run.wait(WAIT_S).status == "SUCCEEDED"
    assert place.done == [0, 1, 2]
    assert "held_by" not in driver.runs().columns


def test_the_same_step_asked_for_twice_at_once_is_one_step(place: Place) -> None:
    ann, ben = place.enter("ann"), place.enter("ben")
    publish(ann, *map(call, range(4)))
    run = ann.start("w")
    both = [ws.run(run.id).debug().hold("looking") for ws in (ann, ben)]
    place.enter(drive=True)
    together = threading.Barrier(2)

    def press(dbg: Any) -> None:
        together.wait(WAIT_S)
        dbg.step()

    threads = [threading.Thread(target=press, args=(dbg,)) for dbg in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(place.done) in (1, 2)  # two when one was through before the other began
    assert place.done == [*range(len(place.done))]


def test_whoever_only_looks_disturbs_nothing(place: Place) -> None:
    ann = place.enter("ann")
    publish(ann, call(0), call(1))
    place.door.clear()
    run = ann.start("w")
    place.enter(drive=True)
    assert place.begun.wait(WAIT_S)
    dbg = run.debug()
    assert (dbg.live, dbg.attached, dbg.step().position) == (False, (), 0)
    place.door.set()
    run.wait(WAIT_S)
    assert dbg.run_to_end().position == 2


def test_without_anybody_who_drives_the_steps_are_performed_here(place: Place) -> None:
    ann = place.enter("ann")
    publish(ann, call(0), call(1))
    run = ann.start("w")
    dbg = run.debug().hold()
    assert dbg.step().position == 1
    assert (place.done, run.row.owner) == ([0], None)
    assert dbg.run_to("s1").position == 2
    assert run.status == "SUCCEEDED"


def test_a_step_that_nobody_can_perform_is_refused_and_not_begun_later(place: Place) -> None:
    teacher = place.enter()
    publish(teacher, call(0))
    run = teacher.start("w")
    stranger = place.enter("ann", knows=False)
    dbg = stranger.run(run.id).debug().hold()
    with pytest.raises(CommandError) as caught:
        dbg.step()
    assert caught.value.code == "HOLD_NOT_TAKEN"
    assert caught.value.hint is not None
    assert "worker" in caught.value.hint
    assert [row.state for row in stranger.holds()] == ["stands"]
    assert run.row.seq == 0


def wait_for(event: str, **config: Any) -> dict[str, Any]:
    key = {"$expr": "payload.key"}
    return {
        "id": "ask",
        "type": "event.wait",
        "config": {"eventName": event, "correlationKey": key, **config},
    }


def test_an_answer_to_a_held_run_is_kept_and_taken_by_the_next_step(place: Place) -> None:
    ann = place.enter("ann")
    publish(ann, wait_for("PAID"), call(1))
    run = ann.start("w", {"key": "k"})
    place.enter(drive=True)
    until(lambda: run.status == "WAITING" and run.row.owner is None)
    dbg = run.debug().hold()
    assert dbg.step().position == 0  # nobody has answered
    assert [row.state for row in ann.holds()] == ["stands"]
    receipt = ann.submit_event("PAID", key="k", payload={"n": 1})
    assert receipt.run == run.id
    assert (run.status, [wait.status for wait in run.waits()]) == ("WAITING", ["WAITING"])
    assert dbg.step().position == 1
    assert ([wait.status for wait in run.waits()], place.done) == (["RESOLVED"], [])
    dbg.release()
    assert run.wait(WAIT_S).status == "SUCCEEDED"


def test_a_step_into_a_wait_stands_there(place: Place) -> None:
    ann = place.enter("ann")
    publish(ann, call(0), wait_for("PAID"), call(1))
    run = ann.start("w", {"key": "k"})
    dbg = run.debug().hold()
    place.enter(drive=True)
    assert dbg.step().position == 1
    assert dbg.step().position == 1
    ann.submit_event("PAID", key="k")
    assert ([row.state for row in ann.holds()], [wait.status for wait in run.waits()]) == (
        ["stands"],
        ["WAITING"],
    )
    assert dbg.step().position == 2
    dbg.run_to_end()
    assert (run.status, place.done) == ("SUCCEEDED", [0, 1])


def test_a_time_that_comes_while_a_run_is_held_counts_after_it_is_let_go(place: Place) -> None:
    ann = place.enter("ann")
    publish(
        ann, {"id": "pause", "type": "time.wait", "config": {"mode": "duration", "durationMs": 200}}, call(1)
    )
    run = ann.start("w")
    driver = place.enter(drive=True)
    until(lambda: run.status == "WAITING")
    run.hold("looking")
    (wait,) = run.waits()
    until(lambda: driver._clock.lease_us() > (run.row.ready_us or 0) + 300_000)
    assert (run.status, [one.status for one in run.waits()], place.done) == ("WAITING", ["WAITING"], [])
    run.release()
    assert run.wait(WAIT_S).status == "SUCCEEDED"
    assert run.waits()[0].due_at == wait.due_at


def test_a_run_that_is_held_can_be_cancelled(place: Place) -> None:
    ann, ben = place.enter("ann"), place.enter("ben")
    publish(ann, call(0))
    run = ann.start("w")
    dbg = run.debug().hold()
    ben.run(run.id).cancel("the order was withdrawn")
    assert (run.status, dbg.live, dbg.step().finished, ann.holds()) == ("CANCELED", False, True, [])
    with pytest.raises(CommandError) as caught:
        dbg.hold()
    assert caught.value.code == "RUN_OVER"


def test_parallel_items_under_way_are_finished_before_the_run_stands(place: Place) -> None:
    ann = place.enter("ann")
    mapping = {"n": {"$expr": "vars.item"}}
    item = {
        "id": "item",
        "type": "action.call",
        "config": {"actionId": "note", "version": 1, "inputMapping": mapping},
    }
    loop = {"items": {"$expr": "payload.items"}, "itemVar": "item", "concurrency": 3, "body": [item]}
    publish(ann, {"id": "loop", "type": "control.forEach", **loop}, call(9))
    place.door.clear()
    run = ann.start("w", {"items": [1, 2, 3, 4, 5, 6]})
    driver = place.enter(drive=True)
    until(lambda: len(run.invocations()) == 3)
    with pytest.raises(CommandError):
        run.hold("looking", timeout=0.01)
    until(lambda: driver._engine._drivers[run.row.run_no]._leash.held)
    place.door.set()
    run.hold("looking")
    assert (sorted(place.done), {one.status for one in run.invocations()}) == ([1, 2, 3], {"SUCCEEDED"})
    run.release()
    assert run.wait(WAIT_S).status == "SUCCEEDED"
    assert (sorted(place.done), {one.attempt for one in run.invocations()}) == ([1, 2, 3, 4, 5, 6, 9], {1})


def test_a_run_that_goes_on_stops_at_the_breakpoints_of_its_debugger(place: Place) -> None:
    ann = place.enter("ann")
    publish(ann, *map(call, range(5)))
    run = ann.start("w")
    dbg = run.debug().hold()
    dbg.break_at("s3")
    place.enter(drive=True)
    dbg.resume()
    until(lambda: [row.state for row in ann.holds()] == ["stands"])
    assert (place.done, dbg.goto(99).position) == ([0, 1, 2], 3)
    dbg.run_to_end()
    assert (run.status, place.done) == ("SUCCEEDED", [0, 1, 2, 3, 4])


def test_a_breakpoint_is_met_while_others_perform_the_steps(place: Place) -> None:
    ann = place.enter("ann")
    publish(ann, *map(call, range(4)))
    dbg = ann.start("w").debug().hold()
    dbg.break_at("s2")
    place.enter(drive=True)
    assert (dbg.continue_().position, place.done) == (2, [0, 1])


def test_a_hold_is_audited_and_ended_by_force_with_a_reason(place: Place) -> None:
    ann, ben = place.enter("ann"), place.enter("ben")
    publish(ann, call(0))
    run = ann.start("w")
    run.hold("looking")
    theirs = ben.run(run.id)
    with pytest.raises(ValidationError) as caught:
        theirs.release(everybody=True)
    assert caught.value.code == "REASON_MISSING"
    theirs.release()
    assert run.held_by == ("ann",)  # it was not ben's
    theirs.release("ann has gone home", everybody=True)
    assert run.held_by == ()
    entries = [
        (row.operation, row.actor, row.reason) for row in ann.audit(operation=None) if row.id == run.id
    ]
    assert entries == [
        ("run.hold_broken", "ben", "ann has gone home"),
        ("run.held", "ann", "looking"),
    ]


def test_who_may_only_look_may_not_hold(place: Place) -> None:
    ann = place.enter("ann")
    publish(ann, call(0))
    run = ann.start("w")
    viewer = place.enter("vera", role="viewer")
    with pytest.raises(NotAllowedError):
        viewer.run(run.id).debug().hold()
    assert viewer.holds() == []


def test_a_hold_for_a_time_outlives_whoever_asked_for_it(place: Place) -> None:
    ann = place.enter("ann")
    publish(ann, call(0))
    run = ann.start("w")
    script = place.enter("ann", knows=False)
    script.run(run.id).hold("deploying", minutes=5)
    place.leave(script)
    place.enter(drive=True)
    (held,) = ann.holds()
    assert (held.held_by, held.reason, held.state) == (("ann",), "deploying", "stands")
    run.release()
    assert run.wait(WAIT_S).status == "SUCCEEDED"


def test_a_workspace_that_is_closed_lets_go_of_what_it_holds(place: Place) -> None:
    ann, ben = place.enter("ann"), place.enter("ben", drive=True, knows=False)
    publish(ann, call(0))
    run = ann.start("w")
    ben.run(run.id).hold("looking")
    place.leave(ben)
    assert (run.held_by, run.row.hold) == ((), None)


def test_whoever_holds_a_run_does_not_wait_for_its_end(place: Place) -> None:
    ann = place.enter("ann")
    publish(ann, call(0))
    run = ann.start("w").hold("looking")
    with pytest.raises(CommandError) as caught:
        run.wait()
    assert caught.value.code == "RUN_HELD"
    assert run.wait(WAIT_S, until="parked").status == "PENDING"


def test_a_retry_is_a_step_of_its_own(place: Place) -> None:
    ann = place.enter("ann")
    tries: list[int] = []

    def connect(ws: wfnb.Workspace) -> None:
        @ws.action("shaky")
        def shaky(data: Number) -> Number:
            tries.append(data.n)
            if len(tries) == 1:
                raise wfnb.TransientError("not yet")
            return data

    connect(ann)
    config = {"actionId": "shaky", "version": 1, "inputMapping": {"n": 1}}
    retry = {"maxAttempts": 3, "backoffMs": 20, "retryOn": ["ActionError", "TransientError"]}
    publish(ann, {"id": "shaky", "type": "action.call", "config": config, "retry": retry}, call(1))
    run = ann.start("w")
    dbg = run.debug().hold()
    connect(place.enter(drive=True))
    dbg.step()
    assert (len(tries), [step.status for step in run.steps()]) == (1, ["RETRY_SCHEDULED"])
    dbg.step()
    assert (len(tries), [step.status for step in run.steps()]) == (2, ["RETRY_SCHEDULED", "SUCCEEDED"])
    assert [row.state for row in ann.holds()] == ["stands"]


def test_a_called_run_is_stepped_over_while_the_caller_is_held(place: Place) -> None:
    ann = place.enter("ann")
    assert ann.publish({"id": "child", "name": "Child", "steps": [call(5)]}).ok
    publish(
        ann,
        {"id": "call", "type": "control.callWorkflow", "workflowId": "child", "workflowVersion": 1},
        call(1),
    )
    run = ann.start("w")
    dbg = run.debug().hold()
    place.enter(drive=True)
    assert (dbg.step().position, place.done) == (1, [5])
    dbg.run_to_end()
    assert (run.status, place.done) == ("SUCCEEDED", [5, 1])
