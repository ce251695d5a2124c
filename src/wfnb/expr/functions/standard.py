"""The five functions of the standard profile."""

from __future__ import annotations

from wfnb.expr.budget import Run
from wfnb.expr.faults import Fault
from wfnb.expr.functions.model import Function
from wfnb.expr.text import text_of
from wfnb.expr.values import MISSING, Value

__all__ = ["FUNCTIONS"]


def _now_iso(run: Run) -> Value:
    if run.now is None:
        raise Fault(
            "NO_CLOCK",
            "nowIso() needs the time of the run, which was not given.",
            hint="Pass now= to evaluate().",
        )
    return run.now


def _coalesce(_run: Run, *values: Value) -> Value:
    for value in values:
        if value is not None and value is not MISSING:
            return value
    return None


def _len(_run: Run, value: Value) -> Value:
    return len(value) if isinstance(value, (str, list)) else 0


def _to_string(run: Run, value: Value) -> Value:
    return "" if value is None else text_of(value, run)


def _append(run: Run, items: Value, value: Value) -> Value:
    out = [] if items is MISSING or items is None else list(items) if isinstance(items, list) else [items]
    added = [] if value is MISSING else value if isinstance(value, list) else [value]
    run.check_items(len(out) + len(added))
    out.extend(added)
    return out


FUNCTIONS = (
    Function("nowIso", _now_iso, 0, 0, "()", "The time of the run as ISO 8601 text in UTC."),
    Function(
        "coalesce",
        _coalesce,
        1,
        None,
        "(value, ...)",
        "The first value that is neither null nor missing, or null.",
    ),
    Function("len", _len, 1, 1, "(value)", "The length of a string or an array; 0 for anything else."),
    Function(
        "toString",
        _to_string,
        1,
        1,
        "(value)",
        "Text of a value: objects as JSON, nothing for null or missing.",
    ),
    Function(
        "append",
        _append,
        2,
        2,
        "(list, value)",
        "The list with the value, or the items of the value, at its end.",
    ),
)
