"""The rule about targets: places that can be written, and that the payload's schema knows."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import assign, attempt, call, codes, definition, expr, findings, only


@pytest.mark.parametrize(
    "target",
    ["vars.x", "vars.x.y", "meta.label", "error.note", "payload.note", "/note", "payload.customer.any.thing"],
)
def test_places_that_can_be_written_are_fine(target: str) -> None:
    assert findings(definition(assign(**{target: 1}))) == ()


@pytest.mark.parametrize(
    "target",
    [
        "x",
        "payload",
        "vars.",
        ".x",
        "vars..x",
        "foo.bar",
        "vars.__proto__",
        "vars.a.constructor",
        "",
        "/",
        "$expr",
    ],
)
def test_places_that_cannot_be_written_are_told(target: str) -> None:
    found = only(definition(assign(**{target: 1})), "INVALID_ASSIGN_PATH")
    assert (found.severity, found.field) == ("error", f"config.assign.{target}")
    assert found.hint is not None
    assert "vars.name" in found.hint


@pytest.mark.parametrize(
    ("step", "field"),
    [
        (call(saveAs="vars.a..b"), "config.saveAs"),
        (attempt(assign(vars__x=1), captureErrorAs="meta"), "captureErrorAs"),
        (
            {"id": "w", "type": "control.callWorkflow", "workflowId": "ship-order", "workflowVersion": 1, "outputMapping": {"vars.": expr("vars.childRun.payload")}},
            "outputMapping.vars.",
        ),
        ({"id": "w", "type": "text.wrap", "config": {"text": "x", "saveAs": "payload"}}, "config.saveAs"),
    ],
)  # fmt: skip
def test_every_kind_of_target_is_checked(step: dict[str, Any], field: str) -> None:
    assert only(definition(step), "INVALID_ASSIGN_PATH").field == field


@pytest.mark.parametrize("target", ["ticket", "vars.ticket", "meta.ticket"])
def test_a_result_may_be_saved_under_a_bare_name(target: str) -> None:
    assert findings(definition(call(saveAs=target))) == ()


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("payload.nots", "Did you mean “note”?"),
        ("/nots", "Did you mean “note”?"),
        ("payload.id.part", "Add the field to the schema, or write into vars."),
        ("payload.lines.0", "Add the field to the schema, or write into vars."),
    ],
)
def test_a_place_that_the_schema_lacks_is_warned_about(target: str, hint: str) -> None:
    found = only(definition(assign(**{target: 1})), "ASSIGN_PATH_UNKNOWN")
    assert (found.severity, found.hint) == ("warning", hint)


def test_without_a_schema_nothing_is_said_about_the_payload() -> None:
    written = definition(assign(**{"payload.anything": 1}))
    del written["payloadSchemaRef"]
    assert codes(written) == ["PAYLOAD_SCHEMA_REF_MISSING"]


@pytest.mark.behaviour(140)
@pytest.mark.parametrize("target", ["run.id", "vars", "payload.__proto__.x", "somewhere"])
@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("event.wait", {"eventName": "PAID", "correlationKey": expr("payload.id")}),
        ("human.task", {"taskType": "approve", "title": "Approve"}),
        ("time.wait", {"mode": "duration", "durationMs": 5}),
    ],
)
def test_the_targets_of_a_wait_are_checked(kind: str, config: dict[str, Any], target: str) -> None:
    step = {"id": "w", "type": kind, "config": {**config, "assign": {target: 1}}}
    found = only(definition(step), "INVALID_ASSIGN_PATH")
    assert (found.severity, found.step_id, found.field) == ("error", "w", f"config.assign.{target}")
