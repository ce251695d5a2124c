"""The written SQL of the state tables by name: one class for each file of statements in ``sql``."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import Any, Final, TypeVar, cast

__all__ = [
    "AUDIT",
    "CHANGES",
    "DRAFTS",
    "HOLDS",
    "INVOCATIONS",
    "LOGS",
    "PACKED",
    "PINS",
    "PROGRESS",
    "RECORDINGS",
    "REDACTIONS",
    "RETENTION",
    "RUNS",
    "SCHEDULES",
    "SEARCH",
    "SECRETS",
    "SOURCES",
    "TRANSACTION",
    "VERSIONS",
    "WAITS",
    "WORKERS",
    "WORKFLOWS",
    "migrations",
    "read_statements",
]

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_FOLDER = files("wfnb.store")
S = TypeVar("S")


def read_statements(kind: type[S], file: str, folder: str = "sql") -> S:
    """The statements of a file. Names that the file and the class do not share are an error here, not in a query."""
    parts = _NAME.split((_FOLDER / folder / file).read_text(encoding="utf-8"))
    found = {
        name: body.strip().removesuffix(";") for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }
    if extra := found.keys() ^ {field.name for field in fields(cast("Any", kind))}:
        raise AssertionError(f"{file} and {kind.__name__} differ in {sorted(extra)}")
    return kind(**found)


def migrations(folder: str = "migrations") -> list[str]:
    """Scripts that bring a store from each schema version to the next, oldest first; the first starts from nothing."""
    scripts = sorted(
        (entry for entry in (_FOLDER / folder).iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name
    )
    return [script.read_text(encoding="utf-8") for script in scripts]


@dataclass(frozen=True, slots=True)
class _Transaction:
    """Statements of ``sql/transaction.sql``."""

    application_id: str
    begin_read: str
    begin_write: str
    commit: str
    count_tables: str
    distrust_schema: str
    durable: str
    head_revision: str
    keep_foreign_keys: str
    mark_application: str
    next_revision: str
    rollback: str
    schema_version: str
    use_wal: str


@dataclass(frozen=True, slots=True)
class _Versions:
    """Statements of ``sql/versions.sql``."""

    add: str
    every: str
    get: str
    latest: str
    of_workflow: str
    triggered: str


@dataclass(frozen=True, slots=True)
class _Runs:
    """Statements of ``sql/runs.sql``."""

    by_id: str
    by_key: str
    by_no: str
    by_parent: str
    children: str
    claim: str
    count: str
    count_of_status: str
    create: str
    forks: str
    last_no: str
    move_on: str
    newest_start: str
    next_ready: str
    open: str
    owners: str
    page: str
    page_of_status: str
    page_of_workflow: str
    park: str
    ready: str
    release: str
    release_leases: str
    renew_leases: str
    reopen: str
    take_over: str
    wake: str


@dataclass(frozen=True, slots=True)
class _Holds:
    """Statements of ``sql/holds.sql``."""

    change: str
    held: str
    of_run: str
    stand: str


@dataclass(frozen=True, slots=True)
class _Progress:
    """Statements of ``sql/progress.sql``."""

    add_checkpoint: str
    add_event: str
    add_macrostep: str
    begin_step: str
    checkpoint: str
    end_step: str
    events: str
    macrosteps: str
    note: str
    steps: str
    step_before: str


@dataclass(frozen=True, slots=True)
class _Waits:
    """Statements of ``sql/waits.sql``."""

    answer: str
    answer_parent: str
    by_no: str
    duplicate: str
    expire: str
    inbox_page: str
    matching: str
    of_effect: str
    of_run: str
    open: str
    open_of_type: str
    receive: str
    received: str
    resolve: str


@dataclass(frozen=True, slots=True)
class _Invocations:
    """Statements of ``sql/invocations.sql``."""

    abandon: str
    add: str
    begin_attempt: str
    cancel_open: str
    end: str
    holder: str
    of_effect: str
    of_run: str
    own: str
    predecessor: str
    share: str
    try_again: str


@dataclass(frozen=True, slots=True)
class _Audit:
    """Statements of ``sql/audit.sql``."""

    add: str
    page: str


@dataclass(frozen=True, slots=True)
class _Recordings:
    """Statements of ``sql/recordings.sql``."""

    attempts: str
    calls: str
    children: str
    failures: str
    macrosteps: str
    notes: str
    runs: str
    starts: str
    waits: str


@dataclass(frozen=True, slots=True)
class _Redactions:
    """Statements of ``sql/redactions.sql``."""

    every: str
    put: str


@dataclass(frozen=True, slots=True)
class _Schedules:
    """Statements of ``sql/schedules.sql``."""

    due: str
    every: str
    fired: str
    get: str
    put: str
    remove: str
    soonest: str


@dataclass(frozen=True, slots=True)
class _Drafts:
    """Statements of ``sql/drafts.sql``."""

    add: str
    change: str
    delete: str
    every: str
    get: str


@dataclass(frozen=True, slots=True)
class _Logs:
    """Statements of ``sql/logs.sql``."""

    add: str
    of_run: str
    page: str


@dataclass(frozen=True, slots=True)
class _Workers:
    """Statements of ``sql/workers.sql``."""

    beat: str
    every: str
    forget: str


@dataclass(frozen=True, slots=True)
class _Retention:
    """Statements of ``sql/retention.sql``."""

    children: str
    count_purged: str
    delete_checkpoints: str
    delete_events: str
    delete_inbox: str
    delete_invocations: str
    delete_logs: str
    delete_macrosteps: str
    delete_run: str
    delete_sharing: str
    delete_steps: str
    delete_waits: str
    due: str
    is_purged: str
    mark: str
    newest: str
    purged: str
    relied_on: str
    workflows: str


@dataclass(frozen=True, slots=True)
class _Search:
    """Statements of ``sql/search.sql``."""

    by_key: str
    count: str
    started_asc: str
    started_desc: str
    summary: str
    updated_asc: str
    updated_desc: str


@dataclass(frozen=True, slots=True)
class _Workflows:
    """Statements of ``sql/workflows.sql``."""

    change: str
    ensure: str
    every: str
    get: str


@dataclass(frozen=True, slots=True)
class _Secrets:
    """Statements of ``sql/secrets.sql``."""

    access: str
    every: str
    get: str
    of_all_tenants: str
    put: str
    remove: str
    rewrap: str


@dataclass(frozen=True, slots=True)
class _Packed:
    """Statements of ``sql/packed.sql``."""

    add_answer: str
    add_call: str
    add_checkpoint: str
    add_event: str
    add_macrostep: str
    add_run: str
    add_step: str
    add_wait: str


@dataclass(frozen=True, slots=True)
class _Pins:
    """Statements of ``sql/pins.sql``."""

    add: str
    drop: str
    of_workflow: str


@dataclass(frozen=True, slots=True)
class _Sources:
    """Statements of ``sql/sources.sql``."""

    drop: str
    every: str
    first_generation: str
    generation: str
    next_generation: str
    put: str


@dataclass(frozen=True, slots=True)
class _Changes:
    """Statements of ``sql/changes.sql``."""

    bound: str
    events: str
    invocations: str
    runs: str
    steps: str
    waits: str


TRANSACTION: Final = read_statements(_Transaction, "transaction.sql")
VERSIONS: Final = read_statements(_Versions, "versions.sql")
RUNS: Final = read_statements(_Runs, "runs.sql")
HOLDS: Final = read_statements(_Holds, "holds.sql")
PROGRESS: Final = read_statements(_Progress, "progress.sql")
WAITS: Final = read_statements(_Waits, "waits.sql")
INVOCATIONS: Final = read_statements(_Invocations, "invocations.sql")
CHANGES: Final = read_statements(_Changes, "changes.sql")
AUDIT: Final = read_statements(_Audit, "audit.sql")
SECRETS: Final = read_statements(_Secrets, "secrets.sql")
PACKED: Final = read_statements(_Packed, "packed.sql")
PINS: Final = read_statements(_Pins, "pins.sql")
SOURCES: Final = read_statements(_Sources, "sources.sql")
RECORDINGS: Final = read_statements(_Recordings, "recordings.sql")
REDACTIONS: Final = read_statements(_Redactions, "redactions.sql")
SCHEDULES: Final = read_statements(_Schedules, "schedules.sql")
DRAFTS: Final = read_statements(_Drafts, "drafts.sql")
LOGS: Final = read_statements(_Logs, "logs.sql")
RETENTION: Final = read_statements(_Retention, "retention.sql")
SEARCH: Final = read_statements(_Search, "search.sql")
WORKERS: Final = read_statements(_Workers, "workers.sql")
WORKFLOWS: Final = read_statements(_Workflows, "workflows.sql")
