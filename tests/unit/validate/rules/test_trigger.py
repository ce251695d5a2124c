"""The rule about triggers: the event can be made into the payload."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import definition, expr, findings, only

MAPPING = {"id": expr("event.payload.number"), "paid": expr("event.payload.paid = true")}


def triggered(**fields: Any) -> dict[str, Any]:
    return definition(trigger={"type": "event", "eventName": "ORDER", **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"sourcePayloadSchemaRef": "payload.Order.v1"},
        {"sourcePayloadSchemaRef": "event.Received.v1", "payloadMapping": MAPPING},
        {"payloadMapping": MAPPING},
    ],
)
def test_triggers_that_fit_are_fine(fields: dict[str, Any]) -> None:
    assert findings(triggered(**fields)) == ()


def test_two_schemas_need_a_mapping() -> None:
    found = only(triggered(sourcePayloadSchemaRef="event.Received.v1"), "TRIGGER_MAPPING_REQUIRED")
    assert (found.path, found.field) == ("root", "trigger.payloadMapping")


def test_an_unknown_source_schema_is_told_with_the_nearest_one() -> None:
    written = triggered(sourcePayloadSchemaRef="event.Recieved.v1", payloadMapping=MAPPING)
    found = only(written, "UNKNOWN_TRIGGER_SOURCE_SCHEMA_REF")
    assert found.hint == "Did you mean “event.Received.v1”?"


@pytest.mark.parametrize("source", ["payload.number", "vars.x", "$payload.number", "evnt.payload.x"])
def test_a_mapping_reads_the_event_only(source: str) -> None:
    found = only(triggered(payloadMapping={**MAPPING, "note": expr(source)}), "TRIGGER_MAPPING_INVALID_ROOT")
    assert found.field == "trigger.payloadMapping.note"


def test_a_filter_inside_the_event_is_fine() -> None:
    assert (
        findings(
            triggered(payloadMapping={**MAPPING, "note": expr("event.payload.parts[kind = 'note'].text")})
        )
        == ()
    )


def test_required_fields_that_are_not_mapped_are_told_together() -> None:
    found = only(
        triggered(payloadMapping={"note": expr("event.name")}), "TRIGGER_MAPPING_MISSING_REQUIRED_FIELDS"
    )
    assert found.message == "The payload needs “id”, “paid”, which the trigger does not map."
