"""check: everything at once, in order, from text or value, and never a crash."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import wfnb.validate.check as module
from unit.validate.examples import (
    assign,
    call,
    codes,
    definition,
    ends,
    expr,
    findings,
    loop,
    make_catalog,
    only,
    when,
)
from wfnb.maildesk.actions import register
from wfnb.model.codec import dump_json, dump_yaml
from wfnb.registry.email_nodes import EMAIL_NODES
from wfnb.validate.catalog import Catalog
from wfnb.validate.check import RULES, check
from wfnb.validate.link import link

MAIL = Path(module.__file__).parents[1] / "maildesk" / "email_workflow.yaml"


def mail_catalog() -> Catalog:
    catalog = Catalog()
    for node in EMAIL_NODES:
        catalog.nodes.add(node)

    class Workspace:
        def action(self, name: str, version: int = 1, **options: Any) -> Any:
            return lambda function: catalog.actions.add(function, id=name, version=version, **options)

        def schema(self, ref: str, model: Any) -> None:
            catalog.schemas.add(ref, model)

    register(Workspace(), None)  # type: ignore[arg-type]  # checking needs no desk
    return catalog


def broken_in_every_way() -> dict[str, Any]:
    """One fault per step or field, so that each can be looked for."""
    return {
        "id": "orders", "name": "", "payloadSchemaRef": "payload.Ordr.v1", "colour": "red",
        "trigger": {"type": "event", "eventName": "X", "sourcePayloadSchemaRef": "event.None.v1", "payloadMapping": {"id": expr("payload.id")}},
        "steps": [
            "no step",
            {"id": "same", "type": "transform.asign"},
            {"id": "same", "type": "state.set"},
            call("c1", actionId="creat_ticket"),
            call("c2", inputMapping={"titel": 1, "count": "many"}, saveAs="..", saveAss=1),
            when("payload.paid", id="w1"),
            when(expr("payload.id"), ends("e1"), assign("late", vars__x=1), id="w2"),
            loop(id="empty", items="payload.lines[sku = vars.sku]"),
            assign("a1", vars__e=expr(""), vars__f=expr("1 +"), vars__g={"$exp": 1}, vars__h={"$secret": "A"}, vars__i={"$secret": "a"}),
            assign("a2", vars__j=expr("vars.late & vars.never & vars.line & error.message"), vars__late=1),
            assign("a3", vars__j={**expr("1"), "unit": "EUR"}),
            loop(assign("in", vars__k=1), id="lines"),
            {"id": "w3", "type": "control.callWorkflow", "workflowId": "none", "workflowVersion": 1},
            {"id": "w4", "type": "control.callWorkflow", "workflowId": "ship-order", "workflowVersion": 9},
        ],
    }  # fmt: skip


def test_all_problems_are_told_at_once() -> None:
    assert set(codes(broken_in_every_way())) == {
        "INVALID_WORKFLOW_DEFINITION", "UNKNOWN_SCHEMA", "UNKNOWN_TRIGGER_SOURCE_SCHEMA_REF", "TRIGGER_MAPPING_INVALID_ROOT",
        "UNKNOWN_NODE_TYPE", "DUPLICATE_STEP_ID", "INVALID_CONFIG", "UNKNOWN_ACTION", "MISSING_REQUIRED_MAPPING",
        "UNKNOWN_MAPPING_FIELD", "MAPPING_TYPE_INCOMPATIBLE", "INVALID_ASSIGN_PATH", "INVALID_ACTION_CONFIG",
        "CONDITION_NEVER_BOOLEAN", "UNREACHABLE_STEP", "EMPTY_BLOCK", "NESTED_ROOT", "EMPTY_EXPRESSION", "INVALID_EXPR",
        "UNKNOWN_SPECIAL_KEY", "SECRET_NOT_ALLOWED", "INVALID_SECRET_NAME", "READS_LATER_RESULT", "UNKNOWN_PATH",
        "ITEM_OUTSIDE_LOOP", "ERROR_OUTSIDE_CATCH", "IGNORED_KEY", "UNKNOWN_WORKFLOW", "UNKNOWN_WORKFLOW_VERSION",
    }  # fmt: skip


def test_findings_run_from_top_to_bottom() -> None:
    paths = [finding.path for finding in findings(broken_in_every_way()) if finding.path != "root.steps[0]"]
    steps = [int(path.split("[")[1].split("]")[0]) for path in paths if path != "root"]
    assert steps == sorted(steps)
    assert paths[0] == "root"


@pytest.mark.behaviour(31)
def test_every_finding_of_a_step_names_its_id() -> None:
    for finding in findings(broken_in_every_way()):
        assert (finding.step_id is None) == (finding.path in ("root", "root.steps[0]")), finding


def test_an_error_keeps_the_definition_back() -> None:
    checked = check(definition(call(actionId="none")), make_catalog())
    assert checked.definition is None


@pytest.mark.behaviour(48)
def test_a_warning_does_not_keep_the_definition_back() -> None:
    checked = check(definition(when(expr("payload.note"))), make_catalog())
    assert [finding.severity for finding in checked.findings] == ["warning"]
    assert checked.definition is not None
    assert checked.definition.id == "orders"


@pytest.mark.parametrize("dump", [dump_json, dump_yaml])
def test_text_is_checked_like_its_value(dump: Any) -> None:
    good, bad = definition(call(), loop(assign(vars__x=1))), broken_in_every_way()
    assert check(dump(good), make_catalog()) == check(good, make_catalog())
    assert findings(dump(bad)) == findings(bad)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ('{"id": "x",}', "BROKEN_JSON", "(line 1, column 12)."),
        ("id: x\nsteps: &a []", "BROKEN_YAML", "(line 2, column 8)."),
        ('{"id": "x",\n "id": "y"}', "DUPLICATE_KEY", "(line 2, column 2)."),
        ("id: x\nid: y", "DUPLICATE_KEY", "(line 2, column 1)."),
        ("[" * 70, "TOO_DEEP", "deeper than 64 levels."),
        pytest.param("x" * 1_100_000, "TOO_LARGE", "may have 1,048,576.", id="large"),
    ],
)
def test_text_that_cannot_be_read_is_one_finding_with_its_place(text: str, code: str, message: str) -> None:
    found = only(text, code)
    assert (found.severity, found.path) == ("error", "root")
    assert found.message.endswith(message)


def test_a_broken_bound_stops_the_rules() -> None:
    assert codes({**broken_in_every_way(), "when": {1, 2}}) == ["NON_SERIALIZABLE"]


def test_the_mail_workflow_has_no_finding() -> None:
    text = MAIL.read_text(encoding="utf-8")
    assert check(text, mail_catalog()).findings == ()


def test_a_checked_definition_links() -> None:
    catalog = mail_catalog()
    checked = check(MAIL.read_text(encoding="utf-8"), catalog)
    assert checked.definition is not None
    assert link(checked.definition, catalog).step("root.steps[0]") is not None


def test_what_the_rules_overlook_is_told_when_linking_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise LookupError("state.set")

    monkeypatch.setattr(module, "link", refuse)
    found = only(definition(assign(vars__x=1)), "CANNOT_LINK")
    assert (found.severity, "LookupError: state.set" in found.message) == ("error", True)


def test_the_written_value_is_left_as_it_was() -> None:
    written = broken_in_every_way()
    findings(written)
    assert written == broken_in_every_way()


def test_rules_stand_once_each() -> None:
    assert len({rule.__module__ for rule in RULES}) == len(RULES) == 21


@pytest.mark.parametrize("steps", [[assign(f"s{i}", vars__x=expr("vars.x")) for i in range(1_000)]])
def test_a_thousand_steps_are_checked_in_linear_time(steps: list[dict[str, Any]]) -> None:
    catalog = make_catalog()
    check(definition(*steps), catalog)
    begun = time.perf_counter()
    check(definition(*steps), catalog)
    assert time.perf_counter() - begun < 3
