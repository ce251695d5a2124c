"""Paths through JSON Schemas: known, open, or not there."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from wfnb.validate.schema_paths import fields_at, is_boolean, schemas_at


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: str
    inner: Part | None = None


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")
    part: Part
    maybe: Part | None = None
    parts: list[Part] = []
    grid: list[list[Part]] = []
    either: Part | bool = False
    free: dict[str, Any] = {}
    numbers: dict[str, int] = {}
    anything: Any = None
    pair: tuple[int, Part] | None = None


SCHEMA = Whole.model_json_schema()


@pytest.mark.parametrize(
    "path",
    [
        "", "part", "part.sku", "maybe.sku", "parts.sku", "parts.-.sku", "grid.sku", "grid.-.-.sku", "either.sku", "free.a.b.c",
        "numbers.a", "anything.a.b", "pair.a", "part.inner.inner.inner.sku", "part.-",
    ],
)  # fmt: skip
def test_a_path_that_may_be_there_has_schemas(path: str) -> None:
    assert schemas_at(SCHEMA, [None if name == "-" else name for name in path.split(".") if name])


@pytest.mark.parametrize(
    "path", ["none", "part.none", "part.sku.x", "parts.none", "numbers.a.b", "either.none"]
)
def test_a_path_that_cannot_be_there_has_none(path: str) -> None:
    assert schemas_at(SCHEMA, path.split(".")) == []


def test_an_open_object_may_have_more_unless_asked_otherwise() -> None:
    schema = {"type": "object", "properties": {"a": {}}}
    assert schemas_at(schema, ["b"]) == [{}]
    assert schemas_at(schema, ["b"], open_objects=False) == []
    assert schemas_at({"type": "object"}, ["b"], open_objects=False) == [{}]


def test_names_do_not_look_into_lists_unless_asked() -> None:
    assert schemas_at(SCHEMA, ["parts", "sku"], through_lists=False) == []


def test_fields_are_those_of_the_object_or_of_the_items() -> None:
    assert fields_at(SCHEMA, ["part"]) == fields_at(SCHEMA, ["grid"]) == ["sku", "inner"]


def test_only_a_boolean_is_a_boolean() -> None:
    assert is_boolean(schemas_at({"type": "object", "properties": {"a": {"type": "boolean"}}}, ["a"]))
    assert not is_boolean(schemas_at(SCHEMA, ["either"]))
    assert not is_boolean([])


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {"$ref": "#/$defs/A", "$defs": {"A": {"type": "array", "items": {"$ref": "#/$defs/A"}}}},
        {"$ref": "#/$defs/A", "$defs": {"A": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/A"}]}}},
        {"$ref": "elsewhere"},
        {"type": ["object", "null"]},
        {"anyOf": "broken", "properties": 5},
    ],
)
def test_odd_schemas_say_that_anything_may_be_there(schema: dict[str, Any]) -> None:
    assert schemas_at(schema, ["a", "b"])
    fields_at(schema, ["a"])
