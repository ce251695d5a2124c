"""Values while an expression runs: the missing value, sequences, truth, equality, and field lookup.

A value is a JSON value, `MISSING`, or a sequence. A sequence is what a path gave: at the end of each construct one with no
items becomes `MISSING` and one with a single item becomes that item, unless ``[]`` asked to keep it (`Kept`).
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

__all__ = ["MISSING", "Cons", "Kept", "Seq", "Value", "field", "is_number", "kind", "same", "truth", "unwrap"]

Value: TypeAlias = Any
"""A JSON value, `MISSING` or a `Seq`."""


class _Missing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()
"""No value at all, which is not null."""


class Seq(list[Any]):
    """What a path gave: unwraps when it holds less than two items."""

    __slots__ = ()


class Kept(Seq):
    """A sequence that stays a list even with one item."""

    __slots__ = ()


class Cons(list[Any]):
    """An array built by a step of a path: not flattened into the sequence around it."""

    __slots__ = ()


def unwrap(value: Value) -> Value:
    """The value a construct gives: sequences of no or one item are undone.

    Examples
    --------
    >>> unwrap(Seq([7])), unwrap(Seq()), unwrap([7]), unwrap(Kept([7]))
    (7, MISSING, [7], [7])
    """
    if isinstance(value, Seq):
        size = len(value)
        if size == 0:
            return MISSING
        if size == 1 and type(value) is Seq:
            return value[0]
    return value


def is_number(value: Value) -> bool:
    """Whether `value` is a number; true and false are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def kind(value: Value) -> str:  # noqa: PLR0911 - one return per kind reads best
    """The JSON name of a value's kind.

    Examples
    --------
    >>> kind(True), kind(1), kind(None), kind(MISSING)
    ('boolean', 'number', 'null', 'missing')
    """
    if value is MISSING:
        return "missing"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else type(value).__name__


def truth(value: Value) -> bool:
    """JSONata's truth: empty strings, arrays, objects, 0, null and missing are false; an array is as true as its items.

    Examples
    --------
    >>> truth([0, 0]), truth([0, 1]), truth({}), truth("no")
    (False, True, False, True)
    """
    if isinstance(value, list):
        for item in value:  # noqa: SIM110 - a generator would take C stack for each level of nesting
            if truth(item):
                return True
        return False
    return bool(value)


def same(left: Value, right: Value) -> bool:  # noqa: PLR0911 - a decision table
    """Deep equality of JSON values; 1 is not true, 1 is 1.0.

    Examples
    --------
    >>> same(1, True), same([1, {"a": None}], [1.0, {"a": None}])
    (False, True)
    """
    if isinstance(left, list):
        if not isinstance(right, list) or len(left) != len(right):
            return False
        for one, other in zip(left, right, strict=True):  # noqa: SIM110 - as in truth
            if not same(one, other):
                return False
        return True
    if isinstance(left, dict):
        if not isinstance(right, dict) or left.keys() != right.keys():
            return False
        for key, one in left.items():  # noqa: SIM110 - as in truth
            if not same(one, right[key]):
                return False
        return True
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def field(value: Value, name: str) -> Value:
    """What the name gives on a value: the member of an object, or a sequence of the members of an array's objects."""
    if isinstance(value, dict):
        return value.get(name, MISSING)
    if isinstance(value, list):
        found = Seq()
        for item in value:
            member = item.get(name, MISSING) if type(item) is dict else field(item, name)
            if isinstance(member, list):
                found.extend(member)
            elif member is not MISSING:
                found.append(member)
        return found
    return MISSING
