"""Samples: one plausible value for a JSON Schema, always the same one (pipeline specification, 4.19). Pure.

Of several ways the first that applies is taken: ``const``, the first of ``enum``, ``default``, the first of ``examples``, the
first variant that is not null, then the type. What would never end (a schema that refers to itself) is null, or no item.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from wfnb.model.paths import parse_pointer
from wfnb.model.values import JsonValue, get_path

__all__ = ["SAMPLE_TEXTS", "sample"]

Schema: TypeAlias = Mapping[str, JsonValue]
Refs: TypeAlias = frozenset[str]

_DEPTH = 12  # specification, 4.19
_VALUES = 10_000  # values in one sample: schemas that fan out cannot take memory and time without end
_COUNT = 100  # items, properties, repetitions that a lower bound may ask for
_TEXT = "sample-string"
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "duration": "P1D",
    "email": "sample@example.com",
    "hostname": "example.com",
    "idn-email": "sample@example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "iri": "https://example.com",
    "json-string": "null",
    "time": "00:00:00Z",
    "uri": "https://example.com",
    "url": "https://example.com",
    "uuid": "00000000-0000-0000-0000-000000000000",
}
SAMPLE_TEXTS = frozenset({_TEXT, *_FORMATS.values()})
"""Every text that samples are made of."""


class _Endless:
    """The type of `_ENDLESS`."""


_ENDLESS: Final = _Endless()
"""Instead of a value that would hold itself."""


def sample(schema: JsonValue) -> JsonValue:
    """A value for a JSON Schema.

    It fits the schema unless this asks for a pattern, for distinct items, or for exactly one of overlapping variants.

    Parameters
    ----------
    schema
        A JSON Schema as pydantic writes it; references lead to places inside it.

    Examples
    --------
    >>> sample({"type": "object", "properties": {"id": {"type": "integer", "minimum": 1}, "mail": {"format": "email"}}})
    {'id': 1, 'mail': 'sample@example.com'}
    """
    value = _Sampler(schema).value(schema, 0, frozenset())
    return None if isinstance(value, _Endless) else value


@dataclass(slots=True)
class _Flat:
    """A schema with what it refers to and all of ``allOf`` merged, and the groups of variants that are still to be chosen."""

    words: dict[str, JsonValue]
    groups: list[list[JsonValue]]
    refs: Refs


class _Sampler:
    """Samples of one schema document."""

    def __init__(self, root: JsonValue) -> None:
        self._root = root
        self._left = _VALUES

    def value(self, schema: JsonValue, depth: int, refs: Refs) -> JsonValue | _Endless:
        """The sample, or `_ENDLESS`."""
        self._left -= 1
        if depth > _DEPTH or self._left < 0:
            return _ENDLESS
        flat = self._flat(schema, refs)
        return _ENDLESS if flat is None else self._of(flat, depth)

    def _of(self, flat: _Flat, depth: int) -> JsonValue | _Endless:
        words = flat.words
        preset = _preset(words)
        if preset:
            return preset[0]
        if flat.groups:
            return self._variant(flat, depth)
        kind = _type(words)
        if kind == "object":
            return self._object(words, depth, flat.refs)
        if kind == "array":
            return self._array(words, depth, flat.refs)
        scalar = _SCALARS.get(kind)
        return scalar(words) if scalar else None

    def _flat(self, schema: JsonValue, refs: Refs) -> _Flat | None:
        """The merged schema, or None when it would hold itself."""
        if not isinstance(schema, Mapping):
            return _Flat({}, [], refs)
        own = {key: word for key, word in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
        groups = [
            schema[key] for key in ("anyOf", "oneOf") if isinstance(schema.get(key), list) and schema[key]
        ]
        flat = _Flat({}, [], refs)
        parts: list[tuple[JsonValue, Refs]] = [(part, refs) for part in schema.get("allOf") or ()]
        ref = schema.get("$ref")
        if isinstance(ref, str):
            if ref in refs:
                return None
            parts.append((self._referred(ref), refs | {ref}))
        for part, known in parts:
            inner = self._flat(part, known)
            if inner is None:
                return None
            flat = _both(flat, inner)
        return _both(flat, _Flat(own, groups, refs))

    def _referred(self, ref: str) -> JsonValue:
        if not ref.startswith("#"):
            return True
        return get_path(self._root, parse_pointer(ref), True)

    def _variant(self, flat: _Flat, depth: int) -> JsonValue | _Endless:
        """The first variant that is not null and does not hold the value itself; null when there is only that."""
        group, *others = flat.groups
        nullable = False
        for variant in group:
            inner = self._flat(variant, flat.refs)
            if inner is None:
                continue
            if _only_null(inner.words):
                nullable = True
                continue
            rest = _Flat(flat.words, others, flat.refs)
            value = self._of(_both(rest, inner), depth)
            if not isinstance(value, _Endless):
                return value
        return None if nullable else _ENDLESS

    def _object(self, words: Schema, depth: int, refs: Refs) -> dict[str, JsonValue]:
        properties = words.get("properties") or {}
        more = words.get("additionalProperties", True)
        required = [name for name in words.get("required") or () if name not in properties]
        value: dict[str, JsonValue] = {}
        for name, schema in properties.items():
            if schema is not False:
                value[name] = self._or_null(schema, depth, refs)
        for name in required:
            value[name] = self._or_null(more, depth, refs)
        for number in range(_least(words, "minProperties") - len(value)):
            value[f"key{number + 1}"] = self._or_null(more, depth, refs)
        return value

    def _or_null(self, schema: JsonValue, depth: int, refs: Refs) -> JsonValue:
        value = self.value(schema, depth + 1, refs)
        return None if isinstance(value, _Endless) else value

    def _array(self, words: Schema, depth: int, refs: Refs) -> list[JsonValue]:
        least, most = _least(words, "minItems"), _figure(words, "maxItems")
        first = list(words.get("prefixItems") or ())
        rest = words.get("items", True)
        wanted = max(least, len(first) or 1)
        if most is not None:
            wanted = min(wanted, int(most))
        value: list[JsonValue] = []
        for place in range(wanted):
            schema = first[place] if place < len(first) else rest
            item = self.value(schema, depth + 1, refs) if schema is not False else _ENDLESS
            if isinstance(item, _Endless):
                if place >= least:
                    break
                item = None
            value.append(item)
        return value


def _preset(words: Schema) -> list[JsonValue]:
    """What the schema itself says a value is, as a list of one; an empty list when it does not."""
    if "const" in words:
        return [words["const"]]
    for key in ("enum", "default", "examples"):
        if key == "default" and key in words:
            return [words[key]]
        if isinstance(words.get(key), list) and words[key]:
            return [words[key][0]]
    return []


def _only_null(words: Schema) -> bool:
    return words.get("type") == "null" or words.get("const", 0) is None or words.get("enum") == [None]


def _type(words: Schema) -> str | None:
    given = words.get("type")
    if isinstance(given, list):
        given = next((name for name in given if name != "null"), None)
    if isinstance(given, str):
        return given
    hints = {
        "object": ("properties", "required", "minProperties"),
        "array": ("items", "prefixItems", "minItems"),
        "string": ("format", "pattern", "minLength", "maxLength"),
        "number": ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    }
    return next((name for name, keys in hints.items() if any(key in words for key in keys)), None)


def _both(one: _Flat, other: _Flat) -> _Flat:
    """What fits both; where a keyword cannot be joined, that of `other` counts."""
    words = dict(one.words)
    for key, word in other.words.items():
        words[key] = _joined(key, words[key], word) if key in words else word
    return _Flat(words, [*one.groups, *other.groups], one.refs | other.refs)


def _joined(key: str, old: JsonValue, new: JsonValue) -> JsonValue:
    join = _JOINS.get(key)
    return join(old, new) if join else new


def _common_properties(old: Schema, new: Schema) -> Schema:
    return {**old, **new, **{name: {"allOf": [old[name], new[name]]} for name in old if name in new}}


def _common_type(old: JsonValue, new: JsonValue) -> JsonValue:
    before, after = _names(old), _names(new)
    common = [name for name in before if name in after]
    if not common and {"number", "integer"} <= {*before, *after}:
        return "integer"
    return common or new


def _names(types: JsonValue) -> Iterable[str]:
    return types if isinstance(types, list) else [types]


def _string(words: Schema) -> str:
    known = _FORMATS.get(str(words.get("format")))
    if known is not None:
        return known
    most = _figure(words, "maxLength")
    text = _TEXT + "-" * (_least(words, "minLength", 10_000) - len(_TEXT))
    return text if most is None else text[: int(most)]


def _integer(words: Schema) -> int:
    low, above = _figure(words, "minimum"), _figure(words, "exclusiveMinimum")
    high, below = _figure(words, "maximum"), _figure(words, "exclusiveMaximum")
    lows = [*([] if low is None else [math.ceil(low)]), *([] if above is None else [math.floor(above) + 1])]
    highs = [
        *([] if high is None else [math.floor(high)]),
        *([] if below is None else [math.ceil(below) - 1]),
    ]
    value = max(lows) if lows else min((0, *highs))
    step = int(_figure(words, "multipleOf") or 1) or 1
    return (-(-value // step) if lows else value // step) * step


def _number(words: Schema) -> float:
    low, above = _figure(words, "minimum"), _figure(words, "exclusiveMinimum")
    high, below = _figure(words, "maximum"), _figure(words, "exclusiveMaximum")
    least = max((number for number in (low, above) if number is not None), default=None)
    most = min((number for number in (high, below) if number is not None), default=None)
    value: float = 0
    if least is not None:
        value = least if least != above else least + 1 if most is None else (least + most) / 2
    elif most is not None and (most < 0 or most == below == 0):
        value = most - 1 if most == below else most
    step = _figure(words, "multipleOf")
    if not step:
        return value
    return (math.floor(value / step) if least is None else math.ceil(value / step)) * step


def _figure(words: Schema, key: str) -> float | None:
    value = words.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _least(words: Schema, key: str, most: int = _COUNT) -> int:
    return min(int(_figure(words, key) or 0), most)


_SCALARS: dict[str | None, Callable[[Schema], JsonValue]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": lambda _words: False,
}
_JOINS: dict[str, Callable[[Any, Any], JsonValue]] = {
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
    "enum": lambda old, new: [value for value in old if value in new],
    "items": lambda old, new: {"allOf": [old, new]},
    "properties": _common_properties,
    "required": lambda old, new: list(dict.fromkeys((*old, *new))),
    "type": _common_type,
}
