"""Arithmetic on numbers that stays exact for integers and never gives a number JSON cannot hold."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from wfnb.expr.faults import Fault

__all__ = ["ARITHMETIC", "Number", "calculate", "finite"]

Number = int | float

_INT_BITS = 1024  # no integer beyond the range of floats: every JSON reader can hold the result
_SAFE = 2**53  # floats below it with no fraction are integers exactly


def finite(value: Number) -> Number:
    """`value` as a JSON number: integral floats become integers; what is not finite is a fault.

    Examples
    --------
    >>> finite(3.0), finite(-0.0), finite(2.5)
    (3, 0, 2.5)
    """
    if type(value) is float:
        if value.is_integer():
            return int(value) if -_SAFE <= value <= _SAFE else value
        if not math.isfinite(value):
            raise Fault(
                "NOT_JSON",
                "The result is not a finite number.",
                hint="Check for a division by zero or an overflow.",
            )
    elif isinstance(value, int) and value.bit_length() > _INT_BITS:
        raise Fault("NOT_JSON", "The result is larger than any JSON number.")
    return value


def _divide(left: Number, right: Number) -> Number:
    if type(left) is int and type(right) is int and left % right == 0:
        return left // right
    return left / right


def _remainder(left: Number, right: Number) -> Number:
    """The remainder with the sign of the left side, as in ECMAScript."""
    if type(left) is int and type(right) is int:
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    return math.fmod(left, right)


def calculate(work: Callable[[Number, Number], Number], left: Number, right: Number) -> Number:
    """What the operator gives, as a JSON number.

    Raises
    ------
    Fault
        NOT_JSON for a division by zero and for what no float can hold.
    """
    try:
        return finite(work(left, right))
    except (ZeroDivisionError, ValueError):  # math.fmod raises ValueError for a zero
        raise Fault(
            "NOT_JSON", "A number is divided by zero.", hint="Guard it: n = 0 ? 0 : total / n."
        ) from None
    except OverflowError:
        raise Fault("NOT_JSON", "The result is not a finite number.") from None


ARITHMETIC: dict[str, Callable[[Number, Number], Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": _remainder,
}
