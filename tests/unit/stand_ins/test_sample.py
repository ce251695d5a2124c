"""Samples: each rule, and the law that a sample fits its schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import AwareDatetime, BaseModel, HttpUrl

from wfnb.stand_ins.sample import sample


class Node(BaseModel):
    name: str
    next: Node | None
    children: list[Node]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"const": 7, "enum": [1], "default": 2}, 7),
        ({"enum": ["b", "a"], "default": "a"}, "b"),
        ({"default": 3, "examples": [4], "type": "integer"}, 3),
        ({"default": None, "type": "string"}, None),
        ({"examples": ["first", "second"], "type": "string"}, "first"),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 0),
        ({"oneOf": [{"type": "null"}]}, None),
        ({"type": ["null", "boolean"]}, False),
        ({"type": "string"}, "sample-string"),
        ({"type": "string", "format": "uuid"}, "00000000-0000-0000-0000-000000000000"),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z"),
        ({"type": "string", "format": "email"}, "sample@example.com"),
        ({"type": "string", "format": "uri"}, "https://example.com"),
        ({"type": "string", "format": "of-my-own"}, "sample-string"),
        ({"type": "string", "minLength": 15}, "sample-string--"),
        ({"type": "string", "maxLength": 3}, "sam"),
        ({"type": "integer"}, 0),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "integer", "exclusiveMinimum": 5}, 6),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "integer", "minimum": 5, "multipleOf": 4}, 8),
        ({"type": "number", "minimum": 2.5}, 2.5),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, 0.5),
        ({"type": "number", "exclusiveMaximum": 0}, -1),
        ({"type": "boolean"}, False),
        ({"type": "array", "items": {"type": "integer"}}, [0]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 3}, [0, 0, 0]),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 0}, []),
        ({"type": "array", "prefixItems": [{"const": "a"}, {"const": 1}], "items": False}, ["a", 1]),
        ({"properties": {"a": {"type": "boolean"}}}, {"a": False}),
        (
            {"type": "object", "required": ["x"], "additionalProperties": {"type": "integer"}},
            {"x": 0},
        ),
        (
            {"type": "object", "minProperties": 2, "additionalProperties": {"const": 1}},
            {"key1": 1, "key2": 1},
        ),
        ({}, None),
        (True, None),
        ({"$ref": "https://example.com/other.json"}, None),
        ({"$ref": "#/$defs/gone", "$defs": {}}, None),
    ],
)
def test_each_rule_gives_its_value(schema: Any, expected: Any) -> None:
    assert sample(schema) == expected


def test_all_of_is_merged_into_one_value() -> None:
    base = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
    named = {"properties": {"id": {"minimum": 4}, "name": {"type": "string"}}}
    schema = {"$defs": {"base": base}, "allOf": [{"$ref": "#/$defs/base"}, named]}
    assert sample(schema) == {"id": 4, "name": "sample-string"}


def test_a_model_that_refers_to_itself_ends_in_null_and_in_no_items() -> None:
    assert sample(Node.model_json_schema()) == {"name": "sample-string", "next": None, "children": []}


def test_a_reference_to_the_whole_schema_is_null() -> None:
    assert sample({"type": "object", "properties": {"self": {"$ref": "#"}}}) == {"self": {"self": None}}


def test_references_that_only_lead_to_each_other_are_null() -> None:
    defs = {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}
    assert sample({"$defs": defs, "$ref": "#/$defs/a"}) is None


def test_below_twelve_levels_there_is_nothing() -> None:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(40):
        schema = {"type": "object", "properties": {"in": schema}}
    assert json.dumps(sample(schema)).count("in") == 13


def test_a_schema_that_fans_out_at_every_level_stays_small() -> None:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(12):
        schema = {"type": "object", "properties": dict.fromkeys("abcdefgh", schema)}
    assert len(json.dumps(sample(schema))) < 1_000_000


def test_a_model_accepts_the_sample_of_its_schema() -> None:
    class Customer(BaseModel):
        since: AwareDatetime
        site: HttpUrl
        tags: list[str] | None
        credit: float

    Customer.model_validate(sample(Customer.model_json_schema()))


# --- the law

names = st.sampled_from(["id", "name", "total", "when", "rows"])
scalars = st.sampled_from([None, True, False, 0, 1, -7, 2.5, "", "x", "sample"])


def _bounds(low: str, high: str, least: int) -> st.SearchStrategy[dict[str, Any]]:
    pairs = st.tuples(st.integers(least, 20), st.integers(0, 20)).map(lambda p: (p[0], p[0] + p[1]))
    both = pairs.map(lambda pair: {low: pair[0], high: pair[1]})
    return st.just({}) | both | pairs.map(lambda p: {low: p[0]}) | pairs.map(lambda p: {high: p[1]})


def _typed(name: str, bounds: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return bounds.map(lambda words: {"type": name, **words})


leaves = st.one_of(
    _typed("string", _bounds("minLength", "maxLength", 0)),
    _typed("integer", _bounds("minimum", "maximum", -20)),
    _typed("number", _bounds("minimum", "maximum", -20)),
    _typed(
        "number", _bounds("exclusiveMinimum", "maximum", -20).filter(lambda w: len(set(w.values())) == len(w))
    ),
    _typed("integer", st.integers(-20, 20).map(lambda low: {"exclusiveMinimum": low})),
    _typed("integer", st.integers(-20, 20).map(lambda high: {"exclusiveMaximum": high})),
    _typed("integer", st.integers(1, 6).map(lambda step: {"multipleOf": step, "minimum": -7})),
    st.sampled_from(["boolean", "null"]).map(lambda name: {"type": name}),
    scalars.map(lambda value: {"const": value}),
    st.lists(scalars, min_size=1, max_size=3).map(lambda values: {"enum": values}),
    st.sampled_from([{"$ref": "#/$defs/word"}, {"$ref": "#/$defs/node"}, {}]),
)


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.builds(
        _object, st.dictionaries(names, inner, max_size=3), st.lists(names, max_size=2, unique=True)
    )
    arrays = st.builds(
        lambda item, words: {"type": "array", "items": item, **words},
        inner,
        _bounds("minItems", "maxItems", 0).map(lambda words: {key: min(n, 5) for key, n in words.items()}),
    )
    return st.one_of(
        objects,
        arrays,
        inner.map(lambda schema: {"anyOf": [{"type": "null"}, schema]}),
        st.lists(inner, min_size=1, max_size=3).map(lambda variants: {"anyOf": variants}),
        st.lists(objects, min_size=1, max_size=1).map(lambda parts: {"allOf": parts}),
        inner.map(lambda schema: {"allOf": [schema, {"description": "the same"}]}),
    )


NODE = _object({"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}, ["next"])
schemas = st.recursive(leaves, _nested, max_leaves=8).map(
    lambda schema: {"allOf": [schema], "$defs": {"word": {"type": "string", "minLength": 1}, "node": NODE}}
)


@given(schemas)
def test_a_sample_fits_its_schema(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(sample(schema))


@given(schemas)
def test_a_schema_has_one_sample(schema: dict[str, Any]) -> None:
    before = json.dumps(schema)
    assert sample(schema) == sample(schema)
    assert json.dumps(schema) == before
