"""The state store in a schema of a PostgreSQL database: for runs that more than one machine works on.

Transactions read what is committed at each statement. Where that would not be enough, a row or a key is locked first: a run
before its waits, a run that was called before the one that called it, an idempotency key before anybody looks whose it is.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any, cast

from wfnb.model.values import JsonValue
from wfnb.store import decode
from wfnb.store.postgres_commit import claim_again, find_committed, write_commit
from wfnb.store.postgres_film import PostgresFilm
from wfnb.store.postgres_holds import PostgresHolds
from wfnb.store.postgres_runs import find_created, write_run
from wfnb.store.postgres_sessions import Link
from wfnb.store.postgres_statements import CHANGES, INVOCATIONS, PROGRESS, RUNS, TRANSACTION, VERSIONS
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
from wfnb.store.refusals import stale_call, stale_commit, version_exists
from wfnb.store.rows import row_changes
from wfnb.store.text import dump, load_object
from wfnb.store.version_columns import version_columns

__all__ = ["PostgresStore"]

_LAST_NO = sys.maxsize  # the largest row number
_UNDER_WAY_S = (
    0.25  # how long a reader of changes waits for commits that are under way; most take milliseconds
)
_PAUSE_S = 0.002


class PostgresStore(PostgresHolds, PostgresFilm, SqlRecordings):
    """State tables in a schema of a PostgreSQL database. Implements `wfnb.store.port.Store`.

    Parameters
    ----------
    url
        ``postgresql://user:password@host:port/database``, with ``?schema=NAME`` for another schema than ``wfnb``.
    schema
        The schema, when it does not stand in the address. It is created when it is not there.
    patience_s
        How long a server is waited for that was there before; one that is restarted is back in two or three seconds.

    Raises
    ------
    StoreError
        ``POSTGRES_TOO_OLD``, ``STORE_FOREIGN``, ``STORE_TOO_NEW``, ``STORE_UNREACHABLE``, ``STORE_READ_ONLY``, ``STORE_DAMAGED``,
        ``STORE_BUSY``, ``STORE_FULL``. Every method may raise the last five, ``STORE_CLOSED`` and ``STORE_FORKED``.
    ValidationError
        ``INVALID_ARGUMENT`` when `url` is no address.
    """

    # --- definitions

    def save_version(self, version: VersionRow) -> None:
        """Store a published version; ``VERSION_EXISTS`` when there is one already."""
        self.save_versions((version,))

    def save_versions(self, versions: Sequence[VersionRow]) -> None:
        """Store published versions: all of them, or none."""
        rows = [(version, version_columns(version)) for version in versions]

        def add(link: Link) -> bool:
            for version, values in rows:
                if not link.execute(VERSIONS.add, values).fetchall():
                    raise version_exists(version)
            return True

        def find(link: Link) -> bool | None:
            for _, values in rows:
                found = link.execute(VERSIONS.get, values[:2]).fetchall()
                if not found or tuple(found[0]) != values:
                    return None
            return True

        self._connections.write(add, settle=find)

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
        return cast("int", self._value(RUNS.last_no))

    def newest_start_us(self, tenant: str, nth: int) -> int | None:
        """When the `nth` newest run of a tenant began, of those that no other run has called; None when there are fewer."""
        found: int | None = self._value(RUNS.newest_start, (tenant, nth - 1))
        return found

    def create_run(self, run: NewRun) -> tuple[RunRow, bool]:
        """Create a run, unless its key or the step that calls it has one already: then that run, and False.

        Raises
        ------
        StoreError
            ``RUN_EXISTS`` when another run has its id.
        NotFoundError
            ``NO_SUCH_VERSION`` when its version is not stored.
        """
        return self._connections.write(
            lambda link: write_run(link, run), settle=lambda link: find_created(link, run)
        )

    def commit(self, commit: Commit) -> Committed:
        """Make macrosteps true in one transaction; what was found out about scheduled invocations, and whether the run is held.

        Raises
        ------
        StaleWriterError
            When another owner has moved the run on: nothing was changed.
        """
        rows = row_changes(commit)
        written = self._connections.write(
            lambda link: write_commit(link, commit, rows),
            settle=lambda link: find_committed(link, commit, rows),
            stale=lambda: stale_commit(commit),
        )
        return written.committed()

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
            # The index gives each status newest first; the page is among the first of each.
            values = [(status, *chosen, *page) for status in set(filter.status)]
            found = self._connections.snapshot(
                lambda link: [row for given in values for row in link.execute(RUNS.page_of_status, given)]
            )
            return [decode.run_row(row) for row in sorted(found, key=_first, reverse=True)[: page[1]]]
        if filter.workflow_id is not None:
            return self._all(decode.run_row, RUNS.page_of_workflow, (*chosen, *page))
        return self._all(decode.run_row, RUNS.page, (*chosen[1:], *page))

    def count_runs(self, filter: RunFilter) -> int:  # noqa: A002 - the field's word
        """How many runs match, on all pages."""
        chosen = (filter.workflow_id, filter.workflow_version, filter.tenant)
        if not filter.status:
            return cast("int", self._value(RUNS.count, chosen))
        values = [(status, *chosen) for status in set(filter.status)]
        counts = self._connections.snapshot(
            lambda link: [row[0] for given in values for row in link.execute(RUNS.count_of_status, given)]
        )
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

        def claim(link: Link) -> tuple[InvocationRow, Claim]:
            link.execute(TRANSACTION.next_revision)
            claim = claim_again(link, row)
            (now,) = link.execute(INVOCATIONS.of_effect, (run_no, effect_id)).fetchall()
            return decode.invocation_row(now), claim

        return self._connections.write(claim, repeat=True)

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

        def note(link: Link) -> int:
            found = link.execute(INVOCATIONS.begin_attempt, (invocation_no,)).fetchall()
            if not found:
                raise stale_call(invocation_no)
            attempt, run_no, instance, action_id = found[0]
            data = dump({"instance": instance, "action": action_id, "attempt": attempt})
            link.execute(PROGRESS.note, (at_us, "attempt.repeated", data, run_no))
            return cast("int", attempt)

        # Noted twice is better than not at all: nothing is performed by it.
        return self._connections.write(note, repeat=True)

    def events(self, run_no: int) -> list[EventRow]:
        """Audit events in order."""
        return self._all(decode.event_row, PROGRESS.events, (run_no,))

    # --- states

    def checkpoint(self, run_no: int, seq: int) -> tuple[int, dict[str, JsonValue]] | None:
        """The newest checkpoint at or before `seq`: its seq and the state tree."""
        found = self._one(tuple, PROGRESS.checkpoint, (run_no, seq))
        return None if found is None else (found[0], load_object(found[1]) or {})

    def macrosteps(self, run_no: int, after: int, upto: int) -> list[MacrostepRow]:
        """Macrosteps with ``after < seq <= upto``, in order."""
        return self._all(decode.macrostep_row, PROGRESS.macrosteps, (run_no, after, upto))

    # --- leases

    def claim_run(
        self, run_no: int, owner: str, now_us: int, until_us: int, dead: tuple[str, ...] = ()
    ) -> RunRow | None:
        """Take an open run whose lease is free, expired, this owner's or held by a dead owner; raises its epoch."""
        values = (run_no, owner, now_us, until_us, list(dead))
        # An owner may claim what is its own, so this may be repeated.
        found = self._connections.write(lambda link: link.execute(RUNS.claim, values), repeat=True).fetchall()
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
        """Rows changed after a revision, whole revisions only, about `limit` rows; read in one transaction.

        A transaction that is under way holds back what has a later revision, so that nothing is ever missed.
        """
        settled = self._settled()

        def ask(link: Link) -> Changes:
            bound = link.execute(CHANGES.bound, (after_rev, max(limit, 1) - 1, settled)).fetchall()
            ((upto,),) = bound or link.execute(TRANSACTION.head, (settled,)).fetchall()
            span = (after_rev, upto)
            return Changes(
                upto,
                tuple(map(decode.run_row, link.execute(CHANGES.runs, span))),
                tuple(map(decode.step_row, link.execute(CHANGES.steps, span))),
                tuple(map(decode.invocation_row, link.execute(CHANGES.invocations, span))),
                tuple(map(decode.wait_row, link.execute(CHANGES.waits, span))),
                tuple(map(decode.event_row, link.execute(CHANGES.events, span))),
            )

        return self._connections.snapshot(ask)

    def _settled(self) -> int:
        """The revision up to which nothing is under way: if that can be had, the newest one of this moment."""
        wanted, settled = self._heads()
        until = time.monotonic() + _UNDER_WAY_S
        while settled < wanted and time.monotonic() < until:
            time.sleep(_PAUSE_S)
            _, settled = self._heads()
        return settled

    def _heads(self) -> tuple[int, int]:
        (found,) = self._all(tuple, TRANSACTION.settled)
        return found[0], found[1]


def _first(row: tuple[Any, ...]) -> int:
    return cast("int", row[0])
