"""Breakpoints: what they stand on, what they let pass, and what is refused when they are set."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wfnb.debug.breakpoints import Ahead, Breakpoint, Hits, Moment
from wfnb.debug.film import StepMark
from wfnb.errors import ExpressionError, ValidationError

INSTANCE = "root.steps[2].body{3}.steps[1]"
CALL = Ahead("pay", "action.call", INSTANCE, "charge@2")


def moment(
    ahead: Ahead | None = CALL,
    *,
    error: dict[str, Any] | None = None,
    written: tuple[Any, ...] = (),
    now: dict[str, Any] | None = None,
    before: dict[str, Any] | None = None,
) -> Moment:
    behind = StepMark(
        "last", "state.set", "root.steps[0]", "FAILED" if error else "SUCCEEDED", 1, error=error
    )
    return Moment(ahead, behind, written, lambda: {"vars": now or {}}, lambda: {"vars": before or {}})


@pytest.mark.parametrize(
    ("on", "what", "hit"),
    [
        ("step", "pay", True),
        ("step", "root.steps[2].body.steps[1]", True),
        ("step", INSTANCE, True),
        ("step", "root.steps[2].body{4}.steps[1]", False),
        ("step", "last", False),
        ("type", "action.call", True),
        ("type", "action.*", True),
        ("type", "control.*", False),
        ("action", "charge", True),
        ("action", "charge@2", True),
        ("action", "charge@1", False),
    ],
)
def test_it_stands_before_a_step(on: str, what: str, hit: bool) -> None:
    assert (Breakpoint.of(on, what).found(moment()) is not None) is hit
    assert Breakpoint.of(on, what).found(moment(None)) is None


@pytest.mark.parametrize(
    ("what", "hit"), [("*", True), ("TransientError", True), ("BUSY", True), ("ValidationError", False)]
)
def test_it_stands_behind_an_error(what: str, hit: bool) -> None:
    error = {"category": "TransientError", "code": "BUSY", "message": "Busy."}
    assert (Breakpoint.of("error", what).found(moment(error=error)) is not None) is hit
    assert Breakpoint.of("error", what).found(moment()) is None


@pytest.mark.parametrize(
    ("what", "written", "now", "hit"),
    [
        ("vars.a", ("vars", "a"), {"a": 2}, True),
        ("a", ("vars", "a"), {"a": 2}, True),
        ("vars.a", ("vars", "a"), {"a": 1}, False),
        ("vars.a", ("vars", "b"), {"a": 2}, False),
        ("vars.a.b", ("vars", "a"), {"a": {"b": 1}}, True),
        ("vars", ("vars", "z"), {"a": 1, "z": 0}, True),
        ("vars.a", ("vars",), {}, True),
        ("vars.a", ("vars", "a"), {"a": True}, True),
    ],
)
def test_it_stands_where_a_value_has_changed(what: str, written: Any, now: Any, hit: bool) -> None:
    there = moment(written=(written,), now=now, before={"a": 1})
    assert (Breakpoint.of("path", what).found(there) is not None) is hit


def test_a_condition_lets_pass_what_is_not_true() -> None:
    stop = Breakpoint.of("step", "pay", condition="vars.total > 10")
    assert stop.found(moment(now={"total": 11})) is not None
    assert stop.found(moment(now={"total": 10})) is None
    assert stop.found(moment()) is None, "what is not there is not true"


@pytest.mark.parametrize("condition", ["vars.total", "vars.total > 'x'", "$number(vars.name)"])
def test_a_condition_that_gives_no_answer_is_a_mark_and_no_crash(condition: str) -> None:
    found = Breakpoint.of("step", "pay", condition=condition).found(moment(now={"total": 1, "name": "x"}))
    assert found is not None
    assert found.fault


def test_one_that_is_off_finds_nothing() -> None:
    assert Breakpoint.of("step", "pay", enabled=False).found(moment()) is None


def test_hits_say_which_times_count() -> None:
    due = {
        given: [n for n in range(1, 8) if Breakpoint.of("step", "s", hits=given).hits.due(n)]
        for given in (3, "== 3", "every 3", ">= 6")
    }
    assert due == {3: [3, 4, 5, 6, 7], "== 3": [3], "every 3": [3, 6], ">= 6": [6, 7]}
    assert Breakpoint.of("step", "s").hits == Hits(">=", 1)


def test_a_line_tells_what_its_expressions_give() -> None:
    there = moment(now={"n": 2, "who": "ann", "list": [1]})
    log = Breakpoint.of(
        "step", "pay", log="{{n}} is {vars.n + 1} for {vars.who} {vars.list} {vars.no} {$sum({'a': 1}.a)}"
    )
    assert log.line(there) == "{n} is 3 for ann [1] ⟨nothing⟩ 1"
    assert Breakpoint.of("step", "pay", log="{vars.who + 1}").line(there).startswith("⟨")


@pytest.mark.parametrize(
    "given",
    [
        {"on": "line", "what": "3"},
        {"on": "step", "what": ""},
        {"on": "step", "what": 5},
        {"on": "step", "what": "x" * 501},
        {"on": "path", "what": "../etc"},
        {"on": "path", "what": "vars.__proto__"},
        {"on": "step", "what": "a", "hits": 0},
        {"on": "step", "what": "a", "hits": True},
        {"on": "step", "what": "a", "hits": "every now and then"},
        {"on": "step", "what": "a", "hits": "every ²"},
        {"on": "step", "what": "a", "log": "{vars.x"},
    ],
)
def test_what_cannot_work_is_refused_when_it_is_set(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Breakpoint.of(**given)
    assert caught.value.code == "INVALID_BREAKPOINT"


def test_a_condition_that_is_none_names_its_place() -> None:
    for field, given in (("condition", {"condition": "vars."}), ("log", {"log": "{nosuch()}"})):
        with pytest.raises(ExpressionError) as caught:
            Breakpoint.of("step", "a", **given)
        assert caught.value.field == field


def test_it_is_the_same_behind_json() -> None:
    for one in (
        Breakpoint.of("step", "a"),
        Breakpoint.of(
            "path", "vars.x", condition="vars.x > 1", hits="every 2", log="{vars.x}", enabled=False, id=7
        ),
    ):
        assert Breakpoint.from_json(json.loads(json.dumps(one.to_json()))) == one


@pytest.mark.parametrize(
    "data",
    [
        None, [], {}, {"on": "step"}, {"on": "step", "what": "a", "more": 1}, {"on": "step", "what": "a", "id": "x"},
        {"on": "step", "what": "a", "condition": 5}, {"on": "step", "what": "a", "hits": {"op": ">", "count": 1}},
        {"on": ["step"], "what": "a"},
    ],
)  # fmt: skip
def test_json_from_anywhere_is_checked(data: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Breakpoint.from_json(data)
    assert caught.value.code == "INVALID_BREAKPOINT"
