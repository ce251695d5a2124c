"""The written SQL of the state tables for PostgreSQL: the names of `wfnb.store.statements`, and what only a server needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wfnb.store import statements
from wfnb.store.statements import read_statements

__all__ = [
    "CHANGES",
    "HOLDS",
    "INVOCATIONS",
    "JOBS",
    "MIGRATIONS",
    "PROGRESS",
    "RUNS",
    "SCHEMA",
    "TRANSACTION",
    "VERSIONS",
    "WAITS",
]

_FOLDER = "postgres_sql"


@dataclass(frozen=True, slots=True)
class _Transaction:
    """Statements of ``postgres_sql/transaction.sql``."""

    begin_read: str
    begin_write: str
    commit: str
    head: str
    lock_key: str
    lock_parent: str
    lock_run: str
    lock_tables: str
    next_revision: str
    now: str
    rollback: str
    settings: str
    settled: str
    version_exists: str


@dataclass(frozen=True, slots=True)
class _Schema:
    """Statements of ``postgres_sql/schema.sql``."""

    count_tables: str
    create: str
    lock: str
    marked: str
    migrated: str
    name: str
    server: str
    version: str


@dataclass(frozen=True, slots=True)
class _Jobs:
    """Statements of ``postgres_sql/jobs.sql``."""

    applied: str
    connect: str
    count: str
    enter: str
    exists: str
    note_applied: str
    prepare: str
    queue_run: str
    unqueued: str
    use: str


TRANSACTION: Final = read_statements(_Transaction, "transaction.sql", _FOLDER)
SCHEMA: Final = read_statements(_Schema, "schema.sql", _FOLDER)
VERSIONS: Final = read_statements(type(statements.VERSIONS), "versions.sql", _FOLDER)
RUNS: Final = read_statements(type(statements.RUNS), "runs.sql", _FOLDER)
PROGRESS: Final = read_statements(type(statements.PROGRESS), "progress.sql", _FOLDER)
WAITS: Final = read_statements(type(statements.WAITS), "waits.sql", _FOLDER)
HOLDS: Final = read_statements(type(statements.HOLDS), "holds.sql", _FOLDER)
INVOCATIONS: Final = read_statements(type(statements.INVOCATIONS), "invocations.sql", _FOLDER)
CHANGES: Final = read_statements(type(statements.CHANGES), "changes.sql", _FOLDER)
JOBS: Final = read_statements(_Jobs, "jobs.sql", _FOLDER)
MIGRATIONS: Final = statements.migrations("postgres_migrations")
