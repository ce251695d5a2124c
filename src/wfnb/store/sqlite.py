"""The state store in one SQLite file: WAL mode, every commit on disk before it is acknowledged.

Several processes may use the file at once, each through this class. Write transactions begin as IMMEDIATE, so that none fails
half-way for want of a lock. Connections checkpoint the log by SQLite's own rule (every thousand pages) when they commit.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, TypeVar, cast

from wfnb.model.values import JsonValue
from wfnb.store import decode
from wfnb.store.recordings import SqlRecordings
from wfnb.store.records import (
    Changes,
    Claim,
    Commit,
    Committed,
    EventRow,
    InvocationRow,
    MacrostepRow,
    NewRun,
    RunFilter,
    RunRow,
    StepRow,
    VersionRow,
)
from wfnb.store.refusals import stale_call, version_exists
from wfnb.store.rows import row_changes
from wfnb.store.sqlite_commit import claim_again, write_commit
from wfnb.store.sqlite_film import SqliteFilm
from wfnb.store.sqlite_holds import SqliteHolds
from wfnb.store.sqlite_runs import write_run
from wfnb.store.statements import CHANGES, INVOCATIONS, PROGRESS, RUNS, TRANSACTION, VERSIONS
from wfnb.store.text import dump
from wfnb.store.version_columns import version_columns

__all__ = ["SqliteStore"]

T = TypeVar("T")
_LAST_NO = sys.maxsize  # SQLite's largest row number


class SqliteStore(SqliteHolds, SqliteFilm, SqlRecordings):
    """State tables in a SQLite file. Implements `wfnb.store.port.Store`.

    Parameters
    ----------
    path
        The file; its folder must exist. It is created, readable by its owner alone, when it is not there.
    checksums
        A file that is created carries checksums over its pages; one that is there already stays as it is.

    Raises
    ------
    StoreError
        ``SQLITE_TOO_OLD``, ``CHECKSUMS_MISSING``, ``STORE_FOREIGN``, ``STORE_TOO_NEW``, ``STORE_UNREACHABLE``, ``STORE_READ_ONLY``, ``STORE_DAMAGED``,
        ``STORE_BUSY``, ``STORE_FULL``. Every method may raise the last four, ``STORE_CLOSED`` and ``STORE_FORKED``, and
        `StoreLostError` when the file was replaced or unlocked behind the store's back.
    """

    # --- definitions

    def save_version(self, version: VersionRow) -> None:
        """Store a published version; ``VERSION_EXISTS`` when there is one already."""
        self.save_versions((version,))

    def save_versions(self, versions: Sequence[VersionRow]) -> None:
        """Store published versions: all of them, or none."""
        rows = [(version, version_columns(version)) for version in versions]
        with self._connections.writing() as db:
            for version, values in rows:
                db.execute(VERSIONS.add, values)
                if not db.changes():
                    raise version_exists(version)

    def version(self, workflow_id: str, version: int | None = None) -> VersionRow | None:
        """A version, or the latest one."""
        if version is None:
            return self._one(decode.version_row, VERSIONS.latest, (workflow_id,))
        return self._one(decode.version_row, VERSIONS.get, (workflow_id, version))

    def versions(self, workflow_id: str | None = None) -> list[VersionRow]:
        """All versions (of one workflow), by workflow and version."""
        if workflow_id is None:
            return self._all(decode.version_row, VERSIONS.every)
        return self._all(decode.version_row, VERSIONS.of_workflow, (workflow_id,))

    def triggered(self, event_name: str) -> list[VersionRow]:
        """The latest version of every workflow that an event starts, by workflow."""
        return self._all(decode.version_row, VERSIONS.triggered, (event_name,))

    # --- runs

    def last_run_no(self) -> int:
        """Number of the newest run; 0 when there is none."""
        with self._connections.reading() as db:
            return cast("int", db.execute(RUNS.last_no).get)

    def newest_start_us(self, tenant: str, nth: int) -> int | None:
        """When the `nth` newest run of a tenant began, of those that no other run has called; None when there are fewer."""
        return self._one(_first, RUNS.newest_start, (tenant, nth - 1))

    def create_run(self, run: NewRun) -> tuple[RunRow, bool]:
        """Create a run, unless its key or the step that calls it has one already: then that run, and False.

        Raises
        ------
        StoreError
            ``RUN_EXISTS`` when another run has its id.
        NotFoundError
            ``NO_SUCH_VERSION`` when its version is not stored.
        """
        with self._connections.writing() as db:
            return write_run(db, run)

    def commit(self, commit: Commit) -> Committed:
        """Make macrosteps true in one transaction; what was found out about scheduled invocations, and whether the run is held.

        Raises
        ------
        StaleWriterError
            When another owner has moved the run on: nothing was changed.
        """
        rows = row_changes(commit)
        with self._connections.writing() as db:
            rev = db.execute(TRANSACTION.next_revision).get
            return write_commit(db, commit, rows, rev)

    def run(self, run_id: str) -> RunRow | None:
        """A run by its id."""
        return self._one(decode.run_row, RUNS.by_id, (run_id,))

    def run_by_no(self, run_no: int) -> RunRow | None:
        """A run by its number."""
        return self._one(decode.run_row, RUNS.by_no, (run_no,))

    def child(self, parent_run_no: int, effect_id: str) -> RunRow | None:
        """The child run that a step started."""
        return self._one(decode.run_row, RUNS.by_parent, (parent_run_no, effect_id))

    def runs(self, filter: RunFilter) -> list[RunRow]:  # noqa: A002 - the field's word
        """A page of runs, newest first."""
        before = _LAST_NO if filter.before is None else filter.before
        chosen = (filter.workflow_id, filter.workflow_version, filter.tenant)
        page = (before, max(filter.limit, 0))
        if filter.status:
            with self._connections.snapshot() as db:
                # The index gives each status newest first; the page is among the first of each.
                values = [(status, *chosen, *page) for status in set(filter.status)]
                found = [row for given in values for row in db.execute(RUNS.page_of_status, given)]
            return [decode.run_row(row) for row in sorted(found, key=_first, reverse=True)[: page[1]]]
        if filter.workflow_id is not None:
            return self._all(decode.run_row, RUNS.page_of_workflow, (*chosen, *page))
        return self._all(decode.run_row, RUNS.page, (*chosen[1:], *page))

    def count_runs(self, filter: RunFilter) -> int:  # noqa: A002 - the field's word
        """How many runs match, on all pages."""
        chosen = (filter.workflow_id, filter.workflow_version, filter.tenant)
        with self._connections.snapshot() as db:
            if not filter.status:
                return cast("int", db.execute(RUNS.count, chosen).get)
            counts = [db.execute(RUNS.count_of_status, (s, *chosen)).get for s in set(filter.status)]
        return sum(counts)

    def steps(self, run_no: int) -> list[StepRow]:
        """Steps in the order in which they began."""
        return self._all(decode.step_row, PROGRESS.steps, (run_no,))

    def step_before(self, run_no: int, seq: int) -> StepRow | None:
        """The step that had ended last at macrostep `seq`."""
        found = self._all(decode.step_row, PROGRESS.step_before, (run_no, seq))
        return found[0] if found else None

    def invocations(self, run_no: int) -> list[InvocationRow]:
        """Invocations in the order in which they were scheduled."""
        return self._all(decode.invocation_row, INVOCATIONS.of_run, (run_no,))

    def invocation(self, run_no: int, effect_id: str) -> tuple[InvocationRow, Claim] | None:
        """The invocation of a pending effect and whose it is now; None when there is none, or when it has ended without an answer."""
        row = self._one(decode.invocation_row, INVOCATIONS.of_effect, (run_no, effect_id))
        if row is None or row.status in ("FAILED", "CANCELED"):
            return None
        if row.status == "SUCCEEDED":
            return row, Claim("cached", row.invocation_no, row.attempt, row.output)
        if row.shared_with is None:
            return row, Claim("perform", row.invocation_no, row.attempt)
        with self._connections.writing() as db:
            rev = db.execute(TRANSACTION.next_revision).get
            claim = claim_again(db, row, rev)
            now = db.execute(INVOCATIONS.of_effect, (run_no, effect_id)).fetchall()
        return decode.invocation_row(now[0]), claim

    def call_of(self, run_no: int, effect_id: str) -> InvocationRow | None:
        """The invocation of an effect as it stands on the record, whatever became of it."""
        return self._one(decode.invocation_row, INVOCATIONS.of_effect, (run_no, effect_id))

    def begin_attempt(self, invocation_no: int, at_us: int) -> int:
        """Note that a started invocation is performed once more (after a crash); its new attempt number.

        Raises
        ------
        StaleWriterError
            When it is not under way any more.
        """
        with self._connections.writing() as db:
            rev = db.execute(TRANSACTION.next_revision).get
            found = db.execute(INVOCATIONS.begin_attempt, (rev, invocation_no)).fetchall()
            if not found:
                raise stale_call(invocation_no)
            attempt, run_no, instance, action_id = found[0]
            data = dump({"instance": instance, "action": action_id, "attempt": attempt})
            db.execute(PROGRESS.note, (at_us, "attempt.repeated", data, rev, run_no))
        return cast("int", attempt)

    def events(self, run_no: int) -> list[EventRow]:
        """Audit events in order."""
        return self._all(decode.event_row, PROGRESS.events, (run_no,))

    # --- states

    def checkpoint(self, run_no: int, seq: int) -> tuple[int, dict[str, JsonValue]] | None:
        """The newest checkpoint at or before `seq`: its seq and the state tree."""
        return self._one(decode.checkpoint_row, PROGRESS.checkpoint, (run_no, seq))

    def macrosteps(self, run_no: int, after: int, upto: int) -> list[MacrostepRow]:
        """Macrosteps with ``after < seq <= upto``, in order."""
        return self._all(decode.macrostep_row, PROGRESS.macrosteps, (run_no, after, upto))

    # --- leases

    def claim_run(
        self, run_no: int, owner: str, now_us: int, until_us: int, dead: tuple[str, ...] = ()
    ) -> RunRow | None:
        """Take an open run whose lease is free, expired, this owner's or held by a dead owner; raises its epoch."""
        values = (run_no, owner, now_us, until_us, json.dumps(dead))
        with self._connections.writing() as db:
            found = db.execute(RUNS.claim, values).fetchall()
        return decode.run_row(found[0]) if found else None

    def renew_leases(self, owner: str, until_us: int) -> int:
        """Prolong all leases of an owner; how many."""
        return self._change(RUNS.renew_leases, (until_us, owner))

    def release_leases(self, owner: str) -> int:
        """Give back all leases of an owner; how many."""
        return self._change(RUNS.release_leases, (owner,))

    def open_runs(self) -> list[RunRow]:
        """Runs that are not over, oldest first."""
        return self._all(decode.run_row, RUNS.open)

    # --- history

    def changes(self, after_rev: int, limit: int) -> Changes:
        """Rows changed after a revision, whole revisions only, about `limit` rows; read in one transaction."""
        with self._connections.snapshot() as db:
            bound = db.execute(CHANGES.bound, (after_rev, max(limit, 1) - 1)).get
            upto = db.execute(TRANSACTION.head_revision).get if bound is None else bound
            span = (after_rev, upto)
            return Changes(
                upto,
                tuple(map(decode.run_row, db.execute(CHANGES.runs, span))),
                tuple(map(decode.step_row, db.execute(CHANGES.steps, span))),
                tuple(map(decode.invocation_row, db.execute(CHANGES.invocations, span))),
                tuple(map(decode.wait_row, db.execute(CHANGES.waits, span))),
                tuple(map(decode.event_row, db.execute(CHANGES.events, span))),
            )


def _first(row: Sequence[Any]) -> int:
    return cast("int", row[0])
