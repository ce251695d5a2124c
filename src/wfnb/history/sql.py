"""Puts a question in SQL to the history: checked, bound, bounded in time and rows, answered as a DataFrame."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from datetime import date, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb

from wfnb.errors import QueryError
from wfnb.history.connect import QUESTION_ERRORS
from wfnb.history.faults import explain
from wfnb.history.gate import check
from wfnb.history.projection import Projection
from wfnb.limits import LIMITS

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["query"]

# What can stand around a parameter: texts, quoted names, comments and casts are passed over.
_PARAMETER = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | --[^\n]* | /\*.*?\*/ | ::
    | :(?P<name>[A-Za-z_]\w*)""",
    re.VERBOSE | re.DOTALL,
)
_SCALARS = (str, int, float, bool, Decimal, date, time, timedelta, type(None))
_HALF = re.compile("[\ud800-\udfff]")  # half a character, which DuckDB does not take
_VECTOR_ROWS = 2_048


def query(projection: Projection, sql: str, params: Mapping[str, Any] | None = None) -> DataFrame:
    """Answer one SELECT over the tables `runs`, `steps`, `invocations`, `waits` and `events`.

    Parameters
    ----------
    projection
        The history; it is brought up to date first.
    sql
        The question. Parameters stand in it as ``:name`` or ``$name``.
    params
        Values of the parameters: text, numbers, dates and times, lists of them. They are bound, never written into the SQL.

    Returns
    -------
    DataFrame
        At most ``LIMITS.query_rows`` rows.

    Raises
    ------
    QueryError
        ``QUERY_SYNTAX`` (not SQL, no such column or table, parameters that do not fit), ``QUERY_REFUSED`` (more than one
        SELECT, or outside the history), ``QUERY_TIMEOUT``, ``QUERY_TOO_LARGE``, or ``QUERY_FAILED`` (a value that cannot be
        converted, for instance).
    """
    if not isinstance(sql, str) or _HALF.search(sql):
        raise QueryError("The question must be text.", code="QUERY_SYNTAX", hint="Ask with one SELECT.")
    values = dict(params or {})
    for name, value in values.items():
        _check_value(name, value)
    text = _with_dollars(sql, values)

    def question(connection: duckdb.DuckDBPyConnection) -> DataFrame:
        try:
            _check_names(check(connection, text), values)
            return _run(connection, text, values)
        except (
            QUESTION_ERRORS
        ) as error:  # at any other one the projection builds itself again, and asks once more
            if isinstance(error, duckdb.ParserException):
                _check_names(values.keys() | _colon_names(text), values)
            raise explain(error, sql=text) from None  # the original quotes values of rows

    return projection.ask(question)[0]


def _run(connection: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any]) -> DataFrame:
    connection.execute("BEGIN TRANSACTION READ ONLY")
    try:
        with _deadline(connection):
            connection.execute(sql, values)
            frame = connection.fetch_df_chunk(LIMITS.query_rows // _VECTOR_ROWS + 1)
    finally:
        with suppress(duckdb.Error):  # a transaction that failed may be over already
            connection.rollback()
    if len(frame) > LIMITS.query_rows:
        raise QueryError(
            f"The answer has more than {LIMITS.query_rows:,} rows.",
            code="QUERY_TOO_LARGE",
            hint="Add LIMIT, or count and group in the question.",
        )
    return frame


@contextmanager
def _deadline(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt the connection when the time is up, and never afterwards."""
    guard = threading.Lock()
    over = False

    def interrupt() -> None:
        with guard:
            if not over:
                connection.interrupt()

    timer = threading.Timer(LIMITS.query_time_ms / 1000, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with guard:
            over = True
        timer.cancel()


def _with_dollars(sql: str, values: Mapping[str, Any]) -> str:
    """The question with ``:name`` as ``$name``, for names that have a value."""

    def dollar(found: re.Match[str]) -> str:
        name = found["name"]
        return f"${name}" if name in values else found[0]

    return _PARAMETER.sub(dollar, sql)


def _colon_names(sql: str) -> set[str]:
    """Names after a colon: parameters without a value, when the question cannot be read."""
    return {found["name"] for found in _PARAMETER.finditer(sql) if found["name"]}


def _check_names(asked: AbstractSet[str], values: Mapping[str, Any]) -> None:
    missing = sorted(asked - values.keys())
    unused = sorted(values.keys() - asked)
    if missing:
        raise QueryError(
            f"The parameter “{missing[0]}” has no value.",
            code="QUERY_SYNTAX",
            hint=f"Pass it by name: sql(…, {missing[0]}=…)."
            if missing[0].isidentifier()
            else "Write $name, not ?.",
        )
    if unused:
        raise QueryError(
            f"The question has no parameter “{unused[0]}”.",
            code="QUERY_SYNTAX",
            hint=f"Write :{unused[0]} in it.",
        )


def _check_value(name: str, value: Any) -> None:
    items = value if isinstance(value, (list, tuple)) else [value]
    for item in items:
        if not isinstance(item, _SCALARS):
            raise QueryError(
                f"The parameter “{name}” is of type {type(item).__name__}.",
                code="QUERY_SYNTAX",
                hint="Pass text, a number, a date or time, or a list of them.",
            )
