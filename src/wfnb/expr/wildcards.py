"""``*`` and ``**``: everything in a value, and everything below it."""

from __future__ import annotations

from wfnb.expr.budget import Run
from wfnb.expr.values import MISSING, Seq, Value, unwrap

__all__ = ["descend", "spread_values"]


def spread_values(context: Value, run: Run) -> Value:
    """``*``: the values of an object or array, with arrays among them poured out."""
    if not isinstance(context, (dict, list)):
        return MISSING
    found: list[Value] = Seq()
    values = context.values() if isinstance(context, dict) else context
    for value in values:
        run.spend(1)
        if isinstance(value, list):
            found = [
                *found
            ]  # as in JSONata, a sequence that took an array in is an array: it does not unwrap
            _pour(value, found, run)
        else:
            found.append(value)
    return unwrap(found)


def _pour(values: list[Value], out: list[Value], run: Run) -> None:
    stack = list(reversed(values))
    while stack:
        run.spend(1)
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(reversed(value))
        else:
            out.append(value)


def descend(context: Value, run: Run) -> Value:
    """``**``: the value itself and everything below it, arrays poured out."""
    if context is MISSING:
        return MISSING
    found = Seq()
    stack = [context]
    while stack:
        run.spend(1)
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(reversed(value))
            continue
        found.append(value)
        if isinstance(value, dict):
            stack.extend(reversed(list(value.values())))
    return unwrap(found)
