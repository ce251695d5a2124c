"""JSON as the text that stores keep: compact, and always readable again."""

from __future__ import annotations

import json
from typing import cast

from wfnb.errors import LimitExceeded, ValidationError
from wfnb.limits import LIMITS
from wfnb.model.values import JsonValue, check_json

__all__ = ["dump", "load", "load_object"]

# Made once: json.dumps makes a new encoder for every call that is not its default. A circle ends by its depth.
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False)
_encode = _ENCODER.encode
_decode = json.JSONDecoder().decode


def dump(value: JsonValue) -> str:
    """Compact text of a JSON value; keys keep their order.

    Raises
    ------
    ValidationError
        ``NOT_JSON`` when the value cannot be written as JSON.
    LimitExceeded
        ``TOO_DEEP`` when it is nested deeper than can be written.

    Examples
    --------
    >>> dump({"b": 1, "a": ["é", None]})
    '{"b":1,"a":["é",null]}'
    """
    try:
        text = _encode(value)
        if not text.isascii():
            text.encode()  # a lone surrogate can be stored nowhere
    except RecursionError:
        raise LimitExceeded(
            f"The value is nested deeper than {LIMITS.value_depth} levels.", code="TOO_DEEP", where="store"
        ) from None
    except (TypeError, ValueError) as error:
        check_json(value, where="store")
        raise ValidationError(
            f"The value cannot be written as JSON: {error}.", code="NOT_JSON", where="store"
        ) from None
    return text


def load(text: str | None) -> JsonValue:
    """The value that a text stands for; None for no text.

    Examples
    --------
    >>> load('[1,"x"]'), load(None)
    ([1, 'x'], None)
    """
    return None if text is None else _decode(text)


def load_object(text: str | None) -> dict[str, JsonValue] | None:
    """As `load`, for columns that hold objects only."""
    return None if text is None else cast("dict[str, JsonValue]", _decode(text))
