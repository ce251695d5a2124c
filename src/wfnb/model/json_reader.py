"""JSON text in: bounded in depth before it is parsed, without duplicate keys and without numbers that are none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NoReturn

from wfnb.errors import DefinitionError, LimitExceeded
from wfnb.limits import LIMITS
from wfnb.model.values import JsonValue

__all__ = ["load_json", "too_deep"]

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}:]|-?Infinity|NaN')
_MOST_DIGITS = 4_000


def load_json(text: str, where: str) -> JsonValue:
    """The value of JSON text.

    Raises
    ------
    DefinitionError
        ``BROKEN_JSON`` or ``DUPLICATE_KEY``, with line and column.
    LimitExceeded
        ``TOO_DEEP``.
    """
    depth = 0
    for token in _TOKENS.finditer(text):
        if token[0] in ("[", "{"):
            depth += 1
            if depth > LIMITS.definition_depth:
                raise too_deep(where)
        elif token[0] in ("]", "}"):
            depth -= 1
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_whole)
    except json.JSONDecodeError as error:
        reason, at = error.msg, error.pos
    except _TwiceError as error:
        key, at = next(_twice(text), (str(error), 0))
        raise DefinitionError(
            f"The key “{key}” stands twice in one object.",
            code="DUPLICATE_KEY",
            where=_place(text, at, where),
            hint="Remove one of the two.",
        ) from None
    except _NumberError as error:
        reason = str(error)
        tokens = (token.start() for token in _TOKENS.finditer(text) if token[0] == error.written)
        at = next(tokens, text.find(error.written))
    raise DefinitionError(
        f"The text is not JSON: {reason}.", code="BROKEN_JSON", where=_place(text, at, where)
    )


def too_deep(where: str) -> LimitExceeded:
    """The error of text that is nested too deeply."""
    return LimitExceeded(
        f"The text is nested deeper than {LIMITS.definition_depth} levels.",
        code="TOO_DEEP",
        where=where,
        hint="Move inner steps into a workflow of their own and call it.",
    )


class _TwiceError(Exception):
    """A key stands twice in one object; the parser does not say where."""


class _NumberError(Exception):
    """A number is none; the parser does not say where."""

    def __init__(self, reason: str, written: str) -> None:
        super().__init__(reason)
        self.written = written


def _no_constant(name: str) -> NoReturn:
    raise _NumberError(f"{name} is not a JSON number", name)


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise _NumberError(f"a number has more than {_MOST_DIGITS:,} digits", digits)
    return int(digits)


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _TwiceError
    return result


def _twice(text: str) -> Iterator[tuple[str, int]]:
    """Keys that stand twice in one object, with the offset of the second one; the text is known to be JSON so far."""
    seen: list[set[str]] = []
    last: tuple[str, int] | None = None
    for token in _TOKENS.finditer(text):
        if token[0] in ("[", "{"):
            seen.append(set())
        elif token[0] in ("]", "}"):
            seen.pop()
        elif token[0] == ":" and last is not None:
            if last[0] in seen[-1]:
                yield last
            seen[-1].add(last[0])
        elif token[0].startswith('"'):
            last = (json.loads(token[0]), token.start())


def _place(text: str, offset: int, where: str) -> str:
    line = text.count("\n", 0, offset) + 1
    return f"{where}, line {line}, column {offset - text.rfind(chr(10), 0, offset)}"
