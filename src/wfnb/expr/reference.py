"""The reference evaluator: jsonata-python itself, hardened, for comparing the compiler with it.

It runs the same repaired syntax tree. What the library lacks is added around it, without patching it: a budget of its own that
cannot be switched off, a copy and a frame per call (a shared expression mixes up contexts between threads), null kept apart from
missing, and every failure told as an `ExpressionError`. It is slow and is not used to run workflows.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from wfnb.errors import ExpressionError
from wfnb.expr.budget import Run
from wfnb.expr.check import check
from wfnb.expr.convert import convert
from wfnb.expr.faults import Fault, to_error
from wfnb.expr.finish import finish
from wfnb.expr.functions import Function
from wfnb.expr.functions.standard import FUNCTIONS as STANDARD_FUNCTIONS
from wfnb.expr.library import load, parse_symbols
from wfnb.expr.parse import check_text
from wfnb.expr.profiles import STANDARD, Profile
from wfnb.expr.values import MISSING, Value
from wfnb.limits import LIMITS, Limits
from wfnb.model.values import JsonValue

__all__ = ["evaluate_by_reference"]


def evaluate_by_reference(
    source: str,
    scope: Mapping[str, JsonValue],
    *,
    profile: Profile = STANDARD,
    now: str | None = None,
    variables: Mapping[str, JsonValue] | None = None,
    limits: Limits = LIMITS,
) -> Value:
    """What jsonata-python makes of an expression, or `wfnb.expr.values.MISSING`.

    Raises
    ------
    ExpressionError
        REFERENCE_ERROR for whatever the library raises; the codes of compiling for what is refused before.

    Examples
    --------
    >>> evaluate_by_reference("payload.items[price > 2].sku", {"payload": {"items": [{"sku": "a", "price": 3}]}})
    'a'
    """
    run = Run(scope, {}, now, limits)
    try:
        check_text(source, limits)
        tree = parse_symbols(source)
        check(convert(tree, source), profile)
        _name_calls(tree)
        result = _evaluate(tree, copy.deepcopy(dict(scope)), copy.deepcopy(dict(variables or {})), run)
        return result if result is MISSING else finish(result, run)
    except Fault as fault:
        raise to_error(fault, source, None) from None
    except Exception as error:
        # The library raises dozens of kinds: JException, ValueError, KeyError, OverflowError, RecursionError ...
        message = f"The reference evaluator raised {type(error).__name__}: {error}"
        raise ExpressionError(message, code="REFERENCE_ERROR", source=source) from error


def _evaluate(tree: Any, data: dict[str, JsonValue], variables: dict[str, JsonValue], run: Run) -> Value:
    library = load()
    jsonata, null = library["jsonata"].Jsonata, library["utils"].Utils.NULL_VALUE
    engine = copy.copy(_Template.get())
    frame = jsonata.Frame(jsonata.static_frame)
    root = _with_null(data, null)
    for name, value in {**root, **_with_null(variables, null)}.items():
        frame.bind(name, value)
    for function in STANDARD_FUNCTIONS:
        frame.bind(function.name, jsonata.JLambda(_adapter(function, run, null)))
    frame.bind("$", root)
    frame.bind("__evaluate_entry", lambda *_: run.spend(4))
    engine.environment, engine.ast = frame, tree
    current = getattr(jsonata.CURRENT, "jsonata", None)
    jsonata.CURRENT.jsonata = engine
    try:
        result = engine._eval(tree, root, frame)  # noqa: SLF001 - the entry that takes a frame of our own
    finally:
        jsonata.CURRENT.jsonata = current
    return MISSING if result is None else _without_null(result, null)


class _Template:
    """An engine to copy from; making one parses an expression, so it is made once."""

    engine: Any = None

    @classmethod
    def get(cls) -> Any:
        if cls.engine is None:
            cls.engine = load()["jsonata"].Jsonata("1")
            cls.engine.set_validate_input(False)
            cls.engine.set_output_convert_nulls(False)
        return cls.engine


def _adapter(function: Function, run: Run, null: object) -> Any:
    def call(*arguments: Any) -> Any:
        values = [MISSING if one is None else _without_null(one, null) for one in arguments]
        result = function.work(run, *values)
        return None if result is MISSING else null if result is None else _with_null(result, null)

    return call


def _name_calls(symbol: Any) -> None:
    """Make calls without ``$`` calls of the function of that name; the library would look for a field."""
    stack, seen = [symbol], set()
    base = load()["parser"].Parser.Symbol
    while stack:
        here = stack.pop()
        if isinstance(here, (list, tuple)):
            stack.extend(here)
        elif isinstance(here, base) and id(here) not in seen:
            seen.add(id(here))
            if here.type == "function" and here.procedure.type == "path":
                name = base(None)
                name.type, name.value = "variable", here.procedure.steps[0].value
                here.procedure = name
            stack.extend(value for key, value in vars(here).items() if key != "_outer_instance")


def _with_null(value: JsonValue, null: object) -> Any:
    if isinstance(value, dict):
        return {key: null if item is None else _with_null(item, null) for key, item in value.items()}
    if isinstance(value, list):
        return [null if item is None else _with_null(item, null) for item in value]
    return value


def _without_null(value: Any, null: object) -> Any:
    if value is null:
        return None
    if isinstance(value, dict):
        return {key: _without_null(item, null) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_null(item, null) for item in value]
    return value
