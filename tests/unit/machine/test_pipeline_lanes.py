"""Loops whose items are under way at once: the outcome is that of the items one after the other, whoever is faster."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.machine.world import World, assign, attempt, call, each, when
from wfnb.errors import ActionError
from wfnb.machine.messages import Advance, Cancel, InvocationScheduled, Start, StepCanceled
from wfnb.machine.state import fold

BACK = {"id": "back", "type": "control.return"}


def square(data: Any) -> Any:
    if data.get("n") == 13:
        raise ActionError("Thirteen.")
    return {"n": data["n"] ** 2}


def calls(**extra: Any) -> dict[str, Any]:
    return call("square", "square", inputs={"n": {"$expr": "vars.item"}}, save_as="vars.last", **extra)


def keep() -> dict[str, Any]:
    """An assignment with a place of its own for each item."""
    return {
        "id": "keep", "type": "transform.assign",
        "config": {"assign": {"vars.seen": {"$expr": "append(vars.seen, vars.item)"}, "vars.index": {"$expr": "$index"}}},
    }  # fmt: skip


def loop(*body: dict[str, Any], width: int = 3, **extra: Any) -> dict[str, Any]:
    return each("loop", "payload.items", list(body), concurrency=width, **extra)


def shuffled(world: World, seed: int) -> World:
    """Drive a run so that everything pending is answered in random order, and steps begin in between."""
    chance = random.Random(seed)
    world.send(Start(at_us=world.tick()))
    for _ in range(10_000):
        if world.state.terminal:
            return world
        pending = list(world.state.pending.items())
        if world.state.can_advance and (not pending or chance.random() < 0.5):
            world.send(Advance(at_us=world.tick()))
        else:
            world.send(world.answer(*chance.choice(pending)))
    raise AssertionError("the run does not end")


def test_items_are_under_way_at_once_but_no_more_than_allowed() -> None:
    world = World([loop(calls(), width=2)], {"square": square}, {"items": [1, 2, 3]})
    world.send(Start(at_us=1))
    while world.state.can_advance:
        world.send(Advance(at_us=world.tick()))
    assert list(world.state.pending) == [
        "root.steps[0].body{0}.steps[0]#1",
        "root.steps[0].body{1}.steps[0]#1",
    ]
    assert [event.input for event in world.of(InvocationScheduled)] == [{"n": 1}, {"n": 2}]


def test_every_item_has_its_own_instance_path_and_key() -> None:
    world = World([loop(calls())], {"square": square}, {"items": [4, 5]}).run()
    assert {event.instance for event in world.of(InvocationScheduled)} == {
        "root.steps[0].body{0}.steps[0]",
        "root.steps[0].body{1}.steps[0]",
    }
    assert len({key for _, _, key in world.calls}) == 2
    assert world.vars == {"last": {"n": 25}}


def test_items_do_not_see_each_other() -> None:
    world = World([assign("begin", seen="[]"), loop(keep())], payload={"items": [1, 2, 3]}).run()
    assert world.vars == {"seen": [3], "index": 2}


def test_the_variable_of_the_item_gets_back_what_it_held() -> None:
    world = World([assign("begin", item="'mine'"), loop(calls())], {"square": square}, {"items": [1]}).run()
    assert world.vars["item"] == "mine"


def test_an_empty_list_does_nothing() -> None:
    world = World([loop(calls()), assign("after", done="true")], {"square": square}, {"items": []}).run()
    assert world.vars == {"done": True}


def test_a_loop_that_goes_on_lists_the_errors_in_the_order_of_the_items() -> None:
    world = World([loop(calls(), onItemError="continue")], {"square": square}, {"items": [13, 2, 13]}).run()
    assert world.state.status == "SUCCEEDED"
    assert [entry["index"] for entry in world.vars["itemErrors"]["loop"]] == [0, 2]
    assert world.vars["last"] == {"n": 4}


def test_the_first_item_that_fails_fails_the_loop_and_a_try_around_it_goes_on() -> None:
    steps = [attempt("guard", [loop(calls())], [assign("caught", caught="error.message")])]
    world = World(steps, {"square": square}, {"items": [1, 13, 13, 4]}).run()
    assert (world.state.status, world.vars["caught"]) == ("SUCCEEDED", "Thirteen.")
    assert world.vars["last"] == {"n": 1}
    assert world.state.envelope["error"]["nodePath"] == "root.steps[0].try.steps[0].body{1}.steps[0]"


def test_a_try_inside_an_item_keeps_the_error_there() -> None:
    body = attempt("guard", [calls()], [assign("caught", caught="vars.item")])
    world = World([loop(body)], {"square": square}, {"items": [1, 13]}).run()
    assert (world.state.status, world.vars) == ("SUCCEEDED", {"last": {"n": 1}, "caught": 13})


def test_a_return_in_an_item_ends_the_run_after_the_items_before_it() -> None:
    body = when("stop", "vars.item = 2", [BACK], [calls()])
    world = World([loop(body), assign("never", never="1")], {"square": square}, {"items": [1, 2, 3]}).run()
    assert (world.state.status, world.vars) == ("SUCCEEDED", {"last": {"n": 1}})


def test_cancelling_ends_what_is_under_way_in_every_item() -> None:
    world = World([loop(calls())], {"square": square}, {"items": [1, 2, 3]})
    world.send(Start(at_us=1))
    while world.state.can_advance:
        world.send(Advance(at_us=world.tick()))
    world.send(Cancel(at_us=world.tick(), reason="Enough."))
    assert world.state.status == "CANCELED"
    assert len(world.of(StepCanceled)) == 3
    assert world.state.pending == {}


def test_the_run_waits_when_all_items_wait_and_goes_on_when_one_does_not() -> None:
    wait = {
        "id": "w", "type": "event.wait",
        "config": {"eventName": "E", "correlationKey": {"$expr": "vars.item"}},
    }  # fmt: skip
    body = when("first", "vars.item = 1", [wait], [calls()])
    world = World([loop(body)], {"square": square}, {"items": [1, 2]})
    world.send(Start(at_us=1))
    while world.state.can_advance:
        world.send(Advance(at_us=world.tick()))
    assert world.state.status == "RUNNING"
    effect = "root.steps[0].body{1}.steps[0].else.steps[0]#1"
    world.send(world.answer(effect, world.state.pending[effect]))
    assert world.state.status == "WAITING"


def test_retries_belong_to_their_item() -> None:
    tries: list[int] = []

    def flaky(data: Any) -> Any:
        tries.append(data["n"])
        if tries.count(data["n"]) < 2:
            raise ActionError("Not yet.")
        return data

    policy = {"maxAttempts": 2, "backoffMs": 10, "jitter": False, "retryOn": ["ActionError"]}
    step = call("flaky", "flaky", inputs={"n": {"$expr": "vars.item"}}, retry=policy)
    world = World([loop(step)], {"flaky": flaky}, {"items": [1, 2, 3]}).run()
    assert (world.state.status, sorted(tries)) == ("SUCCEEDED", [1, 1, 2, 2, 3, 3])


NESTED = loop(
    each("inner", "[vars.item, vars.item + 1]", [calls()], var="item", concurrency=2),
    when("odd", "vars.item > 50", [BACK], [keep()]),
)
CASES = [
    pytest.param([loop(calls(), keep())], id="calls"),
    pytest.param([loop(calls(), keep(), onItemError="continue")], id="goes-on"),
    pytest.param(
        [attempt("guard", [loop(calls(), keep())], [assign("caught", caught="error.nodePath")])], id="caught"
    ),
    pytest.param([NESTED], id="nested"),
    pytest.param(
        [loop(attempt("inside", [calls()], [assign("c", c="vars.item")]), keep(), width=2)], id="try-inside"
    ),
]


@pytest.mark.parametrize("steps", CASES)
@settings(max_examples=40, deadline=None)
@given(items=st.lists(st.sampled_from([1, 2, 5, 13, 60]), max_size=6), seed=st.integers(0, 2**32))
def test_the_outcome_does_not_depend_on_who_is_faster(
    steps: list[dict[str, Any]], items: list[int], seed: int
) -> None:
    one_by_one = World(steps, {"square": square}, {"items": items}).run()
    mixed = shuffled(World(steps, {"square": square}, {"items": items}), seed)
    assert mixed.state.status == one_by_one.state.status
    mine, theirs = mixed.state.envelope, one_by_one.state.envelope
    assert mine["vars"] == theirs["vars"]
    assert mine.get("error", {}).get("nodePath") == theirs.get("error", {}).get("nodePath")


@settings(max_examples=40, deadline=None)
@given(items=st.lists(st.sampled_from([1, 2, 13]), max_size=5), seed=st.integers(0, 2**32))
def test_the_writes_of_a_parallel_run_lead_to_its_state(items: list[int], seed: int) -> None:
    world = World([NESTED], {"square": square}, {"items": items})
    begin = world.state
    shuffled(world, seed)
    writes = [write for _, events in world.macrosteps for event in events for write in event.writes]
    assert fold(begin, writes) == world.state
