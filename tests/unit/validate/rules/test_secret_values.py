"""The rule about secrets: they are there, and only calls get them."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import assign, call, codes, definition, expr, findings, loop, make_catalog, only
from wfnb.validate.catalog import Catalog

SECRET = {"$secret": "SMTP_PASSWORD"}


def knowing(**secrets: Any) -> Catalog:
    catalog = make_catalog()
    catalog.secret_names = lambda: secrets
    return catalog


@pytest.mark.parametrize(
    "step",
    [
        call(inputMapping={"title": SECRET}),
        call(inputMapping={"title": expr("payload.id"), "tags": ["a", SECRET]}),
        call(inputMapping={"title": "x", "address": {"street": SECRET}}),
        call(args={"title": SECRET}, inputMapping={}),
        {"id": "n", "type": "text.wrap", "config": {"text": SECRET, "saveAs": "vars.n"}},
    ],
)
def test_calls_and_nodes_may_have_a_secret_that_is_there(step: dict[str, Any]) -> None:
    assert findings(definition(step), knowing(SMTP_PASSWORD="used")) == ()


def test_a_secret_that_is_not_there_is_an_error() -> None:
    step = call(inputMapping={"title": SECRET})
    found = only(definition(step), "SECRET_NOT_FOUND", knowing(SMTP_PASWORD="used"))
    assert (found.severity, found.field) == ("error", "config.inputMapping.title")
    assert found.hint == "Did you mean “SMTP_PASWORD”?"
    assert only(definition(step), "SECRET_NOT_FOUND", knowing()).hint == (
        'Store it first: ws.secrets.ask("SMTP_PASSWORD").'
    )


@pytest.mark.parametrize(("usage", "code"), [("never", "SECRET_NEVER_ACCESSED"), ("stale", "SECRET_STALE")])
def test_a_secret_that_nobody_uses_is_a_warning(usage: str, code: str) -> None:
    found = only(definition(call(inputMapping={"title": SECRET})), code, knowing(SMTP_PASSWORD=usage))
    assert (found.severity, found.field) == ("warning", "config.inputMapping.title")


def test_where_secrets_are_not_known_that_is_a_warning() -> None:
    found = only(definition(call(inputMapping={"title": SECRET})), "UNKNOWN_SECRET")
    assert (found.severity, found.field) == ("warning", "config.inputMapping.title")


def test_the_secrets_are_looked_up_once_and_only_when_asked_for() -> None:
    asked = []

    def names() -> dict[str, Any]:
        asked.append(1)
        return {"SMTP_PASSWORD": "used"}

    catalog = make_catalog()
    catalog.secret_names = names
    assert findings(definition(call()), catalog) == ()
    assert asked == []
    assert findings(definition(call(inputMapping={"title": SECRET, "tags": [SECRET]})), catalog) == ()
    assert asked == [1]


@pytest.mark.parametrize("name", ["smtp", "1X", "", "A-B", "A" * 256, "A\n", 5, None, {}])
def test_a_malformed_name_is_told(name: Any) -> None:
    found = only(definition(assign(vars__x=[{"$secret": name}])), "INVALID_SECRET_NAME")
    assert found.field == "config.assign.vars.x[0]"


@pytest.mark.parametrize(
    ("step", "field"),
    [
        (assign(vars__x={"a": SECRET}), "config.assign.vars.x.a"),
        (loop(assign(vars__x=SECRET)), "config.assign.vars.x"),
        (
            {
                "id": "w",
                "type": "control.callWorkflow",
                "workflowId": "ship-order",
                "workflowVersion": 1,
                "inputMapping": {"a": SECRET},
            },
            "inputMapping.a",
        ),
        ({"id": "e", "type": "email.renderCommentBlocks", "config": {"html": SECRET}}, "config.html"),
        (
            {"id": "h", "type": "human.task", "config": {"taskType": "t", "title": "T", "contextData": {"a": SECRET}}},
            "config.contextData.a",
        ),
    ],
)  # fmt: skip
def test_a_secret_that_would_enter_the_state_is_refused(step: dict[str, Any], field: str) -> None:
    found = [f for f in findings(definition(step), knowing(SMTP_PASSWORD="used")) if "SECRET" in f.code]
    assert [(f.severity, f.code, f.field) for f in found] == [("error", "SECRET_NOT_ALLOWED", field)]


@pytest.mark.parametrize(
    "step",
    [
        call(inputMapping=SECRET),
        call(idempotencyKey=SECRET),
        call(saveAs=SECRET),
        {"id": "n", "type": "text.wrap", "config": {"text": "x", "saveAs": SECRET}},
        {"id": "n", "type": "text.wrap", "config": SECRET},
    ],
)
def test_other_fields_of_a_call_may_not_have_one(step: dict[str, Any]) -> None:
    assert "SECRET_NOT_ALLOWED" in codes(definition(step), knowing(SMTP_PASSWORD="used"))


def test_a_trigger_may_not_have_one() -> None:
    trigger = {"type": "event", "eventName": "E", "payloadMapping": {"id": SECRET}}
    found = codes(definition(call(), trigger=trigger), knowing(SMTP_PASSWORD="used"))
    assert "SECRET_NOT_ALLOWED" in found


def test_an_expression_beside_it_wins_and_the_name_is_told_as_ignored() -> None:
    step = call(inputMapping={"title": {**SECRET, **expr("payload.id")}})
    assert only(definition(step), "IGNORED_KEY").field == "config.inputMapping.title.$secret"
