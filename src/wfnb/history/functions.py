"""Which functions and tables a question may use: table functions are refused unless they stand here."""

from __future__ import annotations

__all__ = [
    "ALLOWED_TABLE_FUNCTIONS",
    "CATALOG_QUALIFIERS",
    "INFORMATION_TABLES",
    "REFUSED_FUNCTIONS",
    "VIEWS",
    "WIDTH_FUNCTIONS",
]

VIEWS = ("events", "invocations", "runs", "steps", "waits")
"""The tables of the history, by their public names."""

INFORMATION_TABLES = frozenset({"columns", "tables"})
"""Tables of ``information_schema`` that may be read: they say which columns there are."""

ALLOWED_TABLE_FUNCTIONS = frozenset(
    {"generate_series", "histogram", "histogram_values", "json_each", "json_tree", "range", "unnest"}
)
"""Table functions that compute and reach nothing outside the question."""

_BOUNDLESS = "it reserves memory without a bound; write FROM range(…) instead"
_SETTINGS = "it reads settings, not history"
_CHANGES = "it changes something"

REFUSED_FUNCTIONS = {
    "array_resize": _BOUNDLESS,
    "current_setting": _SETTINGS,
    "currval": _CHANGES,
    "generate_series": _BOUNDLESS,
    "getenv": _SETTINGS,
    "getvariable": _SETTINGS,
    "json_serialize_plan": "it plans a statement that is not checked",
    "list_resize": _BOUNDLESS,
    "nextval": _CHANGES,
    "parse_duckdb_log_message": _SETTINGS,
    "pg_sleep": "it only waits",
    "range": _BOUNDLESS,
    "setseed": _CHANGES,
    "setval": _CHANGES,
    "sleep_ms": "it only waits",
    "write_log": _CHANGES,
}
"""Scalar functions that are refused, each with its reason."""

WIDTH_FUNCTIONS = frozenset({"format", "printf"})
"""Functions whose first argument may ask for a result of any width: it must be written out, with small numbers."""

CATALOG_QUALIFIERS = frozenset(
    {"base", "information_schema", "main", "memory", "pg_catalog", "system", "temp"}
)
"""Names before a function that reach past the bounded ones of the history."""
