"""The last check of a result: JSON only, finite, not too deep, not too large."""

from __future__ import annotations

import json
import math

from wfnb.expr.budget import Run
from wfnb.expr.faults import Fault
from wfnb.expr.values import Value
from wfnb.limits import Limits
from wfnb.model.values import JsonValue

__all__ = ["finish", "plain"]

_SCALARS = frozenset({str, int, float, bool, type(None)})
_FLOAT_BITS = 1024  # an int of more bits is beyond every float
_ESCAPE = 6  # no character takes more bytes of JSON text than its escape: \\u0001


def finish(value: Value, run: Run) -> JsonValue:
    """Return `value` when it may leave the evaluation; it may share structure with the input.

    Raises
    ------
    Fault
        NOT_JSON or OUTPUT_TOO_LARGE.
    """
    most = run.limits.expression_output_bytes
    kind = type(value)
    if value is None or kind is bool or (kind is str and len(value) * _ESCAPE <= most):
        return value
    least = _least_size(value, run.limits)
    if least * _ESCAPE > most:
        _check_exactly(value, most)
    return list(value) if isinstance(value, list) and kind is not list else value


def _too_large(most: int) -> Fault:
    message = f"The result is larger than {most} bytes of JSON."
    return Fault("OUTPUT_TOO_LARGE", message, hint="Select the parts that are needed.")


def _least_size(value: Value, limits: Limits) -> int:
    """Bytes that the JSON text of `value` has at least; walks level by level and stops as soon as that is too many.

    Parts that are shared count as often as they are written, so a small graph cannot unfold into a huge text.
    """
    most, levels = limits.expression_output_bytes, limits.value_depth
    size, level = 0, [value]
    while level:
        levels -= 1
        if levels < 0:
            raise Fault(
                "OUTPUT_TOO_LARGE", f"The result is nested more than {limits.value_depth} levels deep."
            )
        kinds = set(map(type, level))
        size += _scalar_sizes(level, kinds)
        if size > most:
            raise _too_large(most)
        level, keys = _below(level, most) if kinds - _SCALARS else ([], 0)
        size += keys
    return size


def _scalar_sizes(level: list[Value], kinds: set[type]) -> int:
    """At least two bytes for each value, one of them for what separates it, and the characters of strings."""
    size = 2 * len(level) - 1
    if str in kinds:
        size += sum(map(len, [item for item in level if type(item) is str]))
    if float in kinds and not all(map(math.isfinite, [item for item in level if type(item) is float])):
        raise Fault("NOT_JSON", "The result holds a number that is not finite.")
    if int in kinds:
        bits = max([item.bit_length() for item in level if type(item) is int])
        if bits > _FLOAT_BITS:
            raise Fault("NOT_JSON", "The result holds a number that is larger than any JSON number.")
        size += bits // 4
    return size


def _below(level: list[Value], most: int) -> tuple[list[Value], int]:
    """The values inside the containers of a level, and the bytes of their keys."""
    below: list[Value] = []
    keys: list[str] = []
    for item in level:
        if type(item) is dict:
            keys += item
            below += item.values()
        elif isinstance(item, list):
            below += item
        elif type(item) not in _SCALARS:
            raise Fault(
                "NOT_JSON", f"The result holds a value of type {type(item).__name__}, which is not JSON."
            )
        if len(below) > most:
            raise _too_large(most)
    try:
        return below, len("".join(keys)) + 3 * len(keys)
    except TypeError:
        raise Fault("NOT_JSON", "A key of the result is not a string.") from None


def _check_exactly(value: Value, most: int) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(text) > most or (not text.isascii() and len(text.encode("utf-8", "surrogatepass")) > most):
        raise _too_large(most)


def plain(value: JsonValue) -> JsonValue:
    """`value` with every kind of sequence turned into a plain list; parts without one are shared, not copied."""
    if isinstance(value, list):
        items = [plain(item) for item in value]
        same = type(value) is list and all(new is old for new, old in zip(items, value, strict=True))
        return value if same else items
    if type(value) is dict:
        members = {key: plain(item) for key, item in value.items()}
        return value if all(members[key] is item for key, item in value.items()) else members
    return value
