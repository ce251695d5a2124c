"""Fixtures: what may be written, and which entry a call gets."""

from __future__ import annotations

from typing import Any

import pytest

from wfnb.errors import ValidationError
from wfnb.stand_ins.fixtures import Fixtures


def test_the_first_key_that_has_a_fixture_answers() -> None:
    fixtures = Fixtures({"reserve": 1, "reserve@1": 2})
    assert fixtures.take("step", "reserve@1", "reserve").output == 2
    assert fixtures.take("step", "reserve@2", "reserve").output == 1
    assert fixtures.take("step") is None


def test_null_is_an_output() -> None:
    fixture = Fixtures({"a": None}).take("a")
    assert fixture is not None
    assert fixture.output is None
    assert fixture.error is None


def test_one_output_answers_every_call() -> None:
    fixtures = Fixtures({"a": 5})
    assert [fixtures.take("a").output for _ in range(3)] == [5, 5, 5]
    assert not fixtures.take("a").beyond


def test_each_gives_one_after_the_other_and_the_last_one_again() -> None:
    fixtures = Fixtures({"a": {"$each": [1, {"$error": {"message": "no"}}, 3]}})
    taken = [fixtures.take("a") for _ in range(4)]
    assert [fixture.output for fixture in taken] == [1, None, 3, 3]
    assert [fixture.beyond for fixture in taken] == [False, False, False, True]
    assert taken[1].error == {"category": "ActionError", "code": "ACTION_FAILED", "message": "no"}


@pytest.mark.parametrize(
    ("category", "code"),
    [
        ("ActionError", "ACTION_FAILED"),
        ("ExpressionError", "EXPRESSION_ERROR"),
        ("TimeoutError", "TIMEOUT"),
        ("TransientError", "TRANSIENT_FAILURE"),
        ("ValidationError", "VALIDATION_ERROR"),
    ],
)
def test_an_error_has_its_category_and_the_code_of_that(category: str, code: str) -> None:
    error = Fixtures({"a": {"$error": {"category": category}}}).take("a").error
    assert (error["category"], error["code"]) == (category, code)


def test_an_error_may_have_a_code_of_its_own() -> None:
    error = Fixtures({"a": {"$error": {"message": "no", "code": "NO_STOCK"}}}).take("a").error
    assert error == {"category": "ActionError", "code": "NO_STOCK", "message": "no"}


@pytest.mark.parametrize(
    "fixture",
    [
        {"$each": []},
        {"$each": 5},
        {"$each": [1], "more": 1},
        {"$error": "text"},
        {"$error": {"message": 5}},
        {"$error": {"category": "Odd"}},
        {"$error": {"category": []}},
        {"$error": {"why": "x"}},
        {"$error": {"message": "x"}, "more": 1},
        {"$eror": {"message": "x"}},
        {"$each": [{"$each": [1]}]},
    ],
)
def test_what_cannot_be_a_fixture_is_refused_by_name(fixture: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Fixtures({"reserve": fixture})
    assert (caught.value.code, caught.value.where) == ("INVALID_FIXTURE", "fixtures.reserve")


def test_a_mistyped_special_key_is_told() -> None:
    with pytest.raises(ValidationError, match="Did you mean “\\$error”"):
        Fixtures({"a": {"$eror": {}}})


@pytest.mark.parametrize("given", [[], "text", 5])
def test_fixtures_are_an_object(given: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Fixtures(given)
    assert caught.value.code == "INVALID_ARGUMENT"


def test_fixtures_are_json() -> None:
    with pytest.raises(ValidationError) as caught:
        Fixtures({"a": {"at": object()}})
    assert (caught.value.code, caught.value.where) == ("NOT_JSON", "fixtures.a.at")


def test_a_fixture_that_nothing_asks_for_is_told_with_the_nearest_name() -> None:
    fixtures = Fixtures({"reserv": 1, "reserve": 2, "something else": 3})
    assert list(fixtures.strange(["reserve", "pay"])) == [
        "The fixture “reserv” is for nothing. Did you mean “reserve”?",
        "The fixture “something else” is for nothing. It is no step, action, workflow or event of this definition.",
    ]
