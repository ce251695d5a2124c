"""Arguments of public functions: the wrong type, or a number or text out of bounds, is refused where it is given."""

from __future__ import annotations

import math
import re
from typing import Any

from wfnb.errors import ValidationError

__all__ = ["check_number", "check_text", "check_whole"]

_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST = 1_000  # characters of an id, a key or a reason: more is content, and content has places of its own
_LARGEST = 2**63 - 1  # what every store can hold


def check_text(value: Any, name: str, *, longest: int = _LONGEST) -> str:
    """`value` when it is text that can be stored, of 1 to `longest` characters.

    Parameters
    ----------
    value
        What was given.
    name
        Name of the argument, for the message. The value itself is not quoted.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT``.

    Examples
    --------
    >>> check_text("orders", "workflow")
    'orders'
    """
    if not isinstance(value, str):
        raise _refused(f"“{name}” must be text, not {_kind(value)}", name)
    if not value:
        raise _refused(f"“{name}” must not be empty", name)
    if len(value) > longest:
        raise _refused(f"“{name}” has {len(value):,} characters; at most {longest:,} are allowed", name)
    if _SURROGATE.search(value):
        raise _refused(f"“{name}” holds half a character (a lone surrogate)", name)
    return value


def check_whole(value: Any, name: str, *, least: int = -_LARGEST) -> int:
    """`value` when it is a whole number of `least` or more.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT``.

    Examples
    --------
    >>> check_whole(3, "limit", least=1)
    3
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise _refused(f"“{name}” must be a whole number, not {_kind(value)}", name)
    if value < least:
        raise _refused(f"“{name}” must be {least:,} or more", name)
    if value > _LARGEST:
        raise _refused(f"“{name}” is larger than 64 bits can hold", name)
    return value


def check_number(value: Any, name: str) -> float:
    """`value` when it is a number, infinity included.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT``.

    Examples
    --------
    >>> check_number(0.5, "timeout")
    0.5
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(f"“{name}” must be a number, not {_kind(value)}", name)
    if isinstance(value, float) and math.isnan(value):
        raise _refused(f"“{name}” is not a number", name)
    return float(min(value, _LARGEST)) if isinstance(value, int) else value


def _kind(value: Any) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"


def _refused(message: str, name: str) -> ValidationError:
    return ValidationError(f"{message}.", code="INVALID_ARGUMENT", where=name)
