"""Sites: every expression with its step, field and moment."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import assign, call, expr, loop, when
from wfnb.expr import STANDARD
from wfnb.validate.raw import RawStep
from wfnb.validate.sites import Site, nested_values, step_sites, trigger_sites


def sites(raw: dict[str, Any]) -> list[Site]:
    return list(step_sites(RawStep("root.steps[0]", 4, raw), STANDARD))


def test_fields_are_named_as_they_are_written() -> None:
    found = sites(
        call(
            inputMapping={"title": expr("1"), "tags": [expr("2"), {"x": expr("3")}]}, idempotencyKey=expr("4")
        )
    )
    assert [(site.written, site.field) for site in found] == [
        ("1", "config.inputMapping.title"),
        ("2", "config.inputMapping.tags[0]"),
        ("3", "config.inputMapping.tags[1].x"),
        ("4", "config.idempotencyKey"),
    ]


def test_expressions_of_nested_blocks_belong_to_the_steps_there() -> None:
    assert [site.field for site in sites(when(expr("true"), assign(vars__x=expr("1"))))] == ["condition"]
    assert [site.field for site in sites(loop(assign(vars__x=expr("1"))))] == ["items"]


def test_assignments_have_moments_in_their_order() -> None:
    found = sites(assign(vars__a=expr("1"), vars__b=2, vars__c=[expr("3")]))
    assert [(site.field, site.moment) for site in found] == [
        ("config.assign.vars.a", (4, 0)),
        ("config.assign.vars.c[0]", (4, 2)),
    ]


def test_a_broken_expression_is_a_site_with_its_fault() -> None:
    [site] = sites(assign(vars__x=expr("1 +")))
    assert site.compiled is None
    assert site.fault is not None
    assert site.vars_read() == []


def test_names_read_from_vars_stand_once_each() -> None:
    [site] = sites(assign(vars__x=expr("vars.a + $vars.b.c + vars.a + payload.d")))
    assert site.vars_read() == ["a", "b"]


@pytest.mark.parametrize("config", [None, 5, [], {"assign": 5}, {"assign": [expr("1")]}])
def test_malformed_assignments_are_walked_as_they_are(config: Any) -> None:
    assert len(sites({"id": "x", "type": "transform.assign", "config": config})) == ("[{" in str(config))


def test_the_trigger_has_sites_of_its_own() -> None:
    raw = {"trigger": {"payloadMapping": {"id": expr("event.payload.id")}}}
    root = RawStep("root", -1, {})
    assert [site.field for site in trigger_sites(raw, root, STANDARD)] == ["trigger.payloadMapping.id"]
    assert list(trigger_sites({"trigger": 5}, root, STANDARD)) == []


def test_nothing_is_looked_for_inside_an_expression() -> None:
    assert [field for field, _ in nested_values({"a": {"$expr": {"$expr": "x"}}}, "f")] == ["f", "f.a"]
