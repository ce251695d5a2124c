"""Replays: what another version makes of a recorded run, without any effect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from unit.machine.world import assign, attempt, call, done, each, when
from wfnb.errors import ActionError, CommandError, NotFoundError, TransientError, ValidationError


class Order(BaseModel):
    n: int = 0
    note: str = ""


class Receipt(BaseModel):
    n: int
    label: str = "none"


class Shop:
    """A workspace with actions that note their calls."""

    def __init__(self, ws: wfnb.Workspace) -> None:
        self.ws = ws
        self.calls: list[tuple[str, int]] = []
        self.failing: dict[str, Exception] = {}
        for name in ("reserve", "charge", "mail"):
            ws.action(name, side_effect=True, idempotency="engine")(self._action(name))

    def _action(self, name: str) -> Any:
        def act(data: Order) -> Receipt:
            self.calls.append((name, data.n))
            if name in self.failing:
                raise self.failing[name]
            return Receipt(n=data.n + 1, label=name)

        return act

    def publish(self, *steps: dict[str, Any], id: str = "order") -> int:
        publication = self.ws.publish({"id": id, "name": "Order", "steps": list(steps)})
        assert publication.ok, publication.findings
        assert publication.version is not None
        return publication.version

    def run(self, *steps: dict[str, Any], payload: Any = None) -> wfnb.Run:
        self.publish(*steps)
        return self.ws.start("order", payload if payload is not None else {"n": 1}).wait(60)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with wfnb.open(store="memory", clock="2026-01-01", seed=3) as ws:
        yield Shop(ws)


def reserve(n: str = "payload.n", **extra: Any) -> dict[str, Any]:
    return call("reserve", "reserve", inputs={"n": {"$expr": n}}, save_as="vars.reserved", **extra)


def charge(n: str = "vars.reserved.n", **extra: Any) -> dict[str, Any]:
    return call("charge", "charge", inputs={"n": {"$expr": n}}, save_as="vars.charged", **extra)


def draft(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"id": "order", "name": "Order", "steps": list(steps)}


def test_a_run_against_its_own_version_is_identical_and_calls_nobody(shop: Shop) -> None:
    run = shop.run(reserve(), charge())
    calls = list(shop.calls)
    replay = run.replay()
    assert replay
    assert replay.identical
    assert (replay.divergence, list(replay.diff), list(replay.stubbed)) == (None, [], [])
    assert [(step.id, step.recorded, step.now, step.answered) for step in replay.steps] == [
        ("reserve", "SUCCEEDED", "SUCCEEDED", "recorded"),
        ("charge", "SUCCEEDED", "SUCCEEDED", "recorded"),
    ]
    assert shop.calls == calls
    assert len(shop.ws.runs()) == 1
    assert repr(replay) == "<Replay of run-0001 (order v1) against v1: identical, 2 steps, SUCCEEDED>"


def test_a_version_that_says_the_same_in_other_words_is_identical(shop: Shop) -> None:
    run = shop.run(reserve(), charge())
    shop.publish(reserve("payload.n + 0"), {**charge(), "name": "Take the money"})
    assert run.replay(2).identical


def test_an_input_that_differs_is_told_and_the_recorded_result_is_used(shop: Shop) -> None:
    run = shop.run(reserve(), charge())
    shop.publish(reserve(), charge("vars.reserved.n * 10"))
    replay = run.replay(2)
    found = replay.divergence
    assert found is not None
    assert (found.kind, found.instance, found.path, found.step_id) == (
        "other input", "root.steps[1]", "root.steps[1]", "charge",
    )  # fmt: skip
    assert (found.recorded, found.now) == (2, 20)
    assert [(row.field, row.recorded, row.now) for row in found.fields] == [("input.n", 2, 20)]
    assert [(text.field, text.old, text.new, text.decisive) for text in found.texts] == [
        ("inputMapping.n", "vars.reserved.n", "vars.reserved.n * 10", True)
    ]
    assert replay.outcome == "SUCCEEDED"
    assert list(replay.diff) == []
    assert replay.steps[1].answered == "recorded"


def test_a_step_before_moves_the_others_and_they_keep_their_results(shop: Shop) -> None:
    run = shop.run(reserve(), charge())
    shop.publish(assign("first", a="1"), reserve(), charge())
    replay = run.replay(2)
    assert replay.divergence is not None
    assert (replay.divergence.kind, replay.divergence.step_id) == ("new step", "first")
    assert [(s.id, s.recorded, s.now) for s in replay.steps] == [
        ("first", None, "SUCCEEDED"),
        ("reserve", "SUCCEEDED", "SUCCEEDED"),
        ("charge", "SUCCEEDED", "SUCCEEDED"),
    ]
    assert [(row.place, row.now) for row in replay.diff] == [("vars.a", 1)]


def test_a_step_that_is_gone_is_missing(shop: Shop) -> None:
    run = shop.run(reserve(), assign("note", noted="true"), charge())
    replay = run.replay(definition=draft(reserve(), charge()))
    assert replay.version == "draft"
    assert replay.divergence is not None
    assert (replay.divergence.kind, replay.divergence.step_id) == ("missing step", "note")
    assert [step.differs for step in replay.steps] == [None, "missing step", None]


def test_a_new_call_is_answered_by_a_fixture_an_example_or_a_sample(shop: Shop) -> None:
    shop.ws.action("weigh", examples=[{"input": {"n": 1}, "output": {"n": 7, "label": "example"}}])(
        shop._action("weigh")
    )
    run = shop.run(reserve(), charge())
    mail = call("mail", "mail", inputs={"n": {"$expr": "1"}}, save_as="vars.mailed")
    weigh = call("weigh", "weigh", inputs={"n": {"$expr": "1"}}, save_as="vars.weight")
    shop.publish(reserve(), weigh, mail, charge())
    replay = run.replay(2)
    assert [(row.id, row.action, row.source, row.output) for row in replay.stubbed] == [
        ("weigh", "weigh@1", "example", {"n": 7, "label": "example"}),
        ("mail", "mail@1", "schema", {"n": 0, "label": "none"}),
    ]
    given = run.replay(2, fixtures={"mail": {"n": 5, "label": "sent"}})
    assert [(row.source, row.output["n"]) for row in given.stubbed] == [("example", 7), ("fixture", 5)]
    assert run.replay(2, fixtures={"mail": {"$error": {"message": "No mail."}}}).outcome == "FAILED"
    assert ("mail", 1) not in shop.calls


def test_another_branch_names_the_condition(shop: Shop) -> None:
    run = shop.run(when("big", "payload.n > 5", [reserve()], [charge("payload.n")]))
    shop.publish(when("big", "payload.n > 0", [reserve()], [charge("payload.n")]))
    replay = run.replay(2)
    found = replay.divergence
    assert found is not None
    assert (found.kind, found.recorded, found.now, found.step_id) == ("other branch", "else", "then", "big")
    assert [(text.old, text.new, text.decisive) for text in found.texts] == [
        ("payload.n > 5", "payload.n > 0", True)
    ]
    assert [(s.id, s.differs) for s in replay.steps][1:] == [
        ("reserve", "new step"),
        ("charge", "missing step"),
    ]


def test_data_that_comes_from_an_earlier_step_is_not_the_fault_of_this_one(shop: Shop) -> None:
    run = shop.run(assign("x", x="1"), assign("y", y="vars.x + 1"))
    replay = run.replay(definition=draft(assign("x", x="2"), assign("y", y="vars.x + 1")))
    assert replay.divergence is not None
    assert (replay.divergence.kind, replay.divergence.step_id) == ("other value", "x")
    assert [step.differs for step in replay.steps] == ["other value", "other value"]
    assert [(row.place, row.recorded, row.now) for row in replay.diff] == [("vars.x", 1, 2), ("vars.y", 2, 3)]


def test_another_action_has_no_recorded_result(shop: Shop) -> None:
    run = shop.run(reserve(), charge())
    other = call("charge", "mail", inputs={"n": {"$expr": "vars.reserved.n"}}, save_as="vars.charged")
    replay = run.replay(definition=draft(reserve(), other))
    assert replay.divergence is not None
    assert (replay.divergence.kind, replay.divergence.recorded, replay.divergence.now) == (
        "other action", "charge@1", "mail@1",
    )  # fmt: skip
    assert [row.id for row in replay.stubbed] == ["charge"]


def test_an_error_that_is_handled_now(shop: Shop) -> None:
    shop.failing["charge"] = ActionError("The card was refused.")
    run = shop.run(reserve(), charge())
    assert run.status == "FAILED"
    block = attempt("try", [charge()], [assign("late", refused="true")])
    replay = run.replay(definition=draft(reserve(), block))
    assert (replay.outcome, replay.recorded_outcome, replay.error) == ("SUCCEEDED", "FAILED", None)
    assert ("vars.refused", True) in [(row.place, row.now) for row in replay.diff]
    kept = run.replay(definition=draft(reserve(), charge(onError={"policy": "continue"})))
    assert kept.divergence is not None
    assert (kept.divergence.kind, kept.outcome) == ("other error", "SUCCEEDED")


def test_an_expression_that_fails_now(shop: Shop) -> None:
    run = shop.run(reserve(), charge())
    replay = run.replay(definition=draft(reserve(), charge("vars.nothing.n")))
    assert replay.divergence is not None
    assert replay.outcome == "FAILED"
    assert replay.error is not None
    assert replay.error["code"] == "MISSING_VALUE"


def test_fewer_and_more_attempts_than_recorded(shop: Shop) -> None:
    shop.failing["charge"] = TransientError("Busy.")
    retry = {"maxAttempts": 2, "backoffMs": 10, "jitter": True}
    run = shop.run(reserve(), charge(retry=retry))
    assert run.replay().identical
    once = run.replay(definition=draft(reserve(), charge()))
    assert once.divergence is not None
    assert [step.differs for step in once.steps] == [None, "other error", "missing step"]
    more = run.replay(definition=draft(reserve(), charge(retry={**retry, "maxAttempts": 3})))
    assert [(step.attempt, step.differs, step.answered) for step in more.steps][-1] == (
        3,
        "new step",
        "schema",
    )
    assert more.outcome == "SUCCEEDED"
    slower = run.replay(definition=draft(reserve(), charge(retry={**retry, "backoffMs": 99})))
    assert slower.divergence is not None
    assert [row.field for row in slower.divergence.fields] == ["retryAt"]


def test_items_of_a_loop_keep_their_results_when_one_is_left_out(shop: Shop) -> None:
    body = [call("one", "reserve", inputs={"n": {"$expr": "$item"}}, save_as="vars.last")]
    run = shop.run(each("all", "payload.items", body), payload={"items": [5, 6, 7]})
    assert run.replay().identical
    fewer = run.replay(definition=draft(each("all", "[payload.items[0], payload.items[1]]", body)))
    assert fewer.divergence is not None
    assert fewer.divergence.kind in ("missing step", "other branch", "other value")
    assert [(s.instance, s.differs) for s in fewer.steps][-1] == (
        "root.steps[0].body{2}.steps[0]",
        "missing step",
    )


def test_items_that_are_done_at_once(shop: Shop) -> None:
    body = [
        call("one", "reserve", inputs={"n": {"$expr": "$item"}}, save_as="vars.last"),
        assign("two", z="$index"),
    ]
    loop = {**each("all", "payload.items", body), "concurrency": 2}
    run = shop.run(loop, payload={"items": [5, 6, 7]})
    assert run.replay().identical
    longer = {**loop, "body": [*body, assign("three", w="$index")]}
    replay = run.replay(definition=draft(longer))
    assert replay.divergence is not None
    assert (replay.divergence.kind, replay.divergence.step_id) == ("new step", "three")
    assert {step.differs for step in replay.steps} == {None, "new step"}
    assert not replay.stubbed
    narrow = run.replay(definition=draft({**loop, "concurrency": 1}))
    assert not narrow.stubbed


def test_waits_are_answered_as_they_were(shop: Shop) -> None:
    wait = {
        "id": "wait", "type": "event.wait",
        "config": {"eventName": "PAID", "correlationKey": {"$expr": "payload.key"}, "assign": {"vars.sum": {"$expr": "vars.event.sum"}}},
    }  # fmt: skip
    shop.publish(wait, charge("vars.sum"))
    run = shop.ws.start("order", {"key": "k"}).wait(60, until="parked")
    assert run.replay().identical  # as far as it has come
    shop.ws.submit_event("PAID", key="k", payload={"sum": 12})
    run.wait(60)
    assert run.replay().identical
    other = {**wait, "config": {**wait["config"], "eventName": "SETTLED"}}
    replay = run.replay(definition=draft(other, charge("vars.sum")))
    assert replay.divergence is not None
    assert (replay.divergence.kind, replay.divergence.fields[0].field) == ("other input", "input.eventName")
    assert replay.outcome == "SUCCEEDED"
    second = {**wait, "id": "again", "config": {**wait["config"], "eventName": "MORE"}}
    open_now = run.replay(definition=draft(wait, second, charge("vars.sum")))
    assert open_now.outcome == "WAITING"
    told = run.replay(definition=draft(wait, second, charge("vars.sum")), fixtures={"MORE": {"sum": 3}})
    assert (told.outcome, told.divergence.kind if told.divergence else None) == ("SUCCEEDED", "new step")


def test_a_pause_that_was_added_is_over_at_once(shop: Shop) -> None:
    run = shop.run(reserve(), charge())
    pause = {"id": "pause", "type": "time.wait", "config": {"mode": "duration", "durationMs": 3_600_000}}
    assert run.replay(definition=draft(reserve(), pause, charge())).outcome == "SUCCEEDED"


def test_a_cancelled_run_is_cancelled_where_it_was(shop: Shop) -> None:
    wait = {
        "id": "wait",
        "type": "event.wait",
        "config": {"eventName": "PAID", "correlationKey": {"$expr": "'k'"}},
    }
    shop.publish(reserve(), wait, charge())
    run = shop.ws.start("order", {"n": 1}).wait(60, until="parked").cancel("not wanted any more")
    replay = run.replay(definition=draft(assign("first", a="1"), reserve(), wait, charge()))
    assert (replay.outcome, [step.id for step in replay.steps]) == ("CANCELED", ["first", "reserve", "wait"])


def test_a_run_that_was_retried_is_retried_where_it_was(shop: Shop) -> None:
    shop.failing["charge"] = ActionError("The card was refused.")
    run = shop.run(reserve(), charge())
    shop.failing.clear()
    run.retry("the card is good again").wait(60)
    assert run.status == "SUCCEEDED"
    assert run.replay().identical
    replay = run.replay(definition=draft(assign("first", a="1"), reserve(), charge()))
    assert replay.outcome == "SUCCEEDED"
    assert [(s.id, s.attempt, s.differs) for s in replay.steps] == [
        ("first", 1, "new step"), ("reserve", 1, None), ("charge", 1, None), ("charge", 2, None),
    ]  # fmt: skip


def test_a_run_that_called_another_one(shop: Shop) -> None:
    shop.publish(reserve(), id="inner")
    inner = {
        "id": "inner", "type": "control.callWorkflow", "workflowId": "inner", "workflowVersion": 1,
        "inputMapping": {"n": {"$expr": "payload.n"}}, "outputMapping": {"vars.got": {"$expr": "vars.childRun.vars.reserved"}},
    }  # fmt: skip
    run = shop.run(inner)
    deep = run.replay(deep=True)
    assert deep.identical
    assert [child.workflow for child in deep.children] == ["inner"]
    other = {**inner, "inputMapping": {"n": {"$expr": "payload.n + 1"}}}
    replay = run.replay(definition=draft(other))
    assert replay.divergence is not None
    assert (replay.divergence.kind, replay.divergence.now, replay.outcome) == ("other input", 2, "SUCCEEDED")


def test_a_renamed_step_keeps_its_result_by_its_place(shop: Shop) -> None:
    run = shop.run(reserve(), charge())
    replay = run.replay(definition=draft(reserve(), {**charge(), "id": "take"}))
    assert not replay.stubbed
    assert replay.identical


def test_steps_in_another_order(shop: Shop) -> None:
    run = shop.run(assign("a", a="1"), assign("b", b="2"))
    replay = run.replay(definition=draft(assign("b", b="2"), assign("a", a="1")))
    assert replay.divergence is not None
    assert (replay.divergence.kind, replay.divergence.step_id) == ("other order", "a")


def test_the_end_that_comes_sooner(shop: Shop) -> None:
    run = shop.run(reserve(), charge())
    replay = run.replay(definition=draft(reserve(), when("is", "true", [done()]), charge()))
    assert [step.differs for step in replay.steps] == [None, "new step", "new step", "missing step"]


def test_what_is_hidden_stays_hidden(shop: Shop) -> None:
    shop.ws.action("hide", redact_input=("/note",))(shop._action("hide"))
    step = call("hide", "hide", inputs={"n": {"$expr": "1"}, "note": {"$expr": "payload.note"}})
    token = assign("token", token="payload.note & '-1'")
    run = shop.run(step, token, payload={"note": "swordfish"})
    other = call("hide", "hide", inputs={"n": {"$expr": "1"}, "note": {"$expr": "payload.note & '!'"}})
    one = run.replay(definition=draft(other, token))
    two = run.replay(definition=draft(step, assign("token", token="payload.note & '-2'")))
    assert one.divergence is not None
    assert two.divergence is not None
    for replay in (one, two):
        shown = f"{replay!r} {replay.divergence!r} {replay.diff!r} {replay._repr_mimebundle_()}"
        assert "swordfish!" not in shown
        assert "swordfish-" not in shown
        assert "[REDACTED]" in shown


def test_both_paths_stand_side_by_side(shop: Shop) -> None:
    run = shop.run(reserve(), charge())
    shop.publish(reserve(), when("is", "true", [charge()]))
    bundle = run.replay(2)._repr_mimebundle_()
    assert bundle["text/html"].count("<img") == 2
    assert "run-0001 as recorded" in bundle["text/html"]
    assert "new step" in bundle["text/html"]
    assert bundle == run.replay(2)._repr_mimebundle_()


def test_what_cannot_be_replayed_is_refused(shop: Shop) -> None:
    run = shop.run(reserve(), charge())
    with pytest.raises(NotFoundError, match="no version 9"):
        run.replay(9)
    with pytest.raises(ValidationError, match="not both"):
        run.replay(1, definition=draft(reserve()))
    with pytest.raises(wfnb.WfnbError) as refused:
        run.replay(definition=draft(reserve("payload.n +")))
    assert refused.value.code == "NOT_SIMULATED"


def test_a_program_that_goes_on_and_on_is_stopped(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from wfnb.machine import retrace

    monkeypatch.setattr(retrace, "LIMITS", replace(retrace.LIMITS, retrace_macrosteps=0))
    run = shop.run(assign("a", a="1"))
    body = [assign("b", b="$item")]
    with pytest.raises(CommandError, match="does not come to an end") as refused:
        run.replay(definition=draft(each("all", "[1..200]", body)))
    assert refused.value.code == "NOT_REPLAYABLE"


def test_a_replay_needs_the_right_to_see_inputs(tmp_path: Path) -> None:
    with wfnb.open(tmp_path, clock="2026-01-01", seed=3) as ws:
        Shop(ws).run(assign("a", a="1"))
    with wfnb.open(tmp_path, clock="2026-01-01", seed=3, role="viewer") as ws, pytest.raises(wfnb.WfnbError):
        ws.run("run-0001").replay()
