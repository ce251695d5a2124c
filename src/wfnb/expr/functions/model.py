"""What a function is, and the checks of arguments that functions share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wfnb.expr.budget import Run
from wfnb.expr.faults import Fault
from wfnb.expr.values import MISSING, Value, is_number, kind

__all__ = ["Function", "listed", "need_array_of", "need_number", "need_text"]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a profile.

    Parameters
    ----------
    name
        Name without ``$``.
    work
        Called with the run and the argument values, `MISSING` among them; gives a value.
    least, most
        How many arguments it takes; `most` is None when there is no upper bound.
    signature
        For people: ``(text, width, fill?)``.
    summary
        One sentence for people.
    context
        With one argument less than `least`, the context is the first.
    """

    name: str
    work: Callable[..., Value]
    least: int
    most: int | None
    signature: str
    summary: str
    context: bool = False


def need_text(value: Value, position: int, name: str) -> None:
    """Raise EXPRESSION_TYPE unless `value` is a string or missing."""
    if not isinstance(value, str) and value is not MISSING:
        raise wrong_kind(value, position, name, "a string")


def need_number(value: Value, position: int, name: str) -> None:
    """Raise EXPRESSION_TYPE unless `value` is a number or missing."""
    if not is_number(value) and value is not MISSING:
        raise wrong_kind(value, position, name, "a number")


def wrong_kind(value: Value, position: int, name: str, wanted: str) -> Fault:
    """The fault of an argument of the wrong kind."""
    return Fault(
        "EXPRESSION_TYPE", f"Argument {position} of {name} must be {wanted}, but it is {kind(value)}."
    )


def listed(value: Value) -> list[Value]:
    """An array as it is; anything else as an array of one."""
    return value if isinstance(value, list) else [value]


def need_array_of(value: Value, wanted: str, name: str, run: Run) -> list[Value]:
    """`value` as a list whose items are all strings (``"string"``), numbers or objects; a single item counts as a list."""
    items = listed(value)
    run.spend(1 + (len(items) >> 2))
    for item in items:
        if (type(item) is not int and type(item) is not float) or wanted != "number":
            found = kind(item)
            if found != wanted:
                raise Fault("EXPRESSION_TYPE", f"{name} takes {wanted}s, but one of the items is {found}.")
    return items
