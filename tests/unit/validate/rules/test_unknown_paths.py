"""The rule about paths that lead nowhere."""

from __future__ import annotations

import pytest

from unit.validate.examples import assign, attempt, call, codes, definition, expr, findings, loop, only


def reading(source: str) -> dict[str, object]:
    return definition(assign(vars__x=expr(source)))


@pytest.mark.parametrize(
    "source",
    [
        "payload.id",
        "payload.lines.sku",
        "payload.lines[0].qty",
        "payload.lines[qty > 1].sku",
        "payload.customer.anything.at.all",
        "$payload.note",
        "meta.state",
        "run.id",
        "payload",
        "payload.*",
    ],
)
def test_paths_that_are_known_are_fine(source: str) -> None:
    assert findings(reading(source)) == ()


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("payload.nots", "Did you mean “note”?"),
        ("payload.lines.skuu", "Did you mean “sku”?"),
        ("payload.lines[qty > 1].colour", "Known there: sku, qty."),
        ("payload.lines[quantity > 1]", "Known there: sku, qty."),
        ("payload.id.length", None),
        ("payload.xyz & 'x'", "Known there: id, paid, note, customer, lines."),
    ],
)
def test_a_path_that_a_closed_schema_lacks_is_warned_about(source: str, hint: str | None) -> None:
    found = only(reading(source), "UNKNOWN_PATH")
    assert (found.severity, found.hint) == ("warning", hint)


@pytest.mark.parametrize(
    ("source", "hint"), [("paylod.id", "Did you mean “payload”?"), ("$itm.x", "Did you mean “$item”?")]
)
def test_a_root_that_is_not_there_is_warned_about(source: str, hint: str) -> None:
    assert only(reading(source), "UNKNOWN_PATH").hint == hint


def test_a_variable_that_the_expression_binds_is_fine() -> None:
    assert findings(reading("($total := len(payload.lines); $total)")) == ()


def test_a_name_in_vars_that_no_step_writes_is_warned_about() -> None:
    steps = [assign("a", vars__total=1), assign("b", vars__y=expr("vars.totl"))]
    assert only(definition(*steps), "UNKNOWN_PATH").hint == "Did you mean “total”?"


def test_everything_that_writes_vars_counts() -> None:
    steps = [
        call("c", saveAs="made"),
        attempt(call("c2"), captureErrorAs="problem"),
        loop(assign("i", vars__sku=expr("vars.line.sku")), onItemError="continue"),
        assign("r", vars__all=expr("[vars.made.ok, vars.problem.message, vars.itemErrors, vars.sku]")),
    ]
    assert findings(definition(*steps)) == ()


def test_the_result_of_a_child_is_there_in_its_output_mapping() -> None:
    step = {
        "id": "w", "type": "control.callWorkflow", "workflowId": "ship-order", "workflowVersion": 1,
        "outputMapping": {"shipped": expr("vars.childRun.payload.id")},
    }  # fmt: skip
    assert findings(definition(step)) == ()
    assert codes(reading("vars.childRun.payload.id")) == ["UNKNOWN_PATH"]


def test_a_place_in_the_payload_that_a_step_writes_is_known() -> None:
    steps = [assign("a", **{"payload.extra.deep": 1}), assign("b", vars__y=expr("payload.extra.deep"))]
    assert codes(definition(*steps)) == ["ASSIGN_PATH_UNKNOWN"]


def test_without_a_schema_nothing_is_said_about_the_payload() -> None:
    written = reading("payload.anything")
    del written["payloadSchemaRef"]
    assert codes(written) == ["PAYLOAD_SCHEMA_REF_MISSING"]
