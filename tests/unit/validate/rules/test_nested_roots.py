"""The rule about roots read inside a filter."""

from __future__ import annotations

import pytest

from unit.validate.examples import assign, definition, expr, findings, only


@pytest.mark.parametrize("source", ["payload.lines[sku = $payload.note]", "payload.lines[sku = 'x']"])
def test_roots_with_a_dollar_are_fine(source: str) -> None:
    assert findings(definition(assign(vars__x=expr(source)))) == ()


def test_a_root_without_a_dollar_is_warned_about() -> None:
    steps = [assign("a", vars__sku="x"), assign("b", vars__x=expr("payload.lines[sku = vars.sku]"))]
    found = only(definition(*steps), "NESTED_ROOT")
    assert (found.severity, found.step_id, found.field) == ("warning", "b", "config.assign.vars.x")
    assert found.hint == "Write $vars.sku to read it from the root."
