"""Payload schemas: one meaning per reference."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from wfnb.errors import RegistryError
from wfnb.registry.schemas import SchemaRegistry


class Order(BaseModel):
    order_id: str = Field(alias="orderId")


class Other(BaseModel):
    id: int


def filled() -> SchemaRegistry:
    schemas = SchemaRegistry()
    schemas.add("payload.Order.v1", Order)
    schemas.add("payload.Basket.v1", Other)
    return schemas


@pytest.mark.behaviour(29, 60)
def test_a_schema_is_found_and_listed() -> None:
    assert filled().get("payload.Order.v1") is Order
    assert filled().get("payload.Order.v2") is None
    assert filled().names() == ["payload.Basket.v1", "payload.Order.v1"]


@pytest.mark.behaviour(30, 60)
def test_its_json_schema_has_the_names_that_are_written() -> None:
    schema = filled().json_schema("payload.Order.v1")
    assert schema["required"] == ["orderId"]


def test_the_hash_follows_the_schema() -> None:
    assert filled().hash("payload.Order.v1") == filled().hash("payload.Order.v1")
    assert filled().hash("payload.Order.v1") != filled().hash("payload.Basket.v1")


@pytest.mark.behaviour(29, 61)
def test_an_unknown_reference_is_an_error() -> None:
    with pytest.raises(RegistryError) as caught:
        filled().json_schema("payload.None.v1")
    assert caught.value.code == "UNKNOWN_SCHEMA"


@pytest.mark.parametrize(
    ("ref", "model", "code"),
    [
        ("", Order, "INCOMPLETE_SCHEMA"),
        ("x", None, "INCOMPLETE_SCHEMA"),
        ("x", dict, "INCOMPLETE_SCHEMA"),
        ("x", {"type": "object"}, "INCOMPLETE_SCHEMA"),
        ("payload.Order.v1", Other, "ALREADY_REGISTERED"),
    ],
)
def test_incomplete_and_taken_references_are_refused(ref: str, model: Any, code: str) -> None:
    with pytest.raises(RegistryError) as caught:
        filled().add(ref, model)
    assert caught.value.code == code
