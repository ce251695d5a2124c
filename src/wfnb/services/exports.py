"""Exports: runs, events, audit and logs as CSV, JSON or Parquet files; secrets masked, and no cell is a formula."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from wfnb.errors import MissingExtraError
from wfnb.model.times import iso
from wfnb.model.values import JsonValue, canonical_json
from wfnb.security.redact import redact
from wfnb.services import audit
from wfnb.services.audit import AuditFilter
from wfnb.store import logs
from wfnb.store.logs import LogFilter
from wfnb.store.port import Store
from wfnb.store.records import InboxFilter, InboxRow, RunFilter, RunRow

__all__ = ["COLUMNS", "FORMATS", "Row", "rows_of", "write"]

Row: TypeAlias = tuple[Any, ...]

COLUMNS: Final = {
    "runs": (
        "run_id", "workflow_name", "workflow_id", "workflow_version", "status", "tenant_id", "started_at", "updated_at",
        "completed_at",
    ),
    "events": (
        "event_id", "event_name", "correlation_key", "status", "matched_run_id", "matched_wait_id", "started_run_ids",
        "error_message", "created_at", "payload",
    ),
    "audit": (
        "timestamp", "operation", "user_id", "role", "source", "table_name", "record_id", "reason", "changes",
    ),
    "logs": ("created_at", "level", "source", "message", "run_id", "step_path", "context"),
}  # fmt: skip
"""What can be exported, with its columns."""

FORMATS: Final = ("csv", "json", "parquet")
"""The formats of a file."""

_PAGE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows_of(store: Store, what: str, tenant: str, chosen: RunFilter) -> Iterator[Row]:
    """Every row of an export, the newest first; read page by page. `chosen` says which runs."""
    match what:
        case "runs":
            return _runs(store, tenant, chosen)
        case "events":
            return _events(store, tenant)
        case "audit":
            return _audit(store)
        case _:
            return _logs(store)


def write(path: Path, form: str, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    """Write rows into a file.

    Raises
    ------
    MissingExtraError
        For Parquet without duckdb and pandas.
    """
    writers: dict[str, Callable[[Path, tuple[str, ...], Iterable[Row]], None]] = {
        "csv": _write_csv,
        "json": _write_json,
        "parquet": _write_parquet,
    }
    writers[form](path, columns, rows)


def _runs(store: Store, tenant: str, chosen: RunFilter) -> Iterator[Row]:
    names: dict[tuple[str, int], str] = {}
    page = replace(chosen, before=None, limit=_PAGE, tenant=tenant)
    while found := store.runs(page):
        for run in found:
            yield _run(store, names, run)
        page = replace(page, before=found[-1].run_no)


def _run(store: Store, names: dict[tuple[str, int], str], run: RunRow) -> Row:
    place = (run.workflow_id, run.workflow_version)
    if place not in names:
        version = store.version(*place)
        names[place] = version.name if version is not None else ""
    ended = None if run.completed_us is None else iso(run.completed_us)
    times = (iso(run.started_us), iso(run.updated_us), ended)
    return (run.run_id, names[place], *place, run.status, run.tenant, *times)


def _events(store: Store, tenant: str) -> Iterator[Row]:
    page = InboxFilter(tenant=tenant, limit=_PAGE)
    while found := store.inbox(page):
        for row in found:
            run = store.run_by_no(row.run_no) if row.run_no is not None else None
            taken = None if run is None else run.run_id
            started = canonical_json(list(row.started))
            head = (row.inbox_no, row.name, row.key, _status(row), taken, row.wait_no, started, row.error)
            yield (*head, iso(row.received_us), _text(row.payload))
        page = replace(page, before=found[-1].inbox_no)


def _status(row: InboxRow) -> str:
    if row.error is not None:
        return "error"
    return "matched" if row.run_no is not None or row.started else "unmatched"


def _audit(store: Store) -> Iterator[Row]:
    page = AuditFilter(limit=_PAGE)
    while found := audit.entries(store.database, page):
        for row in found:
            who = (row.actor, row.role, row.source)
            yield (
                iso(row.at_us),
                row.operation,
                *who,
                row.target_type,
                row.target_id,
                row.reason,
                _text(row.changes),
            )
        page = replace(page, before=found[-1].audit_no)


def _logs(store: Store) -> Iterator[Row]:
    page = LogFilter(limit=_PAGE)
    while found := logs.page(store.database, page):
        for row in found:
            run = store.run_by_no(row.run_no)
            run_id = None if run is None else run.run_id
            yield (
                iso(row.at_us),
                row.level,
                row.source,
                row.message,
                run_id,
                row.instance,
                _text(row.context),
            )
        page = replace(page, before=found[-1].log_no)


def _text(value: JsonValue) -> str:
    return canonical_json(redact(value))


def _write_csv(path: Path, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(map(_cell, row) for row in rows)


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _write_json(path: Path, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, row in enumerate(rows):
            file.write(",\n" if number else "\n")
            file.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False))
        file.write("\n]\n")


def _write_parquet(path: Path, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    try:
        import duckdb
        import pandas as pd
    except ImportError:
        raise MissingExtraError(
            "Parquet files need duckdb and pandas.", hint="Install wfnb[history], or export CSV or JSON."
        ) from None
    frame = pd.DataFrame(list(rows), columns=list(columns))
    with duckdb.connect(":memory:") as connection:
        connection.from_df(frame).write_parquet(str(path))
