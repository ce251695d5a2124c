"""Filters of an event wait: which payloads wake it (pipeline specification, 4.9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from wfnb.model.values import JsonValue

__all__ = ["OPERATORS", "matches"]

_MISSING: Final = object()


def matches(filters: Sequence[JsonValue] | None, payload: JsonValue) -> bool:
    """Whether a payload passes all filters. A filter that cannot be applied lets nothing pass; it never fails.

    Parameters
    ----------
    filters
        ``{"path", "op", "value"}`` each; the path is dotted and begins inside the payload.
    payload
        What was submitted.

    Examples
    --------
    >>> matches([{"path": "order.total", "op": ">=", "value": 10}], {"order": {"total": 12}})
    True
    >>> matches([{"path": "order.total", "op": ">=", "value": 10}], {"order": {"total": "12"}})
    False
    """
    return all(_passes(wanted, payload) for wanted in filters or ())


def _passes(wanted: JsonValue, payload: JsonValue) -> bool:
    value = _value_at(payload, str(wanted["path"]))
    test = OPERATORS[wanted["op"]]
    return test(value, wanted.get("value"))


def _value_at(payload: JsonValue, path: str) -> Any:
    value: Any = payload
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _equal(value: Any, wanted: Any) -> bool:
    # true is no number: 1 and true are different answers
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(value: Any, wanted: Any) -> bool:
        both_text = isinstance(value, str) and isinstance(wanted, str)
        return (both_text or (_is_number(value) and _is_number(wanted))) and compare(value, wanted)

    return test


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(compare: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, wanted: isinstance(value, str) and isinstance(wanted, str) and compare(value, wanted)


def _is_among(value: Any, wanted: Any) -> bool:
    return isinstance(wanted, list) and any(_equal(value, item) for item in wanted)


OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": _equal,
    "!=": lambda value, wanted: not _equal(value, wanted),
    "in": _is_among,
    "not_in": lambda value, wanted: isinstance(wanted, list) and not _is_among(value, wanted),
    "exists": lambda value, _: value is not _MISSING,
    "not_exists": lambda value, _: value is _MISSING,
    ">": _ordered(lambda value, wanted: value > wanted),
    ">=": _ordered(lambda value, wanted: value >= wanted),
    "<": _ordered(lambda value, wanted: value < wanted),
    "<=": _ordered(lambda value, wanted: value <= wanted),
    "contains": _text(lambda value, wanted: wanted in value),
    "starts_with": _text(str.startswith),
    "ends_with": _text(str.endswith),
}
"""Every operator: from the value in the payload and the value of the filter to whether it passes."""
