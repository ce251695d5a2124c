"""Paths through JSON Schemas: what a schema says about a place, as far as it says anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from wfnb.model.values import JsonValue

__all__ = ["Schema", "fields_at", "is_boolean", "schemas_at"]

Schema: TypeAlias = Mapping[str, JsonValue]
"""A JSON Schema that is an object; its definitions stand under ``$defs`` of the outermost one."""

_ANYTHING: Final[Schema] = {}
_SCALARS = frozenset({"string", "number", "integer", "boolean", "null"})
_UNIONS = ("anyOf", "oneOf", "allOf")
_MOST_HOPS = 20  # references, unions and lists between two names; a schema may go round in circles


def schemas_at(
    schema: Schema, path: Sequence[str | int | None], *, open_objects: bool = True, through_lists: bool = True
) -> list[Schema]:
    """The schemas that may describe the value at a path; none when there can be no such value.

    Parameters
    ----------
    schema
        A JSON Schema.
    path
        Names from the root of the value; None stands for an item of a list.
    open_objects
        Whether an object may have names that its schema does not list, unless that forbids them.
    through_lists
        Whether a name looks into the items of a list, as expressions do.

    Examples
    --------
    >>> schema = {"type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": False}
    >>> schemas_at(schema, ["id"]), schemas_at(schema, ["name"])
    ([{'type': 'string'}], [])
    """
    found = _branches(schema, schema)
    for name in path:
        if name is None:
            inner = [
                _item(one) if one.get("type") == "array" else True for one in found if not _is_scalar(one)
            ]
        else:
            objects = [leaf for one in found for leaf in _items(one, schema)] if through_lists else found
            inner = [value for one in objects for value in _member(one, str(name), open_objects=open_objects)]
        found = [leaf for value in inner for leaf in _branches(value, schema)]
    return found


def fields_at(schema: Schema, path: Sequence[str | int | None]) -> list[str]:
    """Names that the object at a path, or the items of the list there, are known to have."""
    places = [leaf for one in schemas_at(schema, path) for leaf in _items(one, schema)]
    return [name for one in places for name in _named(one, "properties")]


def is_boolean(schemas: Sequence[Schema]) -> bool:
    """Whether the schemas leave nothing but true and false."""
    return bool(schemas) and all(one.get("type") == "boolean" for one in schemas)


def _branches(schema: JsonValue, root: Schema, hops: int = _MOST_HOPS) -> list[Schema]:
    """The schema with references followed and unions spread out."""
    if schema is False:
        return []
    if not isinstance(schema, dict) or not hops:
        return [_ANYTHING]
    if isinstance(reference := schema.get("$ref"), str):
        name = reference.removeprefix("#/$defs/")
        return _branches(_named(root, "$defs").get(name, True), root, hops - 1)
    union = next((schema[key] for key in _UNIONS if isinstance(schema.get(key), list)), None)
    if union is None:
        return [schema]
    if "properties" in schema:
        return [_ANYTHING]
    return [leaf for one in union for leaf in _branches(one, root, hops - 1)]


def _items(schema: Schema, root: Schema, hops: int = _MOST_HOPS) -> list[Schema]:
    """The items of a list, lists of lists included; anything else is its own item."""
    if schema.get("type") != "array":
        return [schema]
    if not hops:
        return [_ANYTHING]
    return [leaf for one in _branches(_item(schema), root) for leaf in _items(one, root, hops - 1)]


def _member(schema: Schema, name: str, *, open_objects: bool) -> list[JsonValue]:
    """What a schema says about a name of its object; nothing when there is no such name."""
    if _is_scalar(schema) or schema.get("type") == "array":
        return []
    if schema.get("type") != "object":
        return [_ANYTHING]
    properties = _named(schema, "properties")
    if name in properties:
        return [properties[name]]
    more = schema.get("additionalProperties", open_objects or "properties" not in schema)
    return [] if more is False else [more]


def _item(schema: Schema) -> JsonValue:
    return True if "prefixItems" in schema else schema.get("items", True)


def _is_scalar(schema: Schema) -> bool:
    kind = schema.get("type")
    return isinstance(kind, str) and kind in _SCALARS


def _named(schema: Schema, key: str) -> Mapping[str, JsonValue]:
    value = schema.get(key)
    return value if isinstance(value, dict) else {}
