"""Functions on numbers and truth values."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import reduce

from wfnb.expr.arithmetic import Number, finite
from wfnb.expr.budget import Run
from wfnb.expr.faults import Fault
from wfnb.expr.functions.model import Function, need_array_of, need_number, wrong_kind
from wfnb.expr.values import MISSING, Value, is_number, truth

__all__ = ["FUNCTIONS"]

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_BASED = re.compile(r"0([xX][0-9A-Fa-f]+|[oO][0-7]+|[bB][01]+)")
_MOST_DIGITS = 400  # more digits than any finite float has before its point
_MOST_PLACES = 320  # beyond the smallest float


def _number(_run: Run, value: Value) -> Value:
    if value is MISSING or is_number(value):
        return value
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, str):
        raise wrong_kind(value, 1, "$number", "a number, a string or a boolean")
    if len(value) <= _MOST_DIGITS:
        plain = _DECIMAL.fullmatch(value)
        if plain:
            return finite(int(value) if not plain[1] and not plain[2] else float(value))
        if _BASED.fullmatch(value):
            return finite(int(value, 0))
    raise Fault("EXPRESSION_TYPE", "Argument 1 of $number is text that is not a number.")


def _total(numbers: Iterable[Number]) -> Number:
    """Left to right, as in ECMAScript; the built-in sum differs between versions of Python."""
    return reduce(operator.add, numbers, 0)


def _sum(run: Run, values: Value) -> Value:
    if values is MISSING:
        return MISSING
    return finite(_total(need_array_of(values, "number", "$sum", run)))


def _average(run: Run, values: Value) -> Value:
    if values is MISSING:
        return MISSING
    items = need_array_of(values, "number", "$average", run)
    return finite(_total(items) / len(items)) if items else MISSING


def _max(run: Run, values: Value) -> Value:
    return (
        MISSING if values is MISSING else max(need_array_of(values, "number", "$max", run), default=MISSING)
    )


def _min(run: Run, values: Value) -> Value:
    return (
        MISSING if values is MISSING else min(need_array_of(values, "number", "$min", run), default=MISSING)
    )


def _abs(_run: Run, value: Value) -> Value:
    need_number(value, 1, "$abs")
    return value if value is MISSING else finite(abs(value))


def _floor(_run: Run, value: Value) -> Value:
    need_number(value, 1, "$floor")
    return value if value is MISSING else math.floor(value)


def _ceil(_run: Run, value: Value) -> Value:
    need_number(value, 1, "$ceil")
    return value if value is MISSING else math.ceil(value)


def _round(_run: Run, value: Value, places: Value = MISSING) -> Value:
    need_number(value, 1, "$round")
    need_number(places, 2, "$round")
    if value is MISSING:
        return MISSING
    if places is not MISSING and places != math.trunc(places):
        raise wrong_kind(places, 2, "$round", "an integer")
    digits = 0 if places is MISSING else int(places)
    if isinstance(value, int) and (digits >= 0 or value.bit_length() > _MOST_DIGITS * 4):
        return value
    if abs(digits) > _MOST_PLACES:
        return value if digits > 0 else 0
    try:
        exact = Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    except ArithmeticError:  # more digits than the decimal context holds: nothing to round away
        return value
    return finite(int(exact) if digits <= 0 else float(exact))


def _power(_run: Run, base: Value, exponent: Value) -> Value:
    need_number(base, 1, "$power")
    need_number(exponent, 2, "$power")
    if base is MISSING:
        return MISSING
    if exponent is MISSING:
        raise wrong_kind(exponent, 2, "$power", "a number")
    try:
        result = math.pow(base, exponent)
    except (OverflowError, ValueError, ZeroDivisionError):
        raise Fault("NOT_JSON", "The result of $power is not a finite number.") from None
    exact = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0
    return finite(base**exponent if exact else result)


def _sqrt(_run: Run, value: Value) -> Value:
    need_number(value, 1, "$sqrt")
    if value is MISSING:
        return MISSING
    if value < 0:
        raise Fault("EXPRESSION_TYPE", "Argument 1 of $sqrt must not be negative.")
    return finite(math.sqrt(value))


def _boolean(_run: Run, value: Value) -> Value:
    return value if value is MISSING else truth(value)


def _not(_run: Run, value: Value) -> Value:
    return value if value is MISSING else not truth(value)


FUNCTIONS = (
    Function(
        "number", _number, 1, 1, "(value)", "The number that a text or a boolean stands for.", context=True
    ),
    Function("sum", _sum, 1, 1, "(numbers)", "The sum of the numbers."),
    Function("average", _average, 1, 1, "(numbers)", "The mean of the numbers."),
    Function("max", _max, 1, 1, "(numbers)", "The largest of the numbers."),
    Function("min", _min, 1, 1, "(numbers)", "The smallest of the numbers."),
    Function("abs", _abs, 1, 1, "(number)", "The number without its sign.", context=True),
    Function("floor", _floor, 1, 1, "(number)", "The next lower integer.", context=True),
    Function("ceil", _ceil, 1, 1, "(number)", "The next higher integer.", context=True),
    Function(
        "round",
        _round,
        1,
        2,
        "(number, places?)",
        "Rounded to places; halves go to the even side.",
        context=True,
    ),
    Function(
        "power", _power, 2, 2, "(base, exponent)", "The base to the power of the exponent.", context=True
    ),
    Function("sqrt", _sqrt, 1, 1, "(number)", "The square root.", context=True),
    Function("boolean", _boolean, 1, 1, "(value)", "Whether the value counts as true.", context=True),
    Function("not", _not, 1, 1, "(value)", "Whether the value counts as false.", context=True),
)
