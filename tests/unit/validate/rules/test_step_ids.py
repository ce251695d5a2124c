"""The rule about step ids: each stands once."""

from __future__ import annotations

import pytest

from unit.validate.examples import assign, definition, findings, loop, only


def test_different_ids_are_fine() -> None:
    assert findings(definition(assign("a", vars__x=1), assign("b", vars__y=1))) == ()


@pytest.mark.behaviour(28, 40)
def test_an_id_used_twice_is_told_with_both_places() -> None:
    found = only(definition(assign("same", vars__x=1), loop(assign("same", vars__y=1))), "DUPLICATE_STEP_ID")
    assert found.path == "root.steps[1].body.steps[0]"
    assert "root.steps[0] and at root.steps[1].body.steps[0]" in found.message


def test_every_further_use_is_told() -> None:
    found = findings(definition(*(assign("same", vars__x=1) for _ in range(3))))
    assert [(one.code, one.path) for one in found] == [
        ("DUPLICATE_STEP_ID", "root.steps[1]"),
        ("DUPLICATE_STEP_ID", "root.steps[2]"),
    ]
