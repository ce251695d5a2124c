"""Simulations of whole definitions: the real machine, nobody's code."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel

from unit.machine.world import assign, attempt, done, each, state, when
from unit.simulate.rehearsal import Line, definition, loose, outcomes, reserve, stage
from wfnb.errors import ValidationError
from wfnb.simulate.budget import Bounds, Budget
from wfnb.simulate.prepare import draft, story_clock
from wfnb.simulate.simulator import first_state, simulate
from wfnb.simulate.stubs import Stubs
from wfnb.simulation import Simulation
from wfnb.stand_ins.fixtures import Fixtures

FAILS = {"$error": {"message": "No stock.", "category": "ActionError"}}


def run(*steps: dict[str, Any], payload: Any = None, **fixtures: Any) -> Simulation:
    return stage().simulate(definition(*steps), payload, fixtures=fixtures)


# --- answers


def test_an_action_is_answered_by_a_sample_of_its_output() -> None:
    made = run(reserve())
    assert made.status == "completed"
    assert made.vars == {"reserve": {"held": 0, "place": "A1", "token": None}}
    (call,) = made.invocations
    assert (call.action, call.version, call.output_source) == ("reserve", 1, "schema")
    assert call.input == {"sku": "x"}


def test_a_fixture_of_the_step_comes_before_those_of_its_action() -> None:
    fixtures: dict[str, Any] = {"one": {"held": 1}, "reserve@1": {"held": 2}, "reserve": {"held": 3}}
    ws, steps = stage(), definition(reserve("one"), reserve("two"))
    made = ws.simulate(steps, fixtures=fixtures)
    assert [call.output["held"] for call in made.invocations] == [1, 2]
    del fixtures["reserve@1"]
    made = ws.simulate(steps, fixtures=fixtures)
    assert [call.output["held"] for call in made.invocations] == [1, 3]
    assert [call.output_source for call in made.invocations] == ["fixture", "fixture"]


def test_a_fixture_gets_the_defaults_of_the_output_model() -> None:
    assert run(reserve(), reserve={"held": 7, "extra": 1}).vars["reserve"] == {
        "held": 7,
        "place": "A1",
        "token": None,
    }


def test_a_fixture_that_the_action_could_not_give_is_used_with_a_warning() -> None:
    made = run(reserve(), reserve={"held": "many"})
    assert made.vars["reserve"] == {"held": "many"}
    (warning,) = made.warnings
    assert warning.startswith(
        "The fixture “reserve” is not what the action gives. The output of reserve@1 does not fit"
    )
    assert "many" not in warning


def test_an_action_whose_output_says_nothing_gives_nothing_with_a_warning() -> None:
    made = run(loose("a"), loose("b"))
    assert made.vars == {"a": {}, "b": {}}
    assert [call.output_source for call in made.invocations] == ["empty", "empty"]
    assert made.warnings == (
        "loose@1 has no fixture, and its output schema names no fields: its output is {}.",
    )


class Odd(BaseModel):
    """An output model whose JSON Schema is none, or not one that can be read."""

    model_config = ConfigDict(arbitrary_types_allowed=True, json_schema_extra={"properties": 5})
    at: object = None


class Code(BaseModel):
    """An output model that asks for more than a sample can give."""

    code: str = Field(pattern="^[A-Z]{3}$")


def test_an_action_whose_output_has_no_schema_gives_nothing_with_a_warning() -> None:
    ws = stage()

    @ws.action("odd")
    def odd(data: Line) -> Odd:
        raise AssertionError(data)

    made = ws.simulate(definition(reserve(config={"actionId": "odd"})))
    assert [call.output_source for call in made.invocations] == ["empty"]
    assert len(made.warnings) == 1


def test_an_action_may_give_a_single_value() -> None:
    ws = stage()

    @ws.action("number")
    def number(data: Line) -> RootModel[int]:
        raise AssertionError(data)

    made = ws.simulate(definition(reserve(config={"actionId": "number"})))
    assert [(call.output, call.output_source) for call in made.invocations] == [(0, "schema")]
    assert made.warnings == ()


def test_a_sample_that_the_action_could_not_give_is_used_with_a_warning() -> None:
    ws = stage()

    @ws.action("code")
    def code(data: Line) -> Code:
        raise AssertionError(data)

    made = ws.simulate(definition(reserve(config={"actionId": "code"})))
    assert made.vars["reserve"] == {"code": "sample-string"}
    assert made.warnings == (
        "The sample for code@1 does not fit: code: String should match pattern '^[A-Z]{3}$'. Give a fixture.",
    )


def test_each_gives_one_output_for_each_item_of_a_loop() -> None:
    loop = each("loop", "payload.lines", [reserve("r", "vars.item")])
    made = run(loop, payload={"lines": ["a", "b"]}, r={"$each": [{"held": 1}, {"held": 2}]})
    assert [(call.input["sku"], call.output["held"]) for call in made.invocations] == [("a", 1), ("b", 2)]
    assert made.warnings == ()


def test_more_calls_than_entries_are_told() -> None:
    made = run(reserve("a"), reserve("b"), reserve("c"), reserve={"$each": [{"held": 1}, {"held": 2}]})
    assert [call.output["held"] for call in made.invocations] == [1, 2, 2]
    assert made.warnings == (
        "The fixture “reserve” has fewer entries than there are calls; the last one is repeated.",
    )


def test_an_input_that_does_not_fit_fails_as_in_a_run() -> None:
    made = run(reserve(sku="5"))
    assert made.status == "failed"
    assert made.error is not None
    assert (made.error["category"], made.error["code"]) == ("ValidationError", "VALIDATION_ERROR")
    (call,) = made.invocations
    assert (call.output_source, call.output) == (None, None)
    assert outcomes(made) == [("reserve", "error")]


def test_a_node_type_of_the_workspace_is_stubbed() -> None:
    made = run(
        {"id": "hold", "type": "shop.hold", "config": {"sku": "x", "saveAs": "vars.hold"}}, hold={"held": 4}
    )
    assert made.vars == {"hold": {"held": 4, "place": "A1", "token": None}}
    assert outcomes(made) == [("hold", "stubbed")]


# --- errors


def test_an_error_that_nobody_takes_ends_the_simulation() -> None:
    made = run(reserve(), state("after", "LATER"), reserve=FAILS)
    assert made.status == "failed"
    assert made.error is not None
    assert {key: made.error[key] for key in ("category", "code", "message")} == {
        "category": "ActionError", "code": "ACTION_FAILED", "message": "No stock.",
    }  # fmt: skip
    assert outcomes(made) == [("reserve", "error")]
    assert made.trace[0].handled_by is None


def test_retries_are_not_simulated() -> None:
    made = run(reserve(), reserve={"$error": {"message": "Busy.", "category": "TransientError"}})
    assert outcomes(made) == [("reserve", "error")]


def test_an_error_is_taken_by_the_step_itself() -> None:
    made = run(reserve(onError={"policy": "continue"}), assign("next", n="error.message"), reserve=FAILS)
    assert outcomes(made) == [("reserve", "error"), ("next", "executed")]
    assert (made.trace[0].handled_by, made.trace[0].message) == ("onError-continue", "No stock.")
    assert made.vars["n"] == "No stock."


def test_an_error_is_taken_by_the_try_around_it() -> None:
    made = run(attempt("try", [reserve()], [assign("caught", n="error.message")]), reserve=FAILS)
    assert made.status == "completed"
    assert [(e.step_id, e.handled_by) for e in made.trace] == [
        ("try", None),
        ("reserve", "tryCatch"),
        ("caught", None),
    ]
    assert made.coverage.complete


def test_an_error_is_taken_by_the_loop_around_it() -> None:
    loop = each("loop", "[1, 2]", [reserve("r")], onItemError="continue")
    made = run(loop, r={"$each": [FAILS, {"held": 1}]})
    assert [(e.step_id, e.outcome, e.handled_by) for e in made.trace[1:]] == [
        ("r", "error", "forEach-continue"),
        ("r", "stubbed", None),
    ]
    assert [e.instance for e in made.step("r")] == [
        "root.steps[0].body{0}.steps[0]",
        "root.steps[0].body{1}.steps[0]",
    ]
    assert {e.path for e in made.step("r")} == {"root.steps[0].body.steps[0]"}


def test_a_node_with_an_answer_of_its_own_takes_its_error() -> None:
    parse = {"id": "parse", "type": "email.parseBody", "config": {"text": "Hello"}}
    made = run(parse, parse=FAILS)
    assert made.payload["parsedEmail"]["sanitizedText"] == "Hello"
    (entry,) = made.trace
    assert (entry.outcome, entry.handled_by, entry.message) == ("stubbed", "fallback", "No stock.")


def test_a_failing_expression_is_an_error_of_its_step() -> None:
    made = run(assign("sum", n="payload.absent + 1"))
    assert made.error is not None
    assert made.error["code"] == "MISSING_VALUE"
    assert made.trace[0].outcome == "error"


# --- what stands in the trace


def test_the_trace_tells_what_went_in_what_came_out_and_where_it_went() -> None:
    made = run(
        assign("price", total="payload.n * 2"),
        reserve("r"),
        when("check", "vars.total > 5", [state("big", "BIG")], [state("small", "SMALL")]),
        each("loop", "[7]", []),
        payload={"n": 4},
        r={"held": 1},
    )
    price, held, check, big, loop = made.trace
    assert price.output == {"vars.total": 8}
    assert (held.input, held.output, held.saved_as) == (
        {"sku": "x"},
        {"held": 1, "place": "A1", "token": None},
        "vars.r",
    )
    assert (check.branch, check.outcome) == ("then", "executed")
    assert big.output == {"meta.state": "BIG"}
    assert (loop.input, loop.branch) == ([7], "body")


def test_a_loop_without_items_and_a_call_that_is_not_needed_are_skipped() -> None:
    made = run(
        each("loop", "[]", [reserve()]),
        {"id": "render", "type": "email.renderCommentBlocks", "config": {"text": "x"}},
    )
    assert outcomes(made) == [("loop", "skipped"), ("render", "skipped")]
    assert made.payload["commentBlocks"] == [{"type": "paragraph", "text": "x"}]
    assert len(made.invocations) == 0


def test_a_return_ends_it_from_any_depth() -> None:
    made = run(each("loop", "[1, 2]", [done()]), state("never", "X"))
    assert (made.status, outcomes(made)) == ("completed", [("loop", "executed"), ("done", "executed")])


# --- other workflows


def child(**extra: Any) -> dict[str, Any]:
    return {
        "id": "invoice", "type": "control.callWorkflow", "workflowId": "bill", "workflowVersion": 1,
        "inputMapping": {"id": {"$expr": "payload.id"}, "lines": []},
        "outputMapping": {"vars.total": {"$expr": "vars.childRun.vars.total"}}, **extra,
    }  # fmt: skip


def call_bill(fixtures: Any = None, **extra: Any) -> Simulation:
    ws = stage()
    bill = definition(reserve("inner"), payloadSchemaRef="payload.Order.v1")
    assert ws.publish({**bill, "id": "bill"}).ok
    return ws.simulate(definition(child(**extra)), {"id": 100}, fixtures=fixtures)


@pytest.mark.parametrize("key", ["invoice", "workflow:bill@1", "workflow:bill"])
def test_another_workflow_is_answered_by_its_fixture(key: str) -> None:
    made = call_bill({key: {"vars": {"total": 12}}})
    assert made.vars == {"total": 12}
    (entry,) = made.trace
    assert (entry.outcome, entry.input) == ("stubbed", {"id": 100, "lines": []})
    assert entry.output == {"payload": {}, "vars": {"total": 12}, "meta": {}}
    assert made.warnings == ()


def test_another_workflow_without_a_fixture_is_empty_with_a_warning() -> None:
    made = call_bill(outputMapping={"vars.child": {"$expr": "vars.childRun.vars"}})
    assert made.vars == {"child": {}}
    assert made.warnings == ("There is no fixture “workflow:bill”: its payload and vars are empty.",)


def test_another_workflow_can_be_made_to_fail() -> None:
    made = call_bill({"workflow:bill": FAILS}, onError={"policy": "continue"})
    assert (made.status, made.trace[0].handled_by) == ("completed", "onError-continue")


def test_a_payload_that_the_other_workflow_refuses_is_an_error_as_in_a_run() -> None:
    made = call_bill({"workflow:bill": {"vars": {"total": 1}}}, inputMapping={"id": 5, "lines": []})
    assert made.error is not None
    assert made.error["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize("fixture", [5, [], {"total": 12}])
def test_the_fixture_of_a_workflow_has_payload_and_vars(fixture: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        call_bill({"workflow:bill": fixture}, onError={"policy": "continue"})
    assert caught.value.code == "INVALID_FIXTURE"


# --- the budget


def everything_caught(*steps: dict[str, Any]) -> dict[str, Any]:
    return definition(attempt("try", list(steps), [state("caught", "CAUGHT")]))


def test_no_handler_takes_a_spent_budget_of_steps() -> None:
    loop = each(
        "loop", "[1, 2, 3, 4]", [reserve("r", onError={"policy": "continue"})], onItemError="continue"
    )
    made = stage().simulate(everything_caught(loop), limits={"steps": 4})
    assert made.status == "failed"
    assert made.error is not None
    assert (made.error["category"], made.error["code"]) == ("LimitExceeded", "SIMULATION_STEPS")
    assert len(made.trace) == 4


def test_no_handler_takes_a_spent_budget_of_iterations() -> None:
    loop = each("loop", "payload.items", [state("s", "X")], onItemError="continue")
    ws, items = stage(), {"items": list(range(101))}
    made = ws.simulate(everything_caught(loop), items)
    assert made.error is not None
    assert made.error["code"] == "SIMULATION_ITERATIONS"
    assert len(made.step("s")) == 100
    assert ws.simulate(everything_caught(loop), items, limits={"iterations": 101}).status == "completed"


@pytest.mark.parametrize("time_ms", [3_000, 4_000])  # inside an expression, and between two steps
def test_no_handler_takes_a_spent_budget_of_time(time_ms: int) -> None:
    ws = stage()
    program = draft(everything_caught(assign("a", n="1"), assign("b", n="2")), ws._catalog)
    ticks = iter(range(1_000))
    budget = Budget(Bounds(time_ms=time_ms), cpu=lambda: float(next(ticks)))
    stubs = Stubs(ws._catalog, ws._programs, Fixtures())
    clock = story_clock(ws._clock)
    made = simulate(
        program, first_state(program, 1, {}, clock=clock), stubs=stubs, budget=budget, clock=clock
    )
    assert made.status == "failed"
    assert made.errors[0]["code"] == "SIMULATION_TIME"
    assert made.errors[0]["nodePath"] == f"root.steps[0].try.steps[{time_ms // 1_000 - 3}]"
    assert "caught" not in [entry.step_id for entry in made.trace]


# --- secrets


def test_secrets_are_masked_wherever_they_are_handed_on_to() -> None:
    steps = (
        {
            "id": "mark",
            "type": "transform.assign",
            "config": {"assign": {"meta.redactions": ["/payload/ssn"]}},
        },
        loose("a", text="'It is ' & payload.ssn & ' and ' & payload.password"),
        assign("bad", n="payload.ssn - 1"),
    )
    made = run(
        *steps,
        payload={"ssn": "123-45-6789", "password": "hunter2"},
        a={"apiKey": "k-123456", "note": "123-45-6789"},
    )
    shown = f"{made!r} {made.to_json()} {made._repr_mimebundle_()}"
    assert made.payload == {"ssn": "[REDACTED]", "password": "[REDACTED]"}
    assert made.invocations[0].input == {"text": "It is [REDACTED] and [REDACTED]"}
    assert [secret for secret in ("123-45-6789", "hunter2", "k-123456") if secret in shown] == []


def test_a_large_value_is_shown_by_its_size() -> None:
    made = run(loose("a", text="payload.text"), payload={"text": "x" * 40_000}, a={"ok": True})
    marker = {"truncated": True, "size": 40_011, "max": 32_768}
    assert (made.invocations[0].input, made.trace[0].input) == (marker, marker)


def test_a_large_payload_hides_nothing_else() -> None:
    made = run(assign("a", n="1"), payload={"text": "x" * 300_000})
    assert made.payload == {"truncated": True, "size": 300_011, "max": 262_144}
    assert made.vars == {"n": 1}


def test_a_workflow_may_call_everything_secret() -> None:
    mark = {"id": "mark", "type": "transform.assign", "config": {"assign": {"meta.redactions": [""]}}}
    made = run(mark, assign("a", n="payload.word"), payload={"word": "hunter2"})
    assert (made.payload, made.vars) == ("[REDACTED]", "[REDACTED]")
    assert "hunter2" not in f"{made!r} {made.to_json()}"


def test_an_error_that_quotes_a_secret_is_masked() -> None:
    made = run(
        loose("a", password="payload.password"),
        payload={"password": "hunter2"},
        a={"$error": {"message": "hunter2 is wrong"}},
    )
    assert made.trace[0].message == "[REDACTED] is wrong"
    assert made.error is not None
    assert made.error["message"] == "[REDACTED] is wrong"


def test_a_secret_is_a_placeholder_where_the_definition_names_it_and_data_elsewhere() -> None:
    ws = stage()
    step = loose("a", copied="payload.given")
    step["config"]["inputMapping"]["login"] = {"$secret": "SMTP_PASSWORD"}
    made = ws.simulate(definition(step), {"given": {"$secret": "OTHER"}}, fixtures={"a": {"ok": True}})
    assert made.status == "completed"
    assert made.invocations[0].input["login"] == "[SECRET:SMTP_PASSWORD]"
    assert made.trace[0].input["login"] == "[SECRET:SMTP_PASSWORD]"
    assert "[SECRET:OTHER]" not in str(made.to_json())


def test_a_secret_fits_an_input_of_text() -> None:
    step = reserve(config={"inputMapping": {"sku": {"$secret": "SKU"}}})
    assert stage().simulate(definition(step)).invocations[0].input == {"sku": "[SECRET:SKU]"}


# --- laws

EVERYTHING = definition(
    assign("now", now="nowIso()"),
    attempt("try", [each("loop", "payload.lines", [reserve("r", "vars.item"), loose("l", n="vars.r")])], [state("c", "C")]),
    {"id": "hold", "type": "shop.hold", "config": {"sku": "x", "saveAs": "vars.hold"}},
    {"id": "parse", "type": "email.parseBody", "config": {"text": "Hello"}},
    when("check", "vars.hold.held > 0", [done()]),
)  # fmt: skip


@pytest.mark.parametrize("fixtures", [{}, {"r": {"$each": [{"held": 1}, FAILS]}}, {"hold": {"held": 1}}])
def test_simulating_twice_gives_the_same(fixtures: dict[str, Any]) -> None:
    ws, payload = stage(), {"lines": ["a", "b", "c"]}
    first = ws.simulate(EVERYTHING, payload, fixtures=fixtures)
    assert ws.simulate(EVERYTHING, payload, fixtures=fixtures) == first
    assert stage().simulate(EVERYTHING, payload, fixtures=fixtures) == first
    assert first.status == "completed"


def test_a_simulation_leaves_nothing_behind() -> None:
    ws, payload, fixtures = stage(), {"lines": ["a"]}, {"r": {"held": 1}}
    ws.simulate(EVERYTHING, payload, fixtures=fixtures)
    assert (len(ws.runs()), ws.workflows()) == (0, [])
    assert (payload, fixtures) == ({"lines": ["a"]}, {"r": {"held": 1}})
