"""Hardened DuckDB connections, and what the errors of opening and using them mean."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from wfnb.history.statements import schema, statement

__all__ = ["QUESTION_ERRORS", "Busy", "create", "is_busy", "open_file", "open_memory"]

# Enough for a sort of ten million steps; a notebook's machine keeps room for the rest.
_MEMORY_LIMIT = "2GB"

_HARDENED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",  # no files, no network, no other database
    "python_enable_replacements": "false",  # a table name never reads a variable of the caller
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "memory_limit": _MEMORY_LIMIT,
    "temp_directory": "",  # nothing is spilled beside the workspace's files
    "threads": str(min(4, os.cpu_count() or 1)),
    "pandas_analyze_sample": "0",  # object columns are text; guessing from a sample fails when the first rows are empty
}

QUESTION_ERRORS = (
    duckdb.DataError,
    duckdb.ProgrammingError,
    duckdb.NotSupportedError,
    duckdb.InterruptException,
    duckdb.OutOfMemoryException,
    duckdb.PermissionException,
)
"""Errors that speak of the question. Any other speaks of the file: the history is thrown away and built again."""


class Busy(Exception):  # noqa: N818 - not an error: it never leaves this folder
    """Somebody else has the file open."""


def open_file(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open the file of a projection.

    Raises
    ------
    Busy
        When another process, or other code of this one, has it.
    duckdb.Error
        When it cannot be opened for another reason.
    """
    try:
        return _locked(duckdb.connect(str(path), read_only=read_only, config=dict(_HARDENED)))
    except duckdb.Error as error:
        if is_busy(error):
            raise Busy from error
        raise


def open_memory() -> duckdb.DuckDBPyConnection:
    """An empty database that lives in this process only."""
    return _locked(duckdb.connect(":memory:", config=dict(_HARDENED)))


def is_busy(error: duckdb.Error) -> bool:
    """Whether a file could not be opened because it is in use."""
    text = str(error)
    return "Could not set lock" in text or "different configuration" in text


def _locked(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The same question gives the same answer on every machine; after that no setting can be changed."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET lock_configuration = true")
    return connection


def create(connection: duckdb.DuckDBPyConnection, fingerprint: str) -> None:
    """Make the tables and views of an empty projection, in one transaction."""
    connection.begin()
    connection.execute(schema())
    connection.execute(statement("fill", "begin_history"), {"fingerprint": fingerprint})
    connection.commit()
