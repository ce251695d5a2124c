"""Functions on arrays."""

from __future__ import annotations

from wfnb.expr.budget import Run
from wfnb.expr.faults import Fault
from wfnb.expr.functions.model import Function, listed
from wfnb.expr.values import MISSING, Seq, Value, is_number, kind

__all__ = ["FUNCTIONS", "fingerprint"]


def _count(_run: Run, value: Value) -> Value:
    return 0 if value is MISSING else len(listed(value))


def _reverse(run: Run, value: Value) -> Value:
    if value is MISSING:
        return MISSING
    items = listed(value)
    run.check_items(len(items))
    return items[::-1] if len(items) > 1 else items


def _distinct(run: Run, value: Value) -> Value:
    if not isinstance(value, list) or len(value) < 2:
        return value
    seen: set[object] = set()
    out: list[Value] = Seq() if isinstance(value, Seq) else []
    for item in value:
        run.spend(2)
        mark = item if type(item) is str else fingerprint(item, run)
        if mark not in seen:
            seen.add(mark)
            out.append(item)
    return out


def fingerprint(value: Value, run: Run) -> object:
    """Something hashable that is equal exactly when two JSON values are: 1 is 1.0, but true is not 1."""
    if isinstance(value, list):
        run.spend(len(value))
        return ("array", tuple([fingerprint(item, run) for item in value]))
    if isinstance(value, dict):
        run.spend(len(value))
        return ("object", frozenset([(key, fingerprint(item, run)) for key, item in value.items()]))
    return (isinstance(value, bool), value)


def _sort(run: Run, value: Value) -> Value:
    if value is MISSING:
        return MISSING
    items = listed(value)
    if len(items) < 2:
        return items
    run.check_items(len(items))
    run.spend(len(items))
    numbers = all(is_number(item) for item in items)
    if not numbers and not all(isinstance(item, str) for item in items):
        odd = next(item for item in items if not is_number(item))
        raise Fault(
            "EXPRESSION_TYPE",
            f"$sort orders numbers or strings, but one of the items is {kind(odd)}.",
            hint="Order objects with a path: items^(price).",
        )
    return sorted(items)


def _zip(run: Run, *lists: Value) -> Value:
    size = min((len(one) if isinstance(one, list) else int(one is not MISSING)) for one in lists)
    run.check_items(size * len(lists))
    run.spend(size)
    return [list(row) for row in zip(*[listed(one)[:size] for one in lists], strict=True)]


FUNCTIONS = (
    Function("count", _count, 1, 1, "(array)", "The number of items; 0 when missing."),
    Function("reverse", _reverse, 1, 1, "(array)", "The items from the last to the first."),
    Function("distinct", _distinct, 1, 1, "(array)", "The items without repetitions."),
    Function("sort", _sort, 1, 1, "(array)", "The numbers or strings in order."),
    Function(
        "zip",
        _zip,
        1,
        None,
        "(array, ...)",
        "The first items of all arrays, then the second ones, and so on.",
    ),
)
