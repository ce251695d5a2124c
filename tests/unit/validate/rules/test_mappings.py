"""The rule about input mappings: complete, without strangers, literals of the right type."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, model_validator

from unit.validate.examples import Made, call, definition, expr, findings, make_catalog, only


def mapped(**fields: Any) -> dict[str, Any]:
    return definition(call(inputMapping=fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "x", "priority": "high", "count": 2, "address": {"street": "s"}, "tags": ["a"]},
        {"title": expr("payload.id"), "count": expr("len(payload.lines)"), "priority": expr("payload.note")},
        {"title": "x", "address": {"street": expr("payload.id")}, "tags": [expr("payload.id"), "b"]},
        {"title": "x", "address": expr("payload.customer"), "count": "5"},
    ],
)
def test_mappings_that_fit_are_fine(fields: dict[str, Any]) -> None:
    assert findings(mapped(**fields)) == ()


def test_a_required_field_that_is_not_mapped_is_told() -> None:
    found = only(mapped(count=1), "MISSING_REQUIRED_MAPPING")
    assert found.message == "create_ticket@1 needs “title”, which is not mapped."
    assert found.field == "config.inputMapping.title"
    assert found.hint == 'Map it, for example: "title": {"$expr": "payload.title"}.'


def test_a_required_field_inside_an_object_is_told() -> None:
    found = only(mapped(title="x", address={"zip": "1"}), "MISSING_REQUIRED_MAPPING")
    assert found.field == "config.inputMapping.address.street"


def test_a_field_the_action_does_not_have_is_told_with_the_nearest_one() -> None:
    found = only(mapped(title="x", prority="low"), "UNKNOWN_MAPPING_FIELD")
    assert (found.severity, found.field, found.hint) == (
        "error",
        "config.inputMapping.prority",
        "Did you mean “priority”?",
    )


def test_a_field_that_a_lenient_model_would_drop_is_told_too() -> None:
    written = definition(call(actionId="greet", inputMapping={"name": "x", "nam": "y"}))
    assert only(written, "UNKNOWN_MAPPING_FIELD").hint == "Did you mean “name”?"


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"title": 5}, "title", "“title” of create_ticket@1 must be text, not a number."),
        ({"title": None}, "title", "“title” of create_ticket@1 must be text, not null."),
        ({"title": "x", "priority": "mid"}, "priority", "“priority” of create_ticket@1 must be 'low' or 'high'."),
        ({"title": "x", "tags": ["a", 5]}, "tags[1]", "“tags[1]” of create_ticket@1 must be text, not a number."),
        ({"title": "x", "address": "Main St"}, "address", "“address” of create_ticket@1 must be an object, not text."),
        ({"title": "x", "count": "many"}, "count", "“count” of create_ticket@1 must be a whole number, not text."),
    ],
)  # fmt: skip
def test_a_literal_of_the_wrong_type_is_told(fields: dict[str, Any], field: str, message: str) -> None:
    found = only(mapped(**fields), "MAPPING_TYPE_INCOMPATIBLE")
    assert (found.field, found.message) == (f"config.inputMapping.{field}", message)


def test_the_older_name_of_the_mapping_counts() -> None:
    assert findings(definition(call(args={"title": "x"}, inputMapping={}))) == ()
    found = only(definition(call(args={"title": 5}, inputMapping={})), "MAPPING_TYPE_INCOMPATIBLE")
    assert found.field == "config.args.title"


def test_a_whole_mapping_from_an_expression_is_left_to_the_run() -> None:
    assert findings(mapped(**expr("payload.customer"))) == ()


class Reshaped(BaseModel):
    name: str

    @model_validator(mode="before")
    @classmethod
    def from_parts(cls, data: Any) -> Any:
        return {"name": f"{data['first']} {data['last']}"} if "first" in data else data


class Fragile(BaseModel):
    name: str

    @model_validator(mode="before")
    @classmethod
    def crash(cls, data: Any) -> Any:
        raise KeyError(data["absent"])


def rename(data: Reshaped) -> Made:
    return Made(ok=True, ticket_id=data.name)


def crash(data: Fragile) -> Made:
    return Made(ok=True, ticket_id=data.name)


def test_a_model_that_reshapes_its_input_decides_by_itself() -> None:
    catalog = make_catalog()
    catalog.actions.add(rename, id="rename", version=1)
    step = call(actionId="rename", inputMapping={"first": "a", "last": "b"})
    assert findings(definition(step), catalog) == ()


def test_a_model_that_fails_is_a_finding_unless_an_expression_may_be_the_reason() -> None:
    catalog = make_catalog()
    catalog.actions.add(crash, id="crash", version=1)
    found = only(
        definition(call(actionId="crash", inputMapping={"name": "x"})), "MAPPING_TYPE_INCOMPATIBLE", catalog
    )
    assert "KeyError" in found.message
    assert (
        findings(definition(call(actionId="crash", inputMapping={"name": expr("payload.id")})), catalog) == ()
    )
