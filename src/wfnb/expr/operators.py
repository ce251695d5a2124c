"""Operators as closures: arithmetic, comparison, equality, membership, logic, text, ranges, negation."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TypeAlias

from wfnb.expr import syntax as s
from wfnb.expr.arithmetic import ARITHMETIC, calculate, finite
from wfnb.expr.budget import Run
from wfnb.expr.faults import Fault
from wfnb.expr.text import text_of
from wfnb.expr.values import MISSING, Seq, Value, is_number, kind, same, truth

__all__ = ["Build", "Closure", "build_binary", "build_negate"]

Closure: TypeAlias = Callable[[Value, Run], Value]
"""A compiled construct: context and run in, value out."""
Build: TypeAlias = Callable[[s.Node], Closure]

_NUMBERS = frozenset({int, float})
_EXACT = 2**53  # integers below it are the same as ints and as floats

_COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def build_binary(node: s.Binary, build: Build) -> Closure:
    """The closure of an operator between two operands."""
    name = node.operator
    if name == "&":
        return _join(node, build)
    left, right = build(node.left), build(node.right)
    if name in _COMPARE:
        return _comparison(node, left, right)
    if name in ARITHMETIC:
        return _arithmetic(node, left, right)
    return _OTHERS[name](node, left, right)


def _arithmetic(node: s.Binary, left: Closure, right: Closure) -> Closure:
    work, name, at = ARITHMETIC[node.operator], node.operator, node.at

    def checked(one: Value, other: Value) -> Value:
        for side, value in (("left", one), ("right", other)):
            if value is not MISSING and not is_number(value):
                raise _not_a_number(side, name, value, at)
        if one is MISSING or other is MISSING:
            return MISSING
        try:
            return calculate(work, one, other)
        except Fault as fault:
            fault.at = at
            raise

    if name in {"/", "%"}:
        return lambda context, run: checked(left(context, run), right(context, run))

    def quick(context: Value, run: Run) -> Value:
        one, other = left(context, run), right(context, run)
        if type(one) in _NUMBERS and type(other) in _NUMBERS:
            result = work(one, other)
            if -_EXACT < result < _EXACT:  # false for what is not finite
                whole = int(result)
                return whole if whole == result else result
        return checked(one, other)

    return quick


def _not_a_number(side: str, name: str, value: Value, at: int) -> Fault:
    return Fault(
        "EXPRESSION_TYPE",
        f"The {side} side of {name} must be a number, but it is {_with_article(value)}.",
        at,
        "Use & to join text." if name == "+" and isinstance(value, str) else None,
    )


def _with_article(value: Value) -> str:
    name = kind(value)
    return name if name == "null" else f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _comparison(node: s.Binary, left: Closure, right: Closure) -> Closure:
    compare, name, at = _COMPARE[node.operator], node.operator, node.at

    def comparison(context: Value, run: Run) -> Value:
        one, other = left(context, run), right(context, run)
        if type(one) in _NUMBERS and type(other) in _NUMBERS:
            return compare(one, other)
        for value in (one, other):
            if not (value is MISSING or isinstance(value, str) or is_number(value)):
                raise Fault(
                    "EXPRESSION_TYPE",
                    f"{name} compares numbers or strings, but one side is {_with_article(value)}.",
                    at,
                )
        if one is MISSING or other is MISSING:
            return MISSING
        if isinstance(one, str) != isinstance(other, str):
            raise Fault("EXPRESSION_TYPE", f"{name} cannot compare a number with a string.", at)
        return compare(one, other)

    return comparison


def _equality(node: s.Binary, left: Closure, right: Closure) -> Closure:
    wanted = node.operator == "="

    def equality(context: Value, run: Run) -> Value:
        one, other = left(context, run), right(context, run)
        if one is MISSING or other is MISSING:
            return False
        if type(one) is str and type(other) is str:
            return (one == other) is wanted
        if isinstance(one, (list, dict)) and isinstance(other, (list, dict)):
            run.spend(weight(one, run))
        return same(one, other) is wanted

    return equality


def weight(value: Value, run: Run) -> int:
    """How many nodes a value has, counted no further than the fuel that is left."""
    count, stack = 0, [value]
    while stack and count <= run.fuel:
        here = stack.pop()
        count += 1
        if isinstance(here, dict):
            stack.extend(here.values())
        elif isinstance(here, list):
            stack.extend(here)
    return count


def _membership(_node: s.Binary, left: Closure, right: Closure) -> Closure:
    def membership(context: Value, run: Run) -> Value:
        one, other = left(context, run), right(context, run)
        if one is MISSING or other is MISSING:
            return False
        if not isinstance(other, list):
            return same(one, other)
        nested = isinstance(one, (list, dict))
        run.spend(weight(other, run) if nested else len(other) >> 2)
        # JSONata compares by identity here. Identity does not survive a checkpoint, so equality is used.
        return any((nested or not isinstance(item, (list, dict))) and same(one, item) for item in other)

    return membership


def _and(_node: s.Binary, left: Closure, right: Closure) -> Closure:
    return lambda context, run: truth(left(context, run)) and truth(right(context, run))


def _or(_node: s.Binary, left: Closure, right: Closure) -> Closure:
    return lambda context, run: truth(left(context, run)) or truth(right(context, run))


def _range(node: s.Binary, left: Closure, right: Closure) -> Closure:
    at = node.at

    def count_up(context: Value, run: Run) -> Value:
        first, last = left(context, run), right(context, run)
        for side, value in (("left", first), ("right", last)):
            if value is not MISSING and not _is_whole(value):
                raise Fault("EXPRESSION_TYPE", f"The {side} side of .. must be an integer.", at)
        if first is MISSING or last is MISSING or first > last:
            return MISSING
        size = int(last) - int(first) + 1
        run.check_items(size)
        run.spend(size)
        return Seq(range(int(first), int(last) + 1))

    return count_up


def _is_whole(value: Value) -> bool:
    return is_number(value) and (isinstance(value, int) or value.is_integer())


_OTHERS: dict[str, Callable[[s.Binary, Closure, Closure], Closure]] = {
    "=": _equality,
    "!=": _equality,
    "in": _membership,
    "and": _and,
    "or": _or,
    "..": _range,
}


def _join(node: s.Binary, build: Build) -> Closure:
    parts = [build(part) for part in _operands(node)]

    def join(context: Value, run: Run) -> Value:
        pieces = [part(context, run) for part in parts]
        text = "".join([piece if type(piece) is str else text_of(piece, run) for piece in pieces])
        if len(text) > 100:
            run.check_text(len(text))
        return text

    def bounded(context: Value, run: Run) -> Value:
        # Two operands at a time would build every prefix; one join of many long operands must not outgrow the bound.
        total = 0
        pieces = []
        for part in parts:
            piece = text_of(part(context, run), run)
            total += len(piece)
            run.check_text(total, len(piece))
            pieces.append(piece)
        return "".join(pieces)

    return join if len(parts) < 16 else bounded


def _operands(node: s.Node) -> list[s.Node]:
    """The operands of a chain of ``&`` from left to right, without recursion."""
    found: list[s.Node] = []
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, s.Binary) and here.operator == "&":
            stack += [here.right, here.left]
        else:
            found.append(here)
    return found


def build_negate(node: s.Negate, build: Build) -> Closure:
    """The closure of a unary minus."""
    operand, at = build(node.operand), node.at

    def negate(context: Value, run: Run) -> Value:
        value = operand(context, run)
        if value is MISSING:
            return MISSING
        if not is_number(value):
            raise Fault(
                "EXPRESSION_TYPE", f"Only a number can be negated, but this is {_with_article(value)}.", at
            )
        return finite(-value)

    return negate
