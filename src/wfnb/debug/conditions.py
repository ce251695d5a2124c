"""Expressions of a debugger: conditions, watches and the text of log lines. Nothing here fails at run time; it says what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from wfnb.errors import ExpressionError, ValidationError
from wfnb.expr import EXTENDED, Compiled, compile_expression
from wfnb.expr.values import MISSING
from wfnb.model.times import iso
from wfnb.model.values import JsonValue, canonical_json

__all__ = ["Message", "holds", "message", "value_of"]

Message = Callable[[Mapping[str, JsonValue], int], str]
"""A log line: from what expressions read, and the moment, to its text."""

_ROOTS: Final = ("payload", "vars", "meta", "error")
_LONGEST: Final = 2_000


def value_of(
    source: str,
    envelope: Mapping[str, JsonValue],
    at_us: int,
    *,
    variables: Mapping[str, JsonValue] | None = None,
) -> tuple[bool, JsonValue]:
    """Whether an expression gives something, and what.

    Raises
    ------
    ExpressionError
        When it cannot be compiled or evaluated.

    Examples
    --------
    >>> value_of("vars.a + 1", {"vars": {"a": 1}}, 0), value_of("vars.b", {"vars": {}}, 0)
    ((True, 2), (False, None))
    """
    compiled = _compiled(source)
    roots = {name: envelope[name] for name in _ROOTS if name in envelope}
    now = iso(at_us) if "nowIso" in compiled.functions else None
    value = compiled.evaluate_raw(roots, now=now, variables=variables)
    return (False, None) if value is MISSING else (True, value)


def holds(condition: str, envelope: Mapping[str, JsonValue], at_us: int) -> tuple[bool, str | None]:
    """Whether a condition is true, or what kept it from an answer. Something that is not there is not true.

    Examples
    --------
    >>> holds("vars.a > 1", {"vars": {}}, 0), holds("vars.a", {"vars": {"a": 1}}, 0)
    ((False, None), (False, 'The condition gave 1; it must be true or false.'))
    """
    try:
        there, value = value_of(condition, envelope, at_us)
    except ExpressionError as error:
        return False, error.message
    if isinstance(value, bool) or not there:
        return bool(value), None
    return False, f"The condition gave {_text(value)[:80]}; it must be true or false."


@lru_cache(maxsize=512)  # lines of one notebook
def message(text: str) -> Message:
    """A log line whose ``{…}`` are expressions; ``{{`` and ``}}`` stand for the braces themselves.

    Raises
    ------
    ValidationError
        ``INVALID_BREAKPOINT`` when a brace is not closed.
    ExpressionError
        When an expression cannot be compiled.

    Examples
    --------
    >>> message("total is {vars.total}")({"vars": {"total": 12}}, 0)
    'total is 12'
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise _invalid(f"A log line is text of at most {_LONGEST:,} characters")
    parts = tuple(_parts(text))
    for source, is_expression in parts:
        if is_expression:
            compile_expression(source, profile=EXTENDED, field="log")

    def made(envelope: Mapping[str, JsonValue], at_us: int) -> str:
        said = (_said(part, envelope, at_us) if is_expression else part for part, is_expression in parts)
        return "".join(said)[:_LONGEST]

    return made


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Plain parts and expressions of a line, in order; braces inside an expression are counted."""
    at = 0
    while at < len(text):
        begin = text.find("{", at)
        if begin < 0:
            yield text[at:].replace("}}", "}"), False
            return
        yield text[at:begin].replace("}}", "}"), False
        if text.startswith("{{", begin):
            yield "{", False
            at = begin + 2
            continue
        end = _closing(text, begin)
        yield text[begin + 1 : end], True
        at = end + 1


def _closing(text: str, begin: int) -> int:
    """Where the brace at `begin` is closed."""
    depth, quote = 0, ""
    for at in range(begin, len(text)):
        char = text[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'`":
            quote = char
        elif char in "{}":
            depth += 1 if char == "{" else -1
            if depth == 0:
                return at
    raise _invalid("A brace of the log line is not closed")


def _said(source: str, envelope: Mapping[str, JsonValue], at_us: int) -> str:
    try:
        there, value = value_of(source, envelope, at_us)
    except ExpressionError as error:
        return f"⟨{error.message}⟩"
    return _text(value) if there else "⟨nothing⟩"


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else canonical_json(value)


def _compiled(source: str) -> Compiled:
    return compile_expression(source, profile=EXTENDED)


def _invalid(text: str) -> ValidationError:
    return ValidationError(
        f"{text}.", code="INVALID_BREAKPOINT", where="log", hint="For example log='total is {vars.total}'."
    )
