"""Functions on text."""

from __future__ import annotations

import math
import re

from wfnb.expr.budget import Run
from wfnb.expr.faults import Fault
from wfnb.expr.functions.model import Function, need_array_of, need_number, need_text, wrong_kind
from wfnb.expr.text import json_text, text_of
from wfnb.expr.values import MISSING, Value

__all__ = ["FUNCTIONS"]

_BLANKS = re.compile(r"[ \t\n\r]+")


def _string(run: Run, value: Value, pretty: Value = MISSING) -> Value:
    if value is MISSING:
        return MISSING
    if pretty is True and isinstance(value, (list, dict)):
        return json_text(value, run, pretty=True)
    return text_of(value, run)


def _uppercase(run: Run, text: Value) -> Value:
    need_text(text, 1, "$uppercase")
    return text if text is MISSING else _sized(text.upper(), run)


def _lowercase(run: Run, text: Value) -> Value:
    need_text(text, 1, "$lowercase")
    return text if text is MISSING else _sized(text.lower(), run)


def _sized(text: str, run: Run) -> str:
    run.check_text(len(text))
    return text


def _length(_run: Run, text: Value) -> Value:
    need_text(text, 1, "$length")
    return text if text is MISSING else len(text)


def _trim(run: Run, text: Value) -> Value:
    need_text(text, 1, "$trim")
    if text is MISSING:
        return MISSING
    run.check_text(len(text))
    return _BLANKS.sub(" ", text).strip(" ")


def _substring(run: Run, text: Value, start: Value, length: Value = MISSING) -> Value:
    need_text(text, 1, "$substring")
    need_number(start, 2, "$substring")
    need_number(length, 3, "$substring")
    if text is MISSING or start is MISSING:
        return text
    run.check_text(len(text))
    size = len(text)
    first = 0 if size + start < 0 else start
    if length is MISSING:
        return text[math.trunc(first) :]
    if length <= 0:
        return ""
    end = first + length if first >= 0 else size + first + length
    return text[math.trunc(first) : math.trunc(end)]


def _substring_before(_run: Run, text: Value, mark: Value) -> Value:
    need_text(text, 1, "$substringBefore")
    need_text(mark, 2, "$substringBefore")
    return text if text is MISSING or mark is MISSING or mark not in text else text[: text.index(mark)]


def _substring_after(_run: Run, text: Value, mark: Value) -> Value:
    need_text(text, 1, "$substringAfter")
    need_text(mark, 2, "$substringAfter")
    return (
        text
        if text is MISSING or mark is MISSING or mark not in text
        else text[text.index(mark) + len(mark) :]
    )


def _contains(run: Run, text: Value, part: Value) -> Value:
    need_text(text, 1, "$contains")
    need_text(part, 2, "$contains")
    if text is MISSING or part is MISSING:
        return MISSING
    run.check_text(len(text))
    return part in text


def _split(run: Run, text: Value, separator: Value, limit: Value = MISSING) -> Value:
    need_text(text, 1, "$split")
    if text is MISSING and separator is MISSING:
        return MISSING
    if not isinstance(separator, str):
        raise wrong_kind(separator, 2, "$split", "a string")
    need_number(limit, 3, "$split")
    if text is MISSING:
        return MISSING
    if limit is not MISSING and limit < 0:
        raise Fault("EXPRESSION_TYPE", "Argument 3 of $split must not be negative.")
    most = text.count(separator) + 1 if separator else len(text)
    wanted = most if limit is MISSING else min(most, math.floor(limit))
    run.check_items(wanted)
    run.spend(wanted + (len(text) >> 7))
    if not separator:
        return list(text[:wanted])
    return text.split(separator, wanted)[:wanted] if wanted else []


def _join(run: Run, items: Value, separator: Value = MISSING) -> Value:
    need_text(separator, 2, "$join")
    if items is MISSING:
        return MISSING
    texts = need_array_of(items, "string", "$join", run)
    glue = "" if separator is MISSING else separator
    run.check_text(sum(map(len, texts)) + len(glue) * max(len(texts) - 1, 0))
    return glue.join(texts)


def _replace(run: Run, text: Value, pattern: Value, replacement: Value, limit: Value = MISSING) -> Value:
    for position, value in enumerate((text, pattern, replacement), start=1):
        need_text(value, position, "$replace")
    need_number(limit, 4, "$replace")
    if MISSING in (text, pattern, replacement):
        return MISSING if text is MISSING else text
    if pattern == "":
        raise Fault("EXPRESSION_TYPE", "Argument 2 of $replace must not be empty.")
    if limit is not MISSING and limit < 0:
        raise Fault("EXPRESSION_TYPE", "Argument 4 of $replace must not be negative.")
    times = text.count(pattern) if limit is MISSING else min(text.count(pattern), math.ceil(limit))
    run.check_text(len(text) + times * (len(replacement) - len(pattern)))
    run.check_text(len(text))
    return text.replace(pattern, replacement, times)


def _pad(run: Run, text: Value, width: Value, fill: Value = MISSING) -> Value:
    need_text(text, 1, "$pad")
    need_number(width, 2, "$pad")
    need_text(fill, 3, "$pad")
    if text is MISSING or width is MISSING:
        return text
    missing = abs(math.trunc(width)) - len(text)
    if missing <= 0:
        return text
    run.check_text(len(text) + missing)
    pattern = fill or " "
    filling = (pattern * (missing // len(pattern) + 1))[:missing]
    return text + filling if width > 0 else filling + text


FUNCTIONS = (
    Function(
        "string",
        _string,
        1,
        2,
        "(value, pretty?)",
        "Text of a value: objects and arrays as JSON.",
        context=True,
    ),
    Function("uppercase", _uppercase, 1, 1, "(text)", "The text in capital letters.", context=True),
    Function("lowercase", _lowercase, 1, 1, "(text)", "The text in small letters.", context=True),
    Function("length", _length, 1, 1, "(text)", "The number of characters.", context=True),
    Function(
        "trim",
        _trim,
        1,
        1,
        "(text)",
        "The text without blanks around it and single ones inside.",
        context=True,
    ),
    Function("substring", _substring, 2, 3, "(text, start, length?)", "A part of the text.", context=True),
    Function(
        "substringBefore",
        _substring_before,
        2,
        2,
        "(text, mark)",
        "What stands before the mark.",
        context=True,
    ),
    Function(
        "substringAfter", _substring_after, 2, 2, "(text, mark)", "What stands behind the mark.", context=True
    ),
    Function("contains", _contains, 2, 2, "(text, part)", "Whether the text holds the part.", context=True),
    Function(
        "split", _split, 2, 3, "(text, separator, limit?)", "The parts between separators.", context=True
    ),
    Function(
        "join", _join, 1, 2, "(texts, separator?)", "The texts in one, with the separator between them."
    ),
    Function(
        "replace", _replace, 3, 4, "(text, part, by, limit?)", "The text with a part replaced.", context=True
    ),
    Function(
        "pad",
        _pad,
        2,
        3,
        "(text, width, fill?)",
        "The text filled up to a width; negative fills in front.",
        context=True,
    ),
)
