"""Control blocks of pipelines: branches, loops, tries, returns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unit.machine.world import World, assign, attempt, call, done, each, state, when
from wfnb.errors import ActionError, TransientError
from wfnb.machine.messages import Failed, RunFailed, Start, StepFailed, StepSucceeded


def boom(_data: object) -> object:
    raise ActionError("It broke.", code="BROKEN")


def test_an_empty_definition_succeeds_at_once() -> None:
    assert World([]).run().state.status == "SUCCEEDED"


@pytest.mark.behaviour(15, 18)
def test_assignments_are_made_in_order_and_see_earlier_ones() -> None:
    world = World([assign("a", x="1 + 1", y="vars.x * 10")]).run()
    assert world.vars == {"x": 2, "y": 20}


@pytest.mark.behaviour(16)
def test_a_failing_assignment_leaves_nothing_behind() -> None:
    world = World([assign("a", x="1", y="payload.absent")]).run()
    assert world.state.status == "FAILED"
    assert world.vars == {}


@pytest.mark.behaviour(33)
def test_state_set_writes_the_label() -> None:
    assert World([state("s", "READY")]).run().state.envelope["meta"] == {"state": "READY"}


@pytest.mark.behaviour(89, 90)
@pytest.mark.parametrize(("flag", "expected"), [(True, "then"), (False, "else")])
def test_if_takes_the_branch_of_its_condition(flag: bool, expected: str) -> None:
    world = World(
        [when("c", "payload.flag", [assign("t", x="'then'")], [assign("e", x="'else'")])],
        payload={"flag": flag},
    )
    assert world.run().vars == {"x": expected}
    assert [e.branch for e in world.of(StepSucceeded)][0] == expected


def test_an_empty_branch_goes_on_behind_the_if() -> None:
    assert World([when("c", "false", [done()]), assign("a", x="1")]).run().vars == {"x": 1}


@pytest.mark.behaviour(91)
@pytest.mark.parametrize("condition", ["payload", "'text'", "1", "null", "payload.absent"])
def test_a_condition_that_is_no_boolean_is_an_expression_error(condition: str) -> None:
    world = World([when("c", condition, [])], payload={"a": 1}).run()
    (failed,) = world.of(RunFailed)
    assert failed.error["category"] == "ExpressionError"
    assert failed.error["nodePath"] == "root.steps[0]"


@pytest.mark.behaviour(92, 93, 95)
@pytest.mark.defect("D-1")
def test_for_each_runs_the_body_for_every_item_in_order() -> None:
    world = World(
        [each("l", "payload.n", [assign("a", seen="append(coalesce(vars.seen, []), vars.item)")])],
        payload={"n": [3, 1, 2]},
    )
    assert world.run().vars == {"seen": [3, 1, 2]}
    assert world.instances()[1:] == [f"root.steps[0].body{{{i}}}.steps[0]" for i in range(3)]


@pytest.mark.behaviour(94)
def test_a_loop_gives_its_variable_back_what_it_held() -> None:
    world = World([assign("a", item="'old'"), each("l", "[1, 2]", [assign("b", last="vars.item")])]).run()
    assert world.vars == {"item": "old", "last": 2}


def test_a_loop_variable_that_was_not_there_is_gone_afterwards() -> None:
    assert World([each("l", "[1]", [])]).run().vars == {}


@pytest.mark.behaviour(96)
def test_an_empty_list_skips_the_body() -> None:
    assert World([each("l", "[]", [call("x", "boom")])], {"boom": boom}).run().state.status == "SUCCEEDED"


@pytest.mark.behaviour(99)
def test_items_that_are_no_list_are_a_validation_error() -> None:
    (failed,) = World([each("l", "'abc'", [])]).run().of(RunFailed)
    assert (failed.error["category"], failed.error["code"]) == ("ValidationError", "ITEMS_NOT_A_LIST")


def test_expressions_see_the_innermost_item_and_index() -> None:
    inner = each(
        "b", "['x', 'y']", [assign("a", s="append(coalesce(vars.s, []), $item & toString($index))")], var="c"
    )
    assert World([each("l", "[1, 2]", [inner])]).run().vars == {"s": ["x0", "y1", "x0", "y1"]}


@pytest.mark.defect("D-2")
def test_a_nested_block_as_the_last_body_step_does_not_end_the_iteration_early() -> None:
    body = [
        when(
            "c",
            "true",
            [assign("one", n="coalesce(vars.n, 0) + 1"), assign("two", m="coalesce(vars.m, 0) + 1")],
        )
    ]
    assert World([each("l", "[1, 2, 3]", body)]).run().vars == {"n": 3, "m": 3}


@pytest.mark.behaviour(74, 106, 107)
def test_return_ends_the_run_from_any_depth() -> None:
    steps = [each("l", "[1, 2]", [attempt("t", [when("c", "true", [done()])], [])]), assign("never", x="1")]
    world = World(steps).run()
    assert world.state.status == "SUCCEEDED"
    assert "x" not in world.vars
    assert world.state.frames == []


@pytest.mark.behaviour(100)
def test_catch_is_skipped_when_nothing_fails() -> None:
    assert World([attempt("t", [assign("a", x="1")], [assign("b", x="2")])]).run().vars == {"x": 1}


@pytest.mark.behaviour(101, 104)
def test_catch_sees_the_error_and_where_it_came_from() -> None:
    steps = [
        attempt(
            "t",
            [call("bad", "boom")],
            [assign("b", why="error.message", where="error.nodePath")],
            captureErrorAs="vars.e",
        )
    ]
    world = World(steps, {"boom": boom}).run()
    assert world.vars["why"] == "It broke."
    assert world.vars["where"] == "root.steps[0].try.steps[0]"
    assert world.vars["e"]["code"] == "BROKEN"
    assert world.state.status == "SUCCEEDED"


def test_an_empty_catch_goes_on_behind_the_try() -> None:
    assert World(
        [attempt("t", [call("bad", "boom")], []), assign("a", x="1")], {"boom": boom}
    ).run().vars == {"x": 1}


@pytest.mark.behaviour(103)
def test_an_error_inside_a_catch_goes_to_the_outer_try_only() -> None:
    inner = attempt("i", [call("bad", "boom")], [call("worse", "boom")])
    world = World([attempt("o", [inner], [assign("a", x="1")])], {"boom": boom}).run()
    assert world.vars == {"x": 1}
    assert [e.handled_by for e in world.of(StepFailed)] == [
        "root.steps[0].try.steps[0].try",
        "root.steps[0].try",
    ]


@pytest.mark.defect("D-4")
def test_a_try_inside_a_loop_wins_over_the_loop() -> None:
    body = [
        attempt("t", [call("bad", "boom")], [assign("c", caught="coalesce(vars.caught, 0) + 1")]),
        assign("after", n="coalesce(vars.n, 0) + 1"),
    ]
    world = World([each("l", "[1, 2]", body, onItemError="continue")], {"boom": boom}).run()
    assert world.vars == {"caught": 2, "n": 2}


@pytest.mark.behaviour(97)
@pytest.mark.defect("D-4")
def test_a_loop_that_continues_goes_to_the_next_item_and_keeps_the_errors() -> None:
    body = [
        when("odd", "vars.item = 2", [call("bad", "boom")]),
        assign("after", seen="append(coalesce(vars.seen, []), vars.item)"),
    ]
    world = World([each("l", "[1, 2, 3]", body, onItemError="continue")], {"boom": boom}).run()
    assert world.vars["seen"] == [1, 3]
    (error,) = world.vars["itemErrors"]["l"]
    assert (error["index"], error["error"]["code"]) == (1, "BROKEN")
    assert "item" not in world.vars


def test_the_last_item_may_fail_too_in_a_loop_that_continues() -> None:
    world = World(
        [each("l", "[1]", [call("bad", "boom")], onItemError="continue"), assign("a", x="1")], {"boom": boom}
    ).run()
    assert world.vars["x"] == 1


@pytest.mark.defect("D-3")
def test_an_error_in_a_loop_inside_a_try_clears_the_loop() -> None:
    world = World(
        [attempt("t", [each("l", "[1, 2]", [call("bad", "boom")])], [assign("a", x="1")])], {"boom": boom}
    ).run()
    assert world.vars == {"x": 1}


@pytest.mark.behaviour(80)
def test_a_step_may_go_on_after_its_error() -> None:
    world = World(
        [call("bad", "boom", onError={"policy": "continue"}), assign("a", x="error.message")], {"boom": boom}
    ).run()
    assert world.vars == {"x": "It broke."}
    (success,) = [e for e in world.of(StepSucceeded) if e.handled_by]
    assert (success.handled_by, success.error["code"]) == ("onError", "BROKEN")


@pytest.mark.behaviour(71)
def test_without_a_handler_the_run_fails_and_says_where() -> None:
    world = World([assign("a", x="1"), call("bad", "boom")], {"boom": boom}).run()
    assert world.state.status == "FAILED"
    assert world.of(RunFailed)[0].error["nodePath"] == "root.steps[1]"


@pytest.mark.behaviour(111, 148, 149)
def test_a_transient_failure_is_caught_when_its_retries_are_used_up() -> None:
    calls: list[int] = []

    def flaky(_data: object) -> object:
        calls.append(1)
        raise TransientError("Busy.")

    step = call("bad", "flaky", retry={"maxAttempts": 3, "backoffMs": 100, "jitter": False})
    world = World([attempt("t", [step], [assign("c", x="1")])], {"flaky": flaky}).run()
    assert (len(calls), world.vars) == (3, {"x": 1})
    assert [round((w.due_at_us - w.at_us) / 1000) for w in world.waits()] == [100, 200]


@pytest.mark.behaviour(76)
def test_an_assignment_writes_into_the_payload() -> None:
    targets = {"payload.order.total": {"$expr": "payload.order.net + 1"}, "/note": "seen"}
    step = {"id": "a", "type": "transform.assign", "config": {"assign": targets}}
    world = World([step], payload={"order": {"net": 4}}).run()
    assert world.payload == {"order": {"net": 4, "total": 5}, "note": "seen"}


@pytest.mark.defect("D-11")
def test_an_assignment_to_meta_goes_to_meta() -> None:
    targets = {"meta.tags.urgent": "yes", "vars.x": {"$expr": "meta.tags.urgent"}}
    world = World([{"id": "a", "type": "transform.assign", "config": {"assign": targets}}]).run()
    assert world.state.envelope["meta"] == {"tags": {"urgent": "yes"}}
    assert world.vars == {"x": "yes"}


@pytest.mark.behaviour(15, 16)
def test_nothing_is_written_when_one_of_many_targets_cannot_be() -> None:
    targets = {"payload.a": 1, "vars.b": 2, "meta.c": 3, "payload.d": {"$expr": "payload.absent"}}
    world = World([{"id": "a", "type": "transform.assign", "config": {"assign": targets}}]).run()
    assert world.state.status == "FAILED"
    assert (world.payload, world.vars, world.state.envelope["meta"]) == ({}, {}, {})
    del targets["payload.d"]
    world = World([{"id": "a", "type": "transform.assign", "config": {"assign": targets}}]).run()
    assert (world.payload, world.vars, world.state.envelope["meta"]) == ({"a": 1}, {"b": 2}, {"c": 3})


@pytest.mark.behaviour(74)
def test_what_stands_behind_a_return_is_not_run() -> None:
    world = World([assign("a", x="1"), done(), assign("never", x="2")]).run()
    assert (world.state.status, world.vars) == ("SUCCEEDED", {"x": 1})
    assert world.instances() == ["root.steps[0]", "root.steps[1]"]


@pytest.mark.behaviour(81)
@pytest.mark.parametrize("policy", [{"onError": {"policy": "fail"}}, {}], ids=["written", "by default"])
def test_a_step_that_may_not_go_on_stops_the_run_or_enters_the_catch(policy: dict[str, object]) -> None:
    steps = [call("bad", "boom", **policy), assign("never", x="1")]
    bare = World(steps, {"boom": boom}).run()
    assert (bare.state.status, bare.vars) == ("FAILED", {})
    caught = World([attempt("t", steps, [assign("c", y="2")])], {"boom": boom}).run()
    assert (caught.state.status, caught.vars) == ("SUCCEEDED", {"y": 2})


@pytest.mark.behaviour(95)
def test_an_item_is_begun_when_the_one_before_it_has_ended() -> None:
    order: list[object] = []
    world = World(
        [each("l", "[1, 2, 3]", [call("first", "note", inputs={"at": "first"}), call("last", "note", inputs={"at": "last"})])],
        {"note": lambda data: order.append(data["at"]) or {}},
    )  # fmt: skip
    while not world.state.terminal:
        if world.state.status == "PENDING":
            world.send(Start(at_us=world.tick()))
        world.once()
        assert len(world.state.pending) <= 1
    assert order == ["first", "last"] * 3


@pytest.mark.behaviour(98)
@pytest.mark.parametrize("policy", [{"onItemError": "fail"}, {}], ids=["written", "by default"])
def test_an_item_that_fails_ends_the_loop(policy: dict[str, object]) -> None:
    seen = assign("seen", seen="append(coalesce(vars.seen, []), vars.item)")
    loop = each("l", "[1, 2, 3]", [seen, when("odd", "vars.item = 2", [call("bad", "boom")])], **policy)
    failed = World([loop], {"boom": boom}).run()
    assert (failed.state.status, failed.vars["seen"]) == ("FAILED", [1, 2])
    caught = World([attempt("t", [loop], [assign("c", x="1")])], {"boom": boom}).run()
    assert (caught.state.status, caught.vars) == ("SUCCEEDED", {"seen": [1, 2], "x": 1})


@pytest.mark.behaviour(102)
def test_an_expression_error_is_caught() -> None:
    world = World([attempt("t", [assign("a", x="payload.absent")], [assign("c", name="error.name")])]).run()
    assert (world.state.status, world.vars) == ("SUCCEEDED", {"name": "ExpressionError"})


@pytest.mark.behaviour(105)
def test_an_inner_try_keeps_its_error_from_the_outer_one() -> None:
    inner = attempt("i", [call("bad", "boom")], [assign("mend", inner="1")])
    world = World(
        [attempt("o", [inner, assign("after", x="1")], [assign("never", outer="1")])], {"boom": boom}
    )
    assert world.run().vars == {"inner": 1, "x": 1}


@pytest.mark.behaviour(106)
def test_a_return_inside_an_if_ends_the_run() -> None:
    world = World([when("c", "true", [done(), assign("no", x="1")]), assign("never", x="2")]).run()
    assert (world.state.status, world.vars) == ("SUCCEEDED", {})


@pytest.mark.behaviour(107)
def test_a_return_inside_a_loop_ends_the_run_and_not_only_the_loop() -> None:
    body = [assign("a", last="vars.item"), when("c", "vars.item = 2", [done()])]
    world = World([each("l", "[1, 2, 3]", body), assign("never", x="1")]).run()
    assert world.state.status == "SUCCEEDED"
    assert world.vars["last"] == 2
    assert "x" not in world.vars


@pytest.mark.behaviour(108)
def test_a_return_inside_a_catch_ends_the_run() -> None:
    world = World(
        [attempt("t", [call("bad", "boom")], [done()]), assign("never", x="1")], {"boom": boom}
    ).run()
    assert (world.state.status, world.vars) == ("SUCCEEDED", {})


@pytest.mark.behaviour(109)
def test_a_condition_sees_what_an_earlier_step_wrote() -> None:
    steps = [
        assign("a", n="2"),
        when("c", "vars.n = 2", [assign("t", x="'then'")], [assign("e", x="'else'")]),
    ]
    assert World(steps).run().vars == {"n": 2, "x": "then"}


@pytest.mark.behaviour(94, 110)
def test_a_loop_variable_that_hides_another_gives_it_back() -> None:
    inner = each("inner", "['x', 'y']", [assign("i", inner="append(coalesce(vars.inner, []), vars.item)")])
    outer = each("outer", "[1, 2]", [inner, assign("o", outer="append(coalesce(vars.outer, []), vars.item)")])
    world = World([assign("a", item="'before'"), outer]).run()
    assert world.vars == {"item": "before", "inner": ["x", "y", "x", "y"], "outer": [1, 2]}


@pytest.mark.behaviour(112)
def test_a_catch_block_may_set_the_state() -> None:
    steps = [attempt("t", [state("s", "TRYING"), call("bad", "boom")], [state("c", "ERROR_CAUGHT")])]
    assert World(steps, {"boom": boom}).run().state.envelope["meta"] == {"state": "ERROR_CAUGHT"}


@pytest.mark.behaviour(150)
def test_a_retry_is_placed_by_jitter_within_its_bounds() -> None:
    def busy(_data: object) -> object:
        raise TransientError("Busy.")

    def delays(policy: dict[str, object], spread: float) -> list[int]:
        world = World([call("c", "busy", retry=policy)], {"busy": busy})
        world.send(Start(at_us=world.tick()))
        while not world.state.terminal:
            if not world.state.pending:
                world.once()
                continue
            answer = world.answer(*next(iter(world.state.pending.items())))
            world.send(replace(answer, spread=spread) if isinstance(answer, Failed) else answer)
        return [round((w.due_at_us - w.at_us) / 1000) for w in world.waits()]

    policy = {"maxAttempts": 3, "backoffMs": 1_000}
    assert delays(policy, 0.0) == [800, 1_600]
    assert delays(policy, 0.75) == [1_100, 2_200]
    assert delays({**policy, "jitter": False}, 0.75) == [1_000, 2_000]
