"""Fit: where data does not fit a model when parts of it are expressions, whose values are not known yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel
from pydantic import ValidationError as PydanticError
from pydantic_core import ErrorDetails

from wfnb.model.values import JsonValue
from wfnb.validate.sites import nested_values
from wfnb.validate.template import is_expr, is_secret

__all__ = ["Misfit", "describe", "field_path", "known_fields", "misfits"]


@dataclass(frozen=True, slots=True)
class Misfit:
    """One place where data does not fit: what kind of fault it is, where, and what was expected (“must be text”)."""

    kind: Literal["missing", "extra", "type"]
    place: tuple[str | int, ...]
    expected: str


def misfits(
    model: type[BaseModel], data: JsonValue, *, by_name: bool | None = None, open_expressions: bool = True
) -> list[Misfit]:
    """Where `data` does not fit `model`.

    Parameters
    ----------
    model
        Any pydantic model. Its own validators run as they will at run time.
    data
        JSON, perhaps with expressions inside.
    by_name
        Whether Python's names of fields count, too; as the model says when absent.
    open_expressions
        Whether everything that an expression decides is left open.
    """
    try:
        model.model_validate(data, by_name=by_name, by_alias=None if by_name is None else True)
    except PydanticError as error:
        found = [_misfit(fault, data, open_expressions) for fault in error.errors(include_url=False)]
    except Exception as error:  # noqa: BLE001 - validators of other people's models may raise anything
        undecided = open_expressions and _has_expression(data)
        return [] if undecided else [Misfit("type", (), f"made its model fail with {type(error).__name__}")]
    else:
        return []
    # A union complains once per member; the first complaint is enough.
    first = {(one.kind, one.place): one for one in reversed(found) if one is not None}
    return [first[key] for key in reversed(first)]


def _misfit(fault: ErrorDetails, data: JsonValue, open_expressions: bool) -> Misfit | None:
    """The fault with its place in the data, or None when an expression decides and that is left open."""
    kind: Literal["missing", "extra", "type"] = "type"
    if fault["type"] in ("missing", "extra_forbidden"):
        kind = "missing" if fault["type"] == "missing" else "extra"
    place: tuple[str | int, ...] = ()
    value = data
    for index, part in enumerate(fault["loc"]):
        if open_expressions and _is_open(value):
            return None
        in_list = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if in_list or (isinstance(value, dict) and part in value):
            place, value = (*place, part), value[part]
        elif index == len(fault["loc"]) - 1 and kind == "missing":
            return Misfit(kind, (*place, part), describe(fault))
    undecided = open_expressions and kind == "type" and _has_expression(value)
    return None if undecided else Misfit(kind, place, describe(fault))


def _has_expression(data: JsonValue) -> bool:
    return any(_is_open(value) for _, value in nested_values(data, ""))


def _is_open(value: JsonValue) -> bool:
    return is_expr(value) or is_secret(value)


def field_path(*parts: str | int) -> str:
    """Names and indices as people write them.

    Examples
    --------
    >>> field_path("config", "items", 0, "sku")
    'config.items[0].sku'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")


def known_fields(model: type[BaseModel]) -> list[str]:
    """Names under which a model's fields are written."""
    names: list[str] = []
    for name, info in model.model_fields.items():
        alias = info.validation_alias or info.alias
        choices: Sequence[object] = getattr(alias, "choices", (alias or name,))
        names += [choice for choice in choices if isinstance(choice, str)]
    return names


_EXPECTED = {
    "union_tag_invalid": "must have one of the types {expected_tags}",
    "union_tag_not_found": "must have a type",
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "string_too_long": "must not be longer than {max_length} characters",
}
_EXPECTED_KIND = {
    "a whole number": ("int_type", "int_from_float", "int_parsing"),
    "a number": ("float_type", "float_parsing"),
    "true or false": ("bool_type", "bool_parsing"),
    "text": ("string_type",),
    "a list": ("tuple_type", "list_type", "set_type", "frozen_set_type"),
    "an object": ("dict_type", "model_type", "model_attributes_type", "dataclass_type"),
}
_KIND_OF = {fault: kind for kind, faults in _EXPECTED_KIND.items() for fault in faults}


def describe(fault: ErrorDetails) -> str:
    """What was expected, as the end of a sentence that begins with the field: “must be text, not a number”.

    Examples
    --------
    >>> describe({"type": "string_type", "loc": (), "msg": "", "input": 3})
    'must be text, not a number'
    """
    facts = fault.get("ctx", {})
    if fault["type"] in _KIND_OF:
        return f"must be {_KIND_OF[fault['type']]}, not {_kind(fault['input'])}"
    if fault["type"] in ("string_too_short", "too_short") and facts.get("min_length") == 1:
        return "must not be empty"
    told = _EXPECTED.get(fault["type"])
    return told.format(**facts) if told else f"does not fit: {fault['msg'].removeprefix('Value error, ')}"


def _kind(value: object) -> str:
    names = (
        (bool, "a boolean"),
        (int | float, "a number"),
        (str, "text"),
        (list, "a list"),
        (dict, "an object"),
    )
    return (
        "null" if value is None else next((name for kind, name in names if isinstance(value, kind)), "this")
    )
