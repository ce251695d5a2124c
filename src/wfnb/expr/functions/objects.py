"""Functions on objects, and on what kind a value is."""

from __future__ import annotations

from wfnb.expr.budget import Run
from wfnb.expr.functions.model import Function, need_array_of, wrong_kind
from wfnb.expr.values import MISSING, Seq, Value, field, kind

__all__ = ["FUNCTIONS"]


def _keys(run: Run, value: Value) -> Value:
    found: dict[str, None] = {}
    stack = [value]
    while stack:
        here = stack.pop()
        run.spend(1)
        if isinstance(here, dict):
            run.spend(len(here))
            found.update(dict.fromkeys(here))
        elif isinstance(here, list):
            stack.extend(reversed(here))
    return Seq(found)


def _lookup(run: Run, value: Value, name: Value) -> Value:
    if name is MISSING:
        return MISSING
    if not isinstance(name, str):
        raise wrong_kind(name, 2, "$lookup", "a string")
    run.spend(len(value) if isinstance(value, list) else 1)
    return field(value, name)


def _merge(run: Run, value: Value) -> Value:
    if value is MISSING:
        return MISSING
    out: dict[str, Value] = {}
    for one in need_array_of(value, "object", "$merge", run):
        run.spend(len(one))
        out.update(one)
    return out


def _spread(run: Run, value: Value) -> Value:
    if isinstance(value, dict):
        run.spend(len(value))
        return Seq([{key: item} for key, item in value.items()])
    if isinstance(value, list):
        out: list[Value] = []
        for item in value:
            part = _spread(run, item)
            parts = part if isinstance(part, list) else [part]
            run.check_items(len(out) + len(parts), len(parts))
            out.extend(parts)
        return out or Seq()
    return value


def _exists(_run: Run, value: Value) -> Value:
    return value is not MISSING


def _type(_run: Run, value: Value) -> Value:
    return MISSING if value is MISSING else kind(value)


FUNCTIONS = (
    Function(
        "keys",
        _keys,
        1,
        1,
        "(object)",
        "The names of an object, or of all objects of an array.",
        context=True,
    ),
    Function("lookup", _lookup, 2, 2, "(object, name)", "The value under a computed name.", context=True),
    Function("merge", _merge, 1, 1, "(objects)", "One object with the members of all; later ones win."),
    Function("spread", _spread, 1, 1, "(object)", "An array of objects with one member each.", context=True),
    Function("exists", _exists, 1, 1, "(value)", "Whether there is a value; null is one."),
    Function(
        "type", _type, 1, 1, "(value)", "The kind of a value: null, boolean, number, string, array, object."
    ),
)
