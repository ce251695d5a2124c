"""The rule about items of loops: they are read inside."""

from __future__ import annotations

import pytest

from unit.validate.examples import assign, definition, expr, findings, loop, only

READ = assign("r", vars__x=expr("vars.line.sku"))


def test_an_item_read_inside_is_fine() -> None:
    inner = assign("i", vars__x=expr("vars.line.sku & $item.sku & toString($index)"))
    assert findings(definition(loop(inner))) == ()


@pytest.mark.parametrize(
    "steps", [[loop(assign("i", vars__y=1)), READ], [READ, loop(assign("i", vars__y=1))]]
)
def test_an_item_read_outside_is_warned_about(steps: list[dict[str, object]]) -> None:
    found = only(definition(*steps), "ITEM_OUTSIDE_LOOP")
    assert (found.severity, found.step_id) == ("warning", "r")


def test_the_items_themselves_are_outside() -> None:
    written = definition(loop(assign("i", vars__y=1), items="vars.line.parts"))
    assert only(written, "ITEM_OUTSIDE_LOOP").field == "items"


def test_an_outer_item_is_there_in_an_inner_loop() -> None:
    inner = loop(assign("i", vars__y=expr("vars.line.sku & vars.part")), id="inner", items="[1]", item="part")
    assert findings(definition(loop(inner))) == ()


@pytest.mark.parametrize("name", ["$item", "$index"])
def test_loop_variables_read_outside_are_warned_about(name: str) -> None:
    only(definition(assign(vars__x=expr(f"coalesce({name}, 0)"))), "ITEM_OUTSIDE_LOOP")


def test_a_name_that_a_step_writes_as_well_is_fine() -> None:
    steps = [assign("w", vars__line={"sku": "x"}), loop(assign("i", vars__y=1)), READ]
    assert findings(definition(*steps)) == ()
