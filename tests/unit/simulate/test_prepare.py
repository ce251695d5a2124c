"""What a simulation begins with."""

from __future__ import annotations

from typing import Any

import pytest

from unit.simulate.rehearsal import definition, loose, reserve, stage
from wfnb.errors import DefinitionError, ValidationError
from wfnb.simulate.prepare import is_name


@pytest.mark.parametrize("text", ["order", "a.b-c_d:e", "Order2"])
def test_the_id_of_a_workflow_is_a_name(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "given", ["order.json", "a.yml", "a.yaml", "id: x", "{}", "", "a b", {}, None, "a/b"]
)
def test_everything_else_is_a_definition(given: Any) -> None:
    assert not is_name(given)


def test_a_definition_with_errors_is_refused_with_the_first_of_them() -> None:
    ws = stage()
    with pytest.raises(DefinitionError) as caught:
        ws.simulate(definition(reserve(config={"actionId": "reserv"}), loose("reserve")))
    assert caught.value.code == "NOT_SIMULATED"
    assert caught.value.where == "root.steps[0]"
    assert "Did you mean “reserve”?" in str(caught.value)


@pytest.mark.parametrize("given", [5, None, [], "", "steps: [", "no such workflow"])
def test_what_is_no_definition_is_refused(given: Any) -> None:
    with pytest.raises(DefinitionError):
        stage().simulate(given)


def test_a_missing_payload_is_a_sample_of_its_schema_with_a_warning() -> None:
    made = stage().simulate(definition(payloadSchemaRef="payload.Order.v1"))
    assert made.payload == {"id": 100, "lines": ["sample-string"]}
    assert made.warnings == ("No payload was given: a sample of payload.Order.v1 was used.",)


def test_without_a_schema_a_missing_payload_is_empty() -> None:
    made = stage().simulate(definition())
    assert (made.payload, made.warnings) == ({}, ())


@pytest.mark.parametrize("payload", [{"id": 5, "lines": []}, {"id": 100}, [], "text"])
def test_a_payload_is_checked_as_for_a_run(payload: Any) -> None:
    with pytest.raises(ValidationError):
        stage().simulate(definition(payloadSchemaRef="payload.Order.v1"), payload)


def test_simulated_time_begins_always_at_the_same_moment() -> None:
    now = {"id": "now", "type": "transform.assign", "config": {"assign": {"vars.now": {"$expr": "nowIso()"}}}}
    assert str(stage().simulate(definition(now)).vars["now"]).startswith("2026-01-01T00:00:00")
    story = stage(clock="2030-05-05", seed=1)
    assert str(story.simulate(definition(now)).vars["now"]).startswith("2030-05-05T00:00:00")
