"""What DuckDB's errors mean to the person who asked; no value of a row or a parameter gets into a message."""

from __future__ import annotations

import re

import duckdb

from wfnb.errors import QueryError
from wfnb.limits import LIMITS

__all__ = ["explain"]

_LINE = re.compile(r"^LINE (\d+):(.*)\n(\s*)\^", re.MULTILINE)
_BOUNDED = re.compile(r"(\w+ gives at most \d+ characters)")
_HINT = re.compile(
    r"(Did you mean [^\n]*|Candidate bindings: [^\n]*|You might need to add explicit type casts\.)"
)
_PREFIX = re.compile(r"^[A-Z][\w ]* Error: ")

_FAILED: dict[type[duckdb.Error], tuple[str, str | None]] = {
    duckdb.ConversionException: (
        "A value could not be converted.",
        "TRY_CAST gives NULL instead of an error.",
    ),
    duckdb.OutOfRangeException: (
        "A number is out of its range.",
        "Cast to a wider type, such as DOUBLE or HUGEINT.",
    ),
}


def explain(error: duckdb.Error, *, sql: str) -> QueryError:
    """The error to raise for what DuckDB said about a question."""
    text = str(error)
    where = _where(text)
    if isinstance(error, duckdb.InterruptException):
        return QueryError(
            f"The question took longer than {LIMITS.query_time_ms / 1000:g} seconds.",
            code="QUERY_TIMEOUT",
            hint="Ask about fewer runs, for example with WHERE started_at > …, or count before you list.",
        )
    bounded = _BOUNDED.search(text)
    if isinstance(error, duckdb.OutOfMemoryException) or bounded:
        return QueryError(
            f"{bounded[1].capitalize()}." if bounded else "The question needs more memory than it may use.",
            code="QUERY_TOO_LARGE",
            where=where,
            hint="Ask about fewer runs or fewer columns.",
        )
    if isinstance(error, (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)):
        return QueryError(_sentence(text, sql), code="QUERY_SYNTAX", where=where, hint=_hint(text))
    if isinstance(error, (duckdb.PermissionException, duckdb.InvalidInputException)) and "disabled" in text:
        return QueryError(
            "The question reaches outside the history.", where=where, hint="Ask the history only."
        )
    message, hint = _FAILED.get(type(error), ("DuckDB could not answer the question.", None))
    return QueryError(message, code="QUERY_FAILED", where=where, hint=hint)


def _where(text: str) -> str | None:
    found = _LINE.search(text)
    if found is None:
        return None
    column = max(1, len(found[3]) - len(f"LINE {found[1]}: ") + 1)
    return f"line {found[1]}, column {column}"


def _hint(text: str) -> str | None:
    found = _HINT.search(text)
    if found is None:
        return None
    return found[1] if found[1].endswith(("?", ".")) else f"{found[1]}."


def _sentence(text: str, sql: str) -> str:
    """DuckDB's first line, when all it quotes stands in the question itself."""
    line = _HINT.sub("", _PREFIX.sub("", text.partition("\n")[0])).strip()
    quoted = re.findall(r"\"([^\"]*)\"|'([^']*)'", line)
    if any(part.lower() not in sql.lower() for pair in quoted for part in pair if part and "(" not in part):
        return "The question does not fit the tables of the history."
    return line[:1].upper() + line[1:] + ("" if line.endswith((".", "!", "?")) else ".")
