"""Waits of pipelines: what opens them, what answers them, what happens when their time is over."""

from __future__ import annotations

from typing import Any

import pytest

from unit.machine.world import World, assign, attempt, each, when
from wfnb.machine.messages import (
    Cancel,
    Fired,
    RunFailed,
    Signaled,
    Start,
    StepCanceled,
    StepFailed,
    StepSucceeded,
    WaitOpened,
    WaitResolved,
)


def event_wait(step_id: str = "w", key: str = "payload.id", **config: Any) -> dict[str, Any]:
    """An event.wait step for ORDER_PAID."""
    given = {"eventName": "ORDER_PAID", "correlationKey": {"$expr": key}, **config}
    return {"id": step_id, "type": "event.wait", "config": given}


def human_task(step_id: str = "h", **config: Any) -> dict[str, Any]:
    """A human.task step with a title."""
    return {
        "id": step_id,
        "type": "human.task",
        "config": {"taskType": "approve", "title": "Approve", **config},
    }


def parked(*steps: dict[str, Any], payload: Any = None) -> World:
    """A run at its first wait, or at its end when it has none."""
    world = World(list(steps), payload={"id": "o-1"} if payload is None else payload)
    world.send(Start(at_us=world.tick()))
    while world.state.status == "RUNNING":
        world.once()
    return world


def go_on(world: World) -> World:
    """Drive a run to its next wait or to its end."""
    while world.state.status == "RUNNING":
        world.once()
    return world


def the_wait(world: World) -> WaitOpened:
    """The one wait that is open."""
    (effect_id,) = world.state.pending
    return next(wait for wait in reversed(world.waits()) if wait.effect_id == effect_id)


def signal(
    world: World, payload: Any = None, *, effect_id: str | None = None, **extra: Any
) -> tuple[Any, ...]:
    known = effect_id or the_wait(world).effect_id
    return world.send(
        Signaled(at_us=world.tick(), effect_id=known, name="ORDER_PAID", payload=payload or {}, **extra)
    )


def expire(world: World) -> tuple[Any, ...]:
    wait = the_wait(world)
    assert wait.due_at_us is not None
    return world.send(Fired(at_us=wait.due_at_us, effect_id=wait.effect_id))


def test_a_wait_parks_the_run_at_its_step() -> None:
    world = parked(assign("a", x="1"), event_wait(), assign("never", y="1"))
    assert (world.state.status, world.vars) == ("WAITING", {"x": 1})
    wait = the_wait(world)
    assert (wait.wait_type, wait.event_name, wait.instance) == ("event", "ORDER_PAID", "root.steps[1]")


@pytest.mark.behaviour(120)
@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("payload.id", "o-1"),
        ("payload.n & '-' & payload.id", "7-o-1"),
        ("payload.n", "7"),
        ("payload.none", ""),
    ],
)
def test_the_key_of_a_wait_is_the_text_of_its_expression(key: str, text: str) -> None:
    assert the_wait(parked(event_wait(key=key), payload={"id": "o-1", "n": 7, "none": None})).key == text


@pytest.mark.behaviour(121)
def test_the_end_of_a_wait_comes_from_its_timeout() -> None:
    wait = the_wait(parked(event_wait(timeoutMs=90_000)))
    assert wait.due_at_us == wait.at_us + 90_000_000
    assert the_wait(parked(event_wait())).due_at_us is None


@pytest.mark.behaviour(122, 139)
def test_what_arrives_is_assigned_to_vars_and_payload_together() -> None:
    targets = {
        "vars.paid": {"$expr": "vars.event.amount"}, "payload.order.state": {"$expr": "vars.eventName"},
        "vars.twice": {"$expr": "vars.paid * 2"},
    }  # fmt: skip
    world = parked(event_wait(assign=targets))
    assert world.vars == {}
    signal(world, {"amount": 4})
    assert world.vars == {"event": {"amount": 4}, "eventName": "ORDER_PAID", "paid": 4, "twice": 8}
    assert world.payload == {"id": "o-1", "order": {"state": "ORDER_PAID"}}


@pytest.mark.behaviour(122)
def test_an_assignment_that_fails_is_an_error_of_the_wait_and_leaves_nothing_behind() -> None:
    targets = {"vars.paid": {"$expr": "vars.event.amount"}, "vars.gone": {"$expr": "vars.event.absent"}}
    world = parked(attempt("t", [event_wait(assign=targets)], [assign("c", name="error.name")]))
    signal(world, {"amount": 4})
    assert go_on(world).vars["name"] == "ExpressionError"
    assert "paid" not in world.vars


@pytest.mark.behaviour(127, 142)
def test_an_answered_run_goes_on_at_the_step_behind_its_wait() -> None:
    body = [
        when("c", "true", [event_wait()]),
        assign("after", seen="append(coalesce(vars.seen, []), vars.item)"),
    ]
    world = parked(each("l", "[1, 2]", body), assign("end", x="1"))
    assert the_wait(world).instance == "root.steps[0].body{0}.steps[0].then.steps[0]"
    signal(world)
    assert world.state.status == "RUNNING"
    go_on(world)
    assert (world.state.status, the_wait(world).instance) == (
        "WAITING", "root.steps[0].body{1}.steps[0].then.steps[0]",
    )  # fmt: skip
    signal(world)
    assert go_on(world).state.status == "SUCCEEDED"
    assert (world.vars["seen"], world.vars["x"]) == ([1, 2], 1)


@pytest.mark.behaviour(128, 143)
@pytest.mark.parametrize(
    "step", [event_wait(timeoutMs=1_000), human_task(timeoutMs=1_000)], ids=["event", "human"]
)
def test_a_wait_whose_time_is_over_fails_its_attempt_with_a_timeout(step: dict[str, Any]) -> None:
    world = parked(step)
    expire(world)
    (failed,) = world.of(StepFailed)
    assert (failed.attempt, failed.error["category"], failed.error["code"]) == (
        1,
        "TimeoutError",
        "WAIT_TIMEOUT",
    )
    assert world.state.status == "FAILED"
    assert world.of(RunFailed)[0].error["nodePath"] == "root.steps[0]"


@pytest.mark.behaviour(129, 130)
def test_a_timeout_inside_a_try_goes_to_its_catch_block() -> None:
    steps = [
        attempt("t", [event_wait(timeoutMs=1_000), assign("never", x="1")], [assign("c", name="error.name", place="error.nodePath")]),
        assign("after", y="1"),
    ]  # fmt: skip
    world = parked(*steps)
    expire(world)
    assert go_on(world).state.status == "SUCCEEDED"
    assert world.vars == {"name": "TimeoutError", "place": "root.steps[0].try.steps[0]", "y": 1}


@pytest.mark.behaviour(131)
@pytest.mark.parametrize("key", ["payload.absent", "1 + payload.id", "payload"])
def test_a_key_that_cannot_be_made_is_an_expression_error(key: str) -> None:
    world = parked(event_wait(key=key))
    (failed,) = world.of(RunFailed)
    assert (failed.error["category"], failed.error["nodePath"]) == ("ExpressionError", "root.steps[0]")
    assert world.waits() == []


@pytest.mark.behaviour(132)
def test_a_task_carries_its_form_and_its_context() -> None:
    form = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}
    context = {"order": {"$expr": "payload.id"}, "fixed": [1]}
    world = parked(human_task(title={"$expr": "'Approve ' & payload.id"}, form=form, contextData=context))
    wait = the_wait(world)
    assert (wait.wait_type, wait.event_name) == ("human", "HUMAN_TASK_COMPLETED")
    assert wait.task is not None
    assert wait.task["form"] == form
    assert wait.task["context"] == {"order": "o-1", "fixed": [1]}
    assert (wait.task["taskType"], wait.task["title"], wait.task["priority"]) == (
        "approve",
        "Approve o-1",
        "medium",
    )


@pytest.mark.behaviour(136, 137)
def test_a_cancelled_run_has_no_wait_left_and_answers_nothing() -> None:
    world = parked(event_wait(timeoutMs=1_000))
    wait = the_wait(world)
    world.send(Cancel(at_us=world.tick(), reason="enough"))
    assert [event.status for event in world.of(WaitResolved)] == ["CANCELED"]
    assert [event.instance for event in world.of(StepCanceled)] == ["root.steps[0]"]
    assert (world.state.status, world.state.pending) == ("CANCELED", {})
    assert signal(world, effect_id=wait.effect_id) == ()
    assert world.send(Fired(at_us=world.tick(), effect_id=wait.effect_id)) == ()
    assert world.state.status == "CANCELED"


@pytest.mark.defect("D-7")
def test_an_answer_is_taken_by_one_wait_and_the_next_one_waits_for_its_own() -> None:
    world = parked(event_wait("first"), event_wait("second"))
    first = the_wait(world)
    signal(world, {"n": 1})
    go_on(world)
    second = the_wait(world)
    assert (world.state.status, second.instance) == ("WAITING", "root.steps[1]")
    assert second.effect_id != first.effect_id
    assert signal(world, {"n": 1}, effect_id=first.effect_id) == ()
    assert world.send(Fired(at_us=world.tick(), effect_id=first.effect_id)) == ()
    signal(world, {"n": 2})
    assert go_on(world).state.status == "SUCCEEDED"
    assert world.vars["event"] == {"n": 2}


@pytest.mark.defect("D-7")
def test_a_timeout_ends_one_wait_and_not_the_next_one() -> None:
    world = parked(
        attempt("t", [event_wait("first", timeoutMs=1_000)], [event_wait("second", timeoutMs=1_000)])
    )
    expire(world)
    assert go_on(world).state.status == "WAITING"
    assert the_wait(world).instance == "root.steps[0].catch.steps[0]"


def test_a_person_lets_a_run_go_on_without_what_it_waits_for() -> None:
    """Nothing of the task's answer is there, so its assignments are not made."""
    targets = {"vars.ok": {"$expr": "vars.event.ok"}}
    world = parked(
        human_task(form={"type": "object", "required": ["ok"]}, assign=targets), assign("a", x="1")
    )
    facts = {"override": True, "reason": "nobody is in"}
    signal(world, facts, override=True)
    assert go_on(world).state.status == "SUCCEEDED"
    assert world.vars == {"event": facts, "eventName": "ORDER_PAID", "x": 1}
    assert [success.error for success in world.of(StepSucceeded)] == [None, None]


def test_a_pause_ends_at_its_moment_and_says_when_it_was() -> None:
    pause = {"id": "p", "type": "time.wait", "config": {"mode": "duration", "durationMs": 5_000}}
    world = parked(pause, assign("a", mode="vars.timeWait.mode"))
    wait = the_wait(world)
    assert (wait.wait_type, wait.due_at_us) == ("time", wait.at_us + 5_000_000)
    expire(world)
    assert go_on(world).state.status == "SUCCEEDED"
    assert world.vars["mode"] == "duration"


@pytest.mark.parametrize("until", ["payload.never", "'soon'", "5"])
def test_a_moment_that_is_none_is_an_error_of_the_pause(until: str) -> None:
    config = {"mode": "until", "until": {"$expr": until}}
    world = parked({"id": "p", "type": "time.wait", "config": config})
    (failed,) = world.of(RunFailed)
    assert failed.error["category"] in ("ValidationError", "ExpressionError")
    assert world.waits() == []
