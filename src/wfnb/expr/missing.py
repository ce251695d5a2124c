"""Why a result is missing: the first segment that is not there."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from wfnb.errors import ExpressionError
from wfnb.expr.references import ROOTS, Reference
from wfnb.model.values import JsonValue

__all__ = ["missing_error"]


def missing_error(
    source: str, field: str | None, references: tuple[Reference, ...], scope: Mapping[str, JsonValue]
) -> ExpressionError:
    """The error of an expression that gave no value; names the first path segment that the data does not have."""
    message, hint = (
        f"The expression '{_short(source)}' gave no value.",
        f"Give a default: ({_short(source)}) ?? null.",
    )
    line = column = 1
    stray = next(
        (one for one in references if one.nested and one.start and one.path[one.start] in ROOTS), None
    )
    if stray is not None:
        hint = (
            f"Inside [...] and after a dot the roots are written with a dollar: ${stray.path[stray.start]}."
        )
    for reference in references:
        gap = None if reference.nested else _gap(reference.path, scope)
        if gap is not None:
            found, segment, keys = gap
            where = f" in {found}" if found else ""
            near = get_close_matches(segment, keys, n=1)
            message = f"The expression '{_short(source)}' gave no value: {segment} is missing{where}."
            hint = f"Did you mean {near[0]}?" if near else hint
            line, column = reference.line, reference.column
            break
    return ExpressionError(
        message, code="MISSING_VALUE", hint=hint, source=source, field=field, line=line, column=column
    )


def _gap(path: tuple[str | None, ...], scope: Mapping[str, JsonValue]) -> tuple[str, str, list[str]] | None:
    """What was found, the segment that was not, and the names there are instead."""
    values: list[JsonValue] = [dict(scope)]
    walked = ""
    for segment in path:
        values = [one for value in values for one in _items(value)]
        if segment is None:
            values = [
                one for value in values for one in (value.values() if isinstance(value, dict) else [value])
            ]
            walked += "[]"
            continue
        keys = sorted({str(key) for value in values if isinstance(value, dict) for key in value})
        values = [value[segment] for value in values if isinstance(value, dict) and segment in value]
        if not values:
            return walked, segment, keys
        walked = f"{walked}.{segment}" if walked else segment
    return None


def _items(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [value]


def _short(source: str) -> str:
    text = " ".join(source.split())
    return text if len(text) <= 80 else text[:77] + "..."
