"""The rule about the payload's schema: named and registered."""

from __future__ import annotations

import pytest

from unit.validate.examples import assign, definition, findings, only


def test_a_registered_schema_is_fine() -> None:
    assert findings(definition(assign(vars__x=1))) == ()


@pytest.mark.behaviour(44)
def test_an_unknown_schema_is_told_with_the_nearest_one() -> None:
    found = only(definition(payloadSchemaRef="payload.Ordr.v1"), "UNKNOWN_SCHEMA")
    assert (found.path, found.field, found.hint) == (
        "root",
        "payloadSchemaRef",
        "Did you mean “payload.Order.v1”?",
    )


def test_a_definition_without_a_schema_is_warned_about() -> None:
    written = definition(assign(vars__x=1))
    del written["payloadSchemaRef"]
    found = only(written, "PAYLOAD_SCHEMA_REF_MISSING")
    assert (found.severity, found.field) == ("warning", "payloadSchemaRef")
