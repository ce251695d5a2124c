"""The source: what all rules share."""

from __future__ import annotations

from pydantic import BaseModel

from unit.validate.examples import assign, call, definition, expr, loop, make_catalog
from wfnb.validate.source import model_schema, read_source


class Wordless:
    """A type that JSON Schema has no word for."""


class Unspeakable(BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    thing: Wordless


def test_a_good_definition_comes_with_its_model() -> None:
    source = read_source(definition(call(saveAs="x"), loop(assign(vars__y=expr("1")))), make_catalog())
    assert source.definition is not None
    assert source.shape_faults == ()
    assert [step.id for step in source.steps] == ["c", "loop", "a"]
    assert [site.field for site in source.sites] == ["items", "config.assign.vars.y"]
    assert [write.text for write in source.writes] == ["x", "vars.itemErrors", "vars.y"]
    assert source.payload_schema is not None


def test_a_bad_definition_comes_with_what_can_be_read() -> None:
    source = read_source({"steps": [5, assign(vars__y=expr("1"))]}, make_catalog())
    assert source.definition is None
    assert len(source.shape_faults) == 3
    assert [step.path for step in source.steps] == ["root.steps[1]"]
    assert source.payload_schema is None


def test_a_model_without_json_schema_is_an_unknown_one() -> None:
    catalog = make_catalog()
    catalog.schemas.add("odd", Unspeakable)
    assert model_schema(catalog, "odd") is None
    assert model_schema(catalog, "none") is None
