"""The log table: lines that actions and people write down about a run, masked and capped before they are stored."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Final

from wfnb.errors import ValidationError
from wfnb.limits import LIMITS
from wfnb.model.arguments import check_text
from wfnb.model.values import JsonValue, check_json
from wfnb.security.escape import visible
from wfnb.security.redact import cap, redact
from wfnb.store.database import Database
from wfnb.store.statements import LOGS
from wfnb.store.text import dump, load_object

__all__ = ["LEVELS", "LogFilter", "LogRow", "add", "check_level", "of_run", "page"]

LEVELS: Final = ("DEBUG", "INFO", "WARN", "ERROR")
"""Levels of log lines, from the least to the most important one."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """A line of the log; `source` is ``action``, ``engine`` or a person."""

    log_no: int
    run_no: int
    instance: str | None
    at_us: int
    level: str
    source: str
    message: str
    context: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines a list shows, newest first. `levels` empty: all; `before` is a ``log_no``."""

    levels: tuple[str, ...] = ()
    search: str | None = None
    before: int | None = None
    limit: int = 100


def check_level(level: str) -> str:
    """A level that there is, in capitals.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT``.

    Examples
    --------
    >>> check_level("warn")
    'WARN'
    """
    name = check_text(level, "level").upper()
    if name not in LEVELS:
        raise ValidationError(
            "There is no such level.",
            code="INVALID_ARGUMENT",
            where="level",
            hint=f"Say one of {', '.join(LEVELS)}.",
        )
    return name


def add(database: Database, line: LogRow) -> None:
    """Add a line; its number is given by the table. What is secret by its name is masked, a large context is cut.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT``; ``NOT_JSON`` for a context that cannot be stored.
    """
    context = cap(redact(check_json(line.context, where="context")), LIMITS.log_context_bytes)
    message = visible(line.message, LIMITS.log_message_chars)
    columns = (line.run_no, line.instance, line.at_us, check_level(line.level), line.source, message)
    with database.writing() as session:
        session.execute(LOGS.add, (*columns, dump(context)))


def of_run(database: Database, run_no: int) -> list[LogRow]:
    """All lines about a run, in order."""
    with database.reading() as session:
        return [_row(row) for row in session.execute(LOGS.of_run, (run_no,))]


def page(database: Database, chosen: LogFilter) -> list[LogRow]:
    """A page of lines about all runs, newest first."""
    before = sys.maxsize if chosen.before is None else chosen.before
    levels = chosen.levels or LEVELS
    pattern = None if chosen.search is None else f"%{_escaped(chosen.search.lower())}%"
    with database.reading() as session:
        values = (before, *_padded(levels), pattern, pattern, pattern, chosen.limit)
        return [_row(row) for row in session.execute(LOGS.page, values)]


def _padded(levels: tuple[str, ...]) -> tuple[str, ...]:
    return (*levels, *[levels[0]] * (len(LEVELS) - len(levels)))


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _row(row: tuple[Any, ...]) -> LogRow:
    number, run_no, instance, at_us, level, source, message, context = row
    return LogRow(number, run_no, instance, at_us, level, source, message, load_object(context) or {})
