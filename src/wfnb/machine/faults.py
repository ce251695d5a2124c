"""Errors as data: what a failed step leaves behind, in the state and in the tables."""

from __future__ import annotations

from wfnb.errors import ExpressionError, StepError, WfnbError
from wfnb.machine.messages import Error
from wfnb.model.times import iso
from wfnb.model.values import JsonValue
from wfnb.security.escape import visible

__all__ = ["envelope_error", "error_data"]

_CHARS = 2_000  # an error is copied into the state, the step and the run: it is a sentence, not a document


def error_data(error: WfnbError) -> Error:
    """An error as JSON: category, code, message, and for an expression its text, field, line and column."""
    category = error.category if isinstance(error, StepError) else "ActionError"
    data: Error = {"category": category, "code": _text(error.code), "message": _text(error.message)}
    if error.hint:
        data["hint"] = _text(error.hint)
    if isinstance(error, ExpressionError):
        facts = {"expression": error.source, "field": error.field, "line": error.line, "column": error.column}
        data.update({key: value for key, value in facts.items() if value is not None})
    return data


def envelope_error(error: Error, instance: str, at_us: int) -> dict[str, JsonValue]:
    """The ``error`` root of the envelope (pipeline specification, 4.6.7)."""
    return {
        "name": error["category"],
        "message": error["message"],
        "nodePath": instance,
        "at": iso(at_us),
        "data": error,
    }


def _text(value: object) -> str:
    """Text that can be stored and shown: actions raise errors of their own, with anything in them."""
    return visible(str(value), _CHARS)
