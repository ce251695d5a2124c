"""The state store in memory: for trying things out, for tests, and for replay; nothing is left when it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from operator import itemgetter

from wfnb.model.values import JsonValue
from wfnb.store.decode import read_writes
from wfnb.store.memory_base import read_cells, run_of, wait_of
from wfnb.store.memory_film import MemoryFilm
from wfnb.store.memory_holds import MemoryHolds
from wfnb.store.memory_recordings import MemoryRecordings
from wfnb.store.memory_tables import Cells
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
from wfnb.store.text import dump, load, load_object
from wfnb.store.version_columns import version_columns

__all__ = ["MemoryStore"]


class MemoryStore(MemoryHolds, MemoryFilm, MemoryRecordings):
    """State tables in memory. Implements `wfnb.store.port.Store`; any thread may use it.

    Examples
    --------
    >>> with MemoryStore() as store:
    ...     store.last_run_no()
    0
    """

    # --- definitions

    def save_version(self, version: VersionRow) -> None:
        """Store a published version; ``VERSION_EXISTS`` when there is one already."""
        self.save_versions((version,))

    def save_versions(self, versions: Sequence[VersionRow]) -> None:
        """Store published versions: all of them, or none."""
        rows = {(version.workflow_id, version.version): _cells(version) for version in versions}
        with self._turn():
            for version in versions:
                if (version.workflow_id, version.version) in self._tables.versions:
                    raise version_exists(version)
            self._tables.versions.update(rows)

    def version(self, workflow_id: str, version: int | None = None) -> VersionRow | None:
        """A version, or the latest one."""
        with self._turn():
            if version is None:
                version = max((no for name, no in self._tables.versions if name == workflow_id), default=0)
            cells = self._tables.versions.get((workflow_id, version))
            return None if cells is None else _version(cells)

    def versions(self, workflow_id: str | None = None) -> list[VersionRow]:
        """All versions (of one workflow), by workflow and version."""
        with self._turn():
            chosen = sorted(place for place in self._tables.versions if workflow_id in (None, place[0]))
            return [_version(self._tables.versions[place]) for place in chosen]

    def triggered(self, event_name: str) -> list[VersionRow]:
        """The latest version of every workflow that an event starts, by workflow."""
        with self._turn():
            latest = dict(sorted(self._tables.versions))
            rows = (self._tables.versions[place] for place in latest.items())
            return [_version(row) for row in rows if row["trigger_event"] == event_name]

    # --- runs

    def last_run_no(self) -> int:
        """Number of the newest run; 0 when there is none."""
        with self._turn():
            return len(self._tables.runs.rows)

    def newest_start_us(self, tenant: str, nth: int) -> int | None:
        """When the `nth` newest run of a tenant began, of those that no other run has called; None when there are fewer."""
        with self._turn():
            rows = reversed(self._tables.runs.rows.values())
            own = (run for run in rows if run["tenant"] == tenant and run["parent_run_no"] is None)
            found = next(islice(own, nth - 1, None), None)
            return None if found is None else found["started_us"]

    def create_run(self, run: NewRun) -> tuple[RunRow, bool]:
        """Create a run, unless its key or the step that calls it has one already: then that run, and False.

        Raises
        ------
        StoreError
            ``RUN_EXISTS`` when another run has its id.
        NotFoundError
            ``NO_SUCH_VERSION`` when its version is not stored.
        """
        tree = dump(run.state.tree)
        with self._turn():
            cells, created = self._tables.create_run(run, tree)
            return run_of(cells), created

    def commit(self, commit: Commit) -> Committed:
        """Make macrosteps true in one transaction; what was found out about scheduled invocations, and whether the run is held.

        Raises
        ------
        StaleWriterError
            When another owner has moved the run on: nothing was changed.
        """
        rows = row_changes(commit)
        with self._turn():
            return self._tables.commit(commit, rows)

    def run(self, run_id: str) -> RunRow | None:
        """A run by its id."""
        with self._turn():
            return self._run(self._tables.by_id.get(run_id))

    def run_by_no(self, run_no: int) -> RunRow | None:
        """A run by its number."""
        with self._turn():
            return self._run(run_no)

    def child(self, parent_run_no: int, effect_id: str) -> RunRow | None:
        """The child run that a step started."""
        with self._turn():
            return self._run(self._tables.by_parent.get((parent_run_no, effect_id)))

    def _run(self, run_no: int | None) -> RunRow | None:
        cells = None if run_no is None else self._tables.runs.rows.get(run_no)
        return None if cells is None else run_of(cells)

    def runs(self, filter: RunFilter) -> list[RunRow]:  # noqa: A002 - the field's word
        """A page of runs, newest first."""
        with self._turn():
            found: list[RunRow] = []
            for run_no in range(min(len(self._tables.runs.rows), (filter.before or 2**63) - 1), 0, -1):
                if len(found) >= filter.limit:
                    break
                if _fits(self._tables.runs.rows[run_no], filter):
                    found.append(run_of(self._tables.runs.rows[run_no]))
            return found

    def count_runs(self, filter: RunFilter) -> int:  # noqa: A002 - the field's word
        """How many runs match, on all pages."""
        with self._turn():
            return sum(_fits(cells, filter) for cells in self._tables.runs.rows.values())

    def steps(self, run_no: int) -> list[StepRow]:
        """Steps in the order in which they began."""
        with self._turn():
            cells = sorted(self._tables.steps.of_run(run_no), key=itemgetter("seq"))
            return [_step(row) for row in cells]

    def step_before(self, run_no: int, seq: int) -> StepRow | None:
        """The step that had ended last at macrostep `seq`."""
        ended = (step for step in reversed(self.steps(run_no)) if step.end_seq is not None)
        return next((step for step in ended if step.end_seq is not None and step.end_seq <= seq), None)

    def invocations(self, run_no: int) -> list[InvocationRow]:
        """Invocations in the order in which they were scheduled."""
        with self._turn():
            cells = sorted(
                self._tables.calls.table.of_run(run_no), key=itemgetter("scheduled_us", "invocation_no")
            )
            return list(map(_invocation, cells))

    def invocation(self, run_no: int, effect_id: str) -> tuple[InvocationRow, Claim] | None:
        """The invocation of a pending effect and whose it is now; None when there is none, or when it has ended without an answer."""
        with self._turn():
            row = self._tables.calls.of_effect(run_no, effect_id)
            if row is None or row["status"] in ("FAILED", "CANCELED"):
                return None
            number, attempt = row["invocation_no"], row["attempt"]
            if row["status"] == "SUCCEEDED":
                return _invocation(row), Claim("cached", number, attempt, load(row["output"]))
            if row["shared_with"] is None:
                return _invocation(row), Claim("perform", number, attempt)
            self._tables.log.next_revision()
            claim = self._tables.calls.claim_again(row)
            return _invocation(row), claim

    def call_of(self, run_no: int, effect_id: str) -> InvocationRow | None:
        """The invocation of an effect as it stands on the record, whatever became of it."""
        with self._turn():
            row = self._tables.calls.of_effect(run_no, effect_id)
            return None if row is None else _invocation(row)

    def begin_attempt(self, invocation_no: int, at_us: int) -> int:
        """Note that a started invocation is performed once more (after a crash); its new attempt number.

        Raises
        ------
        StaleWriterError
            When it is not under way any more.
        """
        with self._turn():
            row = self._tables.calls.table.rows.get(invocation_no)
            if row is None or row["status"] != "STARTED":
                raise stale_call(invocation_no)
            self._tables.log.next_revision()
            attempt: int = row["attempt"] + 1
            self._tables.calls.table.change(invocation_no, attempt=attempt)
            run = self._tables.runs.rows[row["run_no"]]
            data = dump({"instance": row["instance"], "action": row["action_id"], "attempt": attempt})
            cells = {"seq": run["seq"], "at_us": at_us, "kind": "attempt.repeated", "data": data}
            self._tables.happened(row["run_no"], cells)
            return attempt

    def events(self, run_no: int) -> list[EventRow]:
        """Audit events in order."""
        with self._turn():
            return [_event(row) for row in self._tables.events.of_run(run_no)]

    # --- states

    def checkpoint(self, run_no: int, seq: int) -> tuple[int, dict[str, JsonValue]] | None:
        """The newest checkpoint at or before `seq`: its seq and the state tree."""
        with self._turn():
            for at, tree in reversed(self._tables.checkpoints.get(run_no, ())):
                if at <= seq:
                    return at, load_object(tree) or {}
        return None

    def macrosteps(self, run_no: int, after: int, upto: int) -> list[MacrostepRow]:
        """Macrosteps with ``after < seq <= upto``, in order."""
        with self._turn():
            # Macrostep n stands at place n - 1: they are numbered without gaps.
            chosen = self._tables.macrosteps.get(run_no, [])[max(after, 0) : max(upto, 0)]
        return [MacrostepRow(seq, at, command, read_writes(text)) for seq, at, command, text in chosen]

    # --- leases

    def claim_run(
        self, run_no: int, owner: str, now_us: int, until_us: int, dead: tuple[str, ...] = ()
    ) -> RunRow | None:
        """Take an open run whose lease is free, expired, this owner's or held by a dead owner; raises its epoch."""
        with self._turn():
            run = self._tables.open.get(run_no)
            if run is None:
                return None
            until = run["lease_until_us"]
            if run["owner"] not in (None, owner, *dead) and (until is None or until >= now_us):
                return None
            if self._tables.stands_still(run_no, now_us):
                return None
            run.update(owner=owner, lease_until_us=until_us, epoch=run["epoch"] + 1, ready_us=0)
            return run_of(run)

    def renew_leases(self, owner: str, until_us: int) -> int:
        """Prolong all leases of an owner; how many."""
        return self._change_leases(owner, {"lease_until_us": until_us})

    def release_leases(self, owner: str) -> int:
        """Give back all leases of an owner; how many."""
        return self._change_leases(owner, {"owner": None, "lease_until_us": None})

    def _change_leases(self, owner: str, cells: Cells) -> int:
        with self._turn():
            held = [run for run in self._tables.open.values() if run["owner"] == owner]
            for run in held:
                run.update(cells)
            return len(held)

    def open_runs(self) -> list[RunRow]:
        """Runs that are not over, oldest first."""
        with self._turn():
            return [run_of(cells) for cells in self._tables.open.values()]

    # --- history

    def changes(self, after_rev: int, limit: int) -> Changes:
        """Rows changed after a revision, whole revisions only, about `limit` rows; read in one transaction."""
        with self._turn():
            rev, rows = self._tables.log.after(after_rev, max(limit, 1))
            return Changes(
                rev,
                tuple(run_of(row) for row in rows["runs"]),
                tuple(_step(row) for row in rows["steps"]),
                tuple(map(_invocation, rows["invocations"])),
                tuple(map(wait_of, rows["waits"])),
                tuple(_event(row) for row in rows["events"]),
            )


def _fits(cells: Cells, wanted: RunFilter) -> bool:
    return (
        (not wanted.status or cells["status"] in wanted.status)
        and wanted.workflow_id in (None, cells["workflow_id"])
        and wanted.workflow_version in (None, cells["workflow_version"])
        and wanted.tenant in (None, cells["tenant"])
    )


def _cells(version: VersionRow) -> Cells:
    return dict(zip(VersionRow.__slots__, version_columns(version), strict=True))


def _version(cells: Cells) -> VersionRow:
    return VersionRow(**read_cells(cells, "definition", "payload_schema"))


def _step(cells: Cells) -> StepRow:
    return StepRow(**read_cells(cells, "error"))


def _invocation(cells: Cells) -> InvocationRow:
    return InvocationRow(**read_cells(cells, "input", "output", "error"))


def _event(cells: Cells) -> EventRow:
    return EventRow(**read_cells(cells, "data"))
