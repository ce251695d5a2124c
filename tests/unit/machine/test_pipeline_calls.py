"""Calls of actions and of other workflows: inputs, keys, results, retries, late answers."""

from __future__ import annotations

from typing import Any

import pytest

from unit.machine.world import World, assign, attempt, call, each
from wfnb.errors import ActionError, CommandError, TransientError
from wfnb.machine.messages import (
    Advance,
    Cancel,
    Completed,
    Failed,
    InvocationScheduled,
    RunCanceled,
    RunFailed,
    Start,
    StepFailed,
)


def echo(data: Any) -> Any:
    return data


@pytest.mark.behaviour(14, 79)
def test_inputs_are_evaluated_and_the_result_is_saved() -> None:
    step = call(
        "c", "echo", save_as="vars.out", inputs={"n": {"$expr": "payload.n + 1"}, "fixed": [1, {"a": None}]}
    )
    world = World([step], {"echo": echo}, payload={"n": 1}).run()
    assert world.vars["out"] == {"n": 2, "fixed": [1, {"a": None}]}


def test_the_older_name_args_works_and_input_mapping_wins() -> None:
    step = call("c", "echo", save_as="out", config={"args": {"a": 1, "b": 1}}, inputs={"b": 2})
    assert World([step], {"echo": echo}).run().vars["out"] == {"a": 1, "b": 2}


@pytest.mark.behaviour(32, 165)
@pytest.mark.defect("D-1")
def test_the_engine_key_is_stable_over_attempts_and_differs_between_items() -> None:
    calls: list[int] = []

    def flaky(_data: Any) -> Any:
        calls.append(1)
        if len(calls) % 2:
            raise TransientError("Busy.")
        return {}

    step = call("c", "flaky", retry={"maxAttempts": 2, "backoffMs": 1})
    world = World([each("l", "[1, 2]", [step])], {"flaky": flaky}).run()
    keys = [key for _, _, key in world.calls]
    assert keys[0] == keys[1] != keys[2] == keys[3]


def test_an_explicit_key_is_used_as_text() -> None:
    step = call("c", "echo", config={"idempotencyKey": {"$expr": "payload.id"}})
    assert (
        World([step], {"echo": echo}, payload={"id": 5890840712243076}).run().calls[0][2]
        == "5890840712243076"
    )


def test_a_key_that_is_null_is_refused() -> None:
    step = call("c", "echo", config={"idempotencyKey": {"$expr": "null"}})
    (failed,) = World([step], {"echo": echo}).run().of(RunFailed)
    assert failed.error["code"] == "INVALID_IDEMPOTENCY_KEY"


@pytest.mark.behaviour(148, 164)
def test_attempts_are_counted_and_retries_stop_at_the_limit() -> None:
    def busy(_data: Any) -> Any:
        raise TransientError("Busy.")

    world = World([call("c", "busy", retry={"maxAttempts": 3, "backoffMs": 1})], {"busy": busy}).run()
    assert [e.attempt for e in world.of(StepFailed)] == [1, 2, 3]
    assert [e.handled_by for e in world.of(StepFailed)] == ["retry", "retry", None]
    assert world.state.status == "FAILED"


@pytest.mark.defect("D-1")
def test_attempts_count_anew_for_every_item() -> None:
    calls: list[Any] = []

    def once_busy(data: Any) -> Any:
        calls.append(data["i"])
        if calls.count(data["i"]) == 1:
            raise TransientError("Busy.")
        return {}

    step = call(
        "c", "once_busy", inputs={"i": {"$expr": "vars.item"}}, retry={"maxAttempts": 2, "backoffMs": 1}
    )
    assert World([each("l", "[1, 2]", [step])], {"once_busy": once_busy}).run().state.status == "SUCCEEDED"
    assert calls == [1, 1, 2, 2]


@pytest.mark.behaviour(152)
def test_an_action_error_is_not_retried_unless_the_policy_lists_it() -> None:
    def broken(_data: Any) -> Any:
        raise ActionError("No.")

    policy = {"maxAttempts": 3, "backoffMs": 1}
    assert len(World([call("c", "b", retry=policy)], {"b": broken}).run().calls) == 1
    listed = {**policy, "retryOn": ["ActionError"]}
    assert len(World([call("c", "b", retry=listed)], {"b": broken}).run().calls) == 3


@pytest.mark.behaviour(147)
def test_the_actions_own_retry_hint_is_used_when_the_step_has_none() -> None:
    def busy(_data: Any) -> Any:
        raise TransientError("Busy.")

    assert (
        len(World([call("c", "b")], {"b": busy}, retry={"maxAttempts": 4, "backoffMs": 1}).run().calls) == 4
    )


def test_a_late_or_second_answer_changes_nothing() -> None:
    world = World([call("c", "echo")], {"echo": echo})
    world.send(Start(at_us=1))
    world.once()
    effect_id = next(iter(world.state.pending))
    assert world.send(Completed(at_us=2, effect_id=effect_id, output={}))
    before = world.state
    assert world.send(Completed(at_us=3, effect_id=effect_id, output={"other": 1})) == ()
    assert world.send(Failed(at_us=3, effect_id=effect_id, error={"category": "ActionError"})) == ()
    assert world.state is before


def test_no_step_begins_while_an_effect_is_pending() -> None:
    world = World([call("c", "echo"), assign("a", x="1")], {"echo": echo})
    world.send(Start(at_us=1))
    world.once()
    assert world.send(Advance(at_us=2)) == ()


@pytest.mark.defect("D-9")
def test_a_cancelled_run_never_changes_again() -> None:
    world = World([call("c", "echo")], {"echo": echo})
    world.send(Start(at_us=1))
    world.once()
    effect_id = next(iter(world.state.pending))
    assert isinstance(world.send(Cancel(at_us=2, reason="enough"))[-1], RunCanceled)
    assert world.send(Completed(at_us=3, effect_id=effect_id, output={})) == ()
    assert world.send(Advance(at_us=4)) == ()
    assert world.send(Cancel(at_us=5, reason="again")) == ()
    assert world.state.status == "CANCELED"


def test_a_run_cannot_be_started_twice() -> None:
    world = World([assign("a", x="1")])
    world.send(Start(at_us=1))
    with pytest.raises(CommandError):
        world.send(Start(at_us=2))


def child_step(**extra: Any) -> dict[str, Any]:
    return {"id": "sub", "type": "control.callWorkflow", "workflowId": "other", "workflowVersion": 1, **extra}


@pytest.mark.behaviour(113, 114)
def test_a_child_gets_its_payload_and_gives_its_results() -> None:
    def child(data: Any) -> Any:
        return {"payload": data, "vars": {"sum": data["a"] + 1}, "meta": {}}

    step = child_step(
        inputMapping={"a": {"$expr": "payload.n"}},
        outputMapping={"vars.sum": {"$expr": "vars.childRun.vars.sum"}},
    )
    world = World([step], {"workflow:other": child}, payload={"n": 4}).run()
    assert world.vars == {"sum": 5}


@pytest.mark.behaviour(115)
def test_a_failing_child_is_an_error_of_its_step() -> None:
    def child(_data: Any) -> Any:
        raise ActionError("The child failed.", code="CHILD_FAILED")

    world = World(
        [attempt("t", [child_step()], [assign("a", why="error.data.code")])], {"workflow:other": child}
    ).run()
    assert world.vars == {"why": "CHILD_FAILED"}


def test_a_parse_node_answers_by_itself_when_its_action_fails() -> None:
    def broken(_data: Any) -> Any:
        raise ActionError("No parser.")

    step = {"id": "p", "type": "email.parseBody", "config": {"text": {"$expr": "payload.t"}}}
    world = World([step], {"parse_email_reply": broken}, payload={"t": "hello"}).run()
    parsed = world.payload["parsedEmail"]
    assert (parsed["confidence"], parsed["sanitizedText"]) == ("low", "hello")
    assert parsed["metadata"]["parser"]["warnings"] == ["parser-error"]


def test_a_parse_node_is_tried_again_before_it_answers_by_itself() -> None:
    def busy(_data: Any) -> Any:
        raise TransientError("Busy.")

    policy = {"maxAttempts": 3, "backoffMs": 1}
    step = {"id": "p", "type": "email.parseBody", "config": {"text": "hello"}, "retry": policy}
    world = World([step], {"parse_email_reply": busy}).run()
    assert len(world.calls) == 3
    assert world.payload["parsedEmail"]["metadata"]["parser"]["warnings"] == ["parser-error"]


@pytest.mark.behaviour(171)
def test_a_parse_node_saves_what_its_action_parsed() -> None:
    def parse(_data: Any) -> Any:
        return {"success": True, "parsed": {"sanitizedText": "hi", "confidence": "high", "metadata": {}}}

    step = {"id": "p", "type": "email.parseBody", "config": {"text": "x", "saveAs": "vars.mail"}}
    assert World([step], {"parse_email_reply": parse}).run().vars["mail"]["confidence"] == "high"


@pytest.mark.behaviour(186)
def test_comment_blocks_need_no_action_without_html() -> None:
    step = {
        "id": "r",
        "type": "email.renderCommentBlocks",
        "config": {"text": {"$expr": "payload.t"}, "html": None},
    }
    world = World([step], payload={"t": "plain"}).run()
    assert world.payload["commentBlocks"] == [{"type": "paragraph", "text": "plain"}]
    assert world.of(InvocationScheduled) == []


@pytest.mark.behaviour(116)
def test_the_policy_of_a_call_tries_a_failed_child_again() -> None:
    tries: list[int] = []

    def child(_data: Any) -> Any:
        tries.append(1)
        if len(tries) < 3:
            raise ActionError("The child failed.", code="CHILD_FAILED")
        return {"payload": {}, "vars": {"n": len(tries)}, "meta": {}}

    policy = {"maxAttempts": 3, "backoffMs": 100, "jitter": False, "retryOn": ["ActionError"]}
    step = child_step(retry=policy, outputMapping={"vars.n": {"$expr": "vars.childRun.vars.n"}})
    world = World([step], {"workflow:other": child}).run()
    assert (world.state.status, world.vars) == ("SUCCEEDED", {"n": 3})
    assert [round((w.due_at_us - w.at_us) / 1000) for w in world.waits()] == [100, 200]


@pytest.mark.behaviour(146)
def test_the_policy_of_the_step_goes_before_the_one_of_the_action() -> None:
    def busy(_data: Any) -> Any:
        raise TransientError("Busy.")

    step = call("c", "busy", retry={"maxAttempts": 2, "backoffMs": 70, "jitter": False})
    world = World([step], {"busy": busy}, retry={"maxAttempts": 9, "backoffMs": 5}).run()
    assert len(world.calls) == 2
    assert [round((w.due_at_us - w.at_us) / 1000) for w in world.waits()] == [70]


@pytest.mark.behaviour(151)
def test_a_retry_takes_up_the_same_execution_of_the_step() -> None:
    tries: list[int] = []

    def flaky(_data: Any) -> Any:
        tries.append(1)
        if len(tries) == 2:
            raise TransientError("Busy.")
        return {}

    step = call("c", "flaky", retry={"maxAttempts": 2, "backoffMs": 1})
    world = World([each("l", "[1, 2]", [step])], {"flaky": flaky}).run()
    first, second = (f"root.steps[0].body{{{index}}}.steps[0]" for index in (0, 1))
    assert world.instances()[1:] == [first, second, second]
