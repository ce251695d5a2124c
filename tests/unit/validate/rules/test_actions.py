"""The rule about actions: what is called is registered, in that version."""

from __future__ import annotations

import pytest

from unit.validate.examples import call, definition, findings, make_catalog, only
from wfnb.registry.actions import ActionRegistry
from wfnb.validate.catalog import Catalog


@pytest.mark.parametrize("version", [1, 3])
def test_registered_versions_are_fine(version: int) -> None:
    assert findings(definition(call(version=version))) == ()


@pytest.mark.behaviour(37)
def test_a_mistyped_action_is_told_with_the_nearest_one() -> None:
    found = only(definition(call(actionId="creat_ticket")), "UNKNOWN_ACTION")
    assert (found.message, found.hint, found.field) == (
        "There is no action “creat_ticket”.",
        "Did you mean “create_ticket”?",
        "config.actionId",
    )


@pytest.mark.behaviour(37)
def test_an_unknown_version_is_told_with_those_there_are() -> None:
    found = only(definition(call(version=2)), "UNKNOWN_ACTION")
    assert (found.message, found.hint, found.field) == (
        "The action “create_ticket” has no version 2.",
        "Its versions are: 1, 3.",
        "config.version",
    )


def test_an_action_that_resembles_nothing_is_told_with_what_there_is() -> None:
    found = only(definition(call(actionId="xyz")), "UNKNOWN_ACTION")
    assert found.hint == "Register it first, or use one of: create_ticket, greet, node:text.wrap."


def test_an_empty_registry_says_so() -> None:
    catalog = Catalog(schemas=make_catalog().schemas)
    assert only(definition(call()), "UNKNOWN_ACTION", catalog).hint == (
        "Register it first: no action is registered yet."
    )


@pytest.mark.parametrize(
    ("step", "action"),
    [
        ({"id": "p", "type": "email.parseBody", "config": {"saveAs": "vars.p"}}, "parse_email_reply@1"),
        ({"id": "w", "type": "text.wrap", "config": {"text": "x"}}, "node:text.wrap@1"),
    ],
)
def test_a_node_type_needs_the_action_it_rests_on(step: dict[str, object], action: str) -> None:
    catalog = make_catalog()
    catalog.actions = ActionRegistry()
    found = only(definition(step), "UNKNOWN_ACTION", catalog)
    assert action in found.message
