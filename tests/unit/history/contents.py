"""Everything a projection holds, so that two of them can be compared."""

from __future__ import annotations

from typing import Any

import duckdb

from wfnb.history.projection import Projection

TABLES = ("run", "step", "invocation", "wait", "event")


def contents(projection: Projection) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of every table, sorted, after catching up."""

    def read(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
        return {
            name: sorted(connection.execute(f"SELECT * FROM base.{name}").fetchall(), key=repr)
            for name in TABLES
        }

    return projection.ask(read)[0]
