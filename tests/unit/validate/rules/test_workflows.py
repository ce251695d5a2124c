"""The rule about called workflows: published, in that version."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import definition, findings, make_catalog, only


def calling(name: Any, version: Any) -> dict[str, Any]:
    return {"id": "w", "type": "control.callWorkflow", "workflowId": name, "workflowVersion": version}


@pytest.mark.parametrize("version", [1, 2])
def test_published_versions_are_fine(version: int) -> None:
    assert findings(definition(calling("ship-order", version))) == ()


def test_an_unpublished_workflow_is_told() -> None:
    found = only(definition(calling("ship-ordr", 1)), "UNKNOWN_WORKFLOW")
    assert (found.field, found.message) == ("workflowId", "There is no published workflow “ship-ordr”.")


def test_an_unpublished_version_is_told_with_those_there_are() -> None:
    found = only(definition(calling("ship-order", 7)), "UNKNOWN_WORKFLOW_VERSION")
    assert (found.field, found.hint) == ("workflowVersion", "Its versions are: 1, 2.")


@pytest.mark.parametrize(("fields", "version"), [({}, 1), ({"version": 4}, 4)])
def test_a_workflow_may_call_itself_before_it_is_published(fields: dict[str, Any], version: int) -> None:
    assert findings(definition(calling("orders", version), **fields)) == ()


def test_a_workflow_may_call_what_it_is_published_as_next() -> None:
    catalog = make_catalog()
    catalog.versions_of = lambda workflow: (1, 2) if workflow == "orders" else ()
    for version in (1, 2, 3):
        assert findings(definition(calling("orders", version)), catalog) == ()
    assert only(definition(calling("orders", 9)), "UNKNOWN_WORKFLOW_VERSION", catalog).hint == (
        "Its versions are: 1, 2, 3."
    )


@pytest.mark.parametrize(
    ("name", "version"), [(5, 1), ("ship-order", "1"), ("ship-order", True), ("ship-order", 0)]
)
def test_a_malformed_call_is_a_fault_of_shape_only(name: Any, version: Any) -> None:
    assert only(definition(calling(name, version)), "INVALID_WORKFLOW_DEFINITION").step_id == "w"
