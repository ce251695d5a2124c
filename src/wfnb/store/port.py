"""The port of every state store, and the film: the state of a run at any macrostep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from wfnb.errors import NotFoundError
from wfnb.machine.record import Tape
from wfnb.machine.state import State, fold
from wfnb.model.values import JsonValue
from wfnb.store.database import Database
from wfnb.store.records import (
    Changes,
    Claim,
    Commit,
    Committed,
    EventRow,
    InboxFilter,
    InboxRow,
    InvocationRow,
    MacrostepRow,
    NewEvent,
    NewRun,
    RunFilter,
    RunRow,
    StepRow,
    StepTally,
    Submitted,
    VersionRow,
    WaitRow,
)

__all__ = ["Store", "film", "state_at"]


class Store(Protocol):
    """State tables. Every method is one transaction; any thread may call any method."""

    @property
    def location(self) -> str:
        """Where the tables are, for people."""

    @property
    def database(self) -> Database:
        """The tables that are not on the way of a step, for plain SQL."""

    def close(self) -> None:
        """Give everything back. Further calls fail."""

    # definitions

    def save_version(self, version: VersionRow) -> None:
        """Store a published version.

        Raises
        ------
        StoreError
            ``VERSION_EXISTS``: versions never change.
        """

    def save_versions(self, versions: Sequence[VersionRow]) -> None:
        """Store published versions: all of them, or none.

        Raises
        ------
        StoreError
            ``VERSION_EXISTS``.
        """

    def version(self, workflow_id: str, version: int | None = None) -> VersionRow | None:
        """A version, or the latest one."""

    def versions(self, workflow_id: str | None = None) -> list[VersionRow]:
        """All versions (of one workflow), by workflow and version."""

    def triggered(self, event_name: str) -> list[VersionRow]:
        """The latest version of every workflow that an event starts, by workflow."""

    # runs

    def last_run_no(self) -> int:
        """Number of the newest run; 0 when there is none."""

    def newest_start_us(self, tenant: str, nth: int) -> int | None:
        """When the `nth` newest run of a tenant began, of those that no other run has called; None when there are fewer."""

    def create_run(self, run: NewRun) -> tuple[RunRow, bool]:
        """Create a run, unless its key is taken: then the run that has it, and False."""

    def commit(self, commit: Commit) -> Committed:
        """Make macrosteps true in one transaction; what was found out about scheduled invocations, and whether the run is held.

        Raises
        ------
        StaleWriterError
            When another owner has moved the run on: nothing was changed.
        """

    def run(self, run_id: str) -> RunRow | None:
        """A run by its id."""

    def run_by_no(self, run_no: int) -> RunRow | None:
        """A run by its number."""

    def child(self, parent_run_no: int, effect_id: str) -> RunRow | None:
        """The child run that a step started."""

    def runs(self, filter: RunFilter) -> list[RunRow]:  # noqa: A002 - the field's word
        """A page of runs, newest first."""

    def count_runs(self, filter: RunFilter) -> int:  # noqa: A002 - the field's word
        """How many runs match, on all pages."""

    def steps(self, run_no: int) -> list[StepRow]:
        """Steps in the order in which they began."""

    def step_before(self, run_no: int, seq: int) -> StepRow | None:
        """The step that had ended last at macrostep `seq`, or None before the first."""

    def step_ends(self, run_no: int, from_seq: int, limit: int) -> list[tuple[int, int | None, int]]:
        """Steps that began at or after a macrostep, in that order: where each began and ended, and its mark.

        Marks: 0 nothing to see, 1 an attempt that is tried again, 2 another error, 3 the end of a wait.
        """

    def steps_at(self, run_no: int, seqs: Sequence[int]) -> list[StepRow]:
        """Steps that began at these macrosteps, in that order."""

    def tallies(self, run_no: int, after: int, upto: int, width: int) -> list[StepTally]:
        """What became of attempts that ended at a macrostep with ``after < seq <= upto``, by step and branch.

        Counted for every stretch of `width` macrosteps from `after` on; the first stretch has number 0.
        """

    def invocations(self, run_no: int) -> list[InvocationRow]:
        """Invocations in the order in which they were scheduled."""

    def invocation(self, run_no: int, effect_id: str) -> tuple[InvocationRow, Claim] | None:
        """An invocation and whose it is now: what recovery asks about a pending effect."""

    def call_of(self, run_no: int, effect_id: str) -> InvocationRow | None:
        """The invocation of an effect as it stands on the record, whatever became of it."""

    def begin_attempt(self, invocation_no: int, at_us: int) -> int:
        """Note that a started invocation is performed once more (after a crash); its new attempt number."""

    def waits(self, run_no: int) -> list[WaitRow]:
        """Waits in the order in which they were opened."""

    def wait(self, run_no: int, effect_id: str) -> tuple[WaitRow, InboxRow | None] | None:
        """The wait of an effect, with what answered it."""

    def open_waits(
        self, wait_type: str, *, tenant: str = "local", after: int = 0, limit: int = 100
    ) -> list[WaitRow]:
        """Waits of a type that nothing has answered, oldest first, from the one after wait `after` on."""

    # the inbox

    def submit(self, event: NewEvent, starts: tuple[NewRun, ...] = ()) -> Submitted:
        """Record an event, answer one wait with it and create the runs it starts: all in one transaction.

        Raises
        ------
        CommandError
            ``WAIT_OVER`` when the wait it names is not open any more: nothing was recorded.
        """

    def inbox(self, filter: InboxFilter) -> list[InboxRow]:  # noqa: A002 - the field's word
        """A page of what was submitted, newest first."""

    def events(self, run_no: int) -> list[EventRow]:
        """Audit events in order."""

    # states

    def checkpoint(self, run_no: int, seq: int) -> tuple[int, dict[str, JsonValue]] | None:
        """The newest checkpoint at or before `seq`: its seq and the state tree."""

    def macrosteps(self, run_no: int, after: int, upto: int) -> list[MacrostepRow]:
        """Macrosteps with ``after < seq <= upto``, in order."""

    def recordings(self, workflow_id: str, first: int, last: int, *, whole: bool = False) -> list[Tape]:
        """What is there of a workflow's runs with numbers from `first` to `last`, for replay; read in one transaction.

        Of steps only the failed attempts, unless the `whole` of them is asked for; of called runs not what they left.
        """

    # leases

    def claim_run(
        self, run_no: int, owner: str, now_us: int, until_us: int, dead: tuple[str, ...] = ()
    ) -> RunRow | None:
        """Take an open run whose lease is free, expired, this owner's or held by a dead owner; raises its epoch.

        None when it is over or somebody else holds it. One guarded UPDATE.
        """

    def renew_leases(self, owner: str, until_us: int) -> int:
        """Prolong all leases of an owner; how many."""

    def release_leases(self, owner: str) -> int:
        """Give back all leases of an owner; how many."""

    def park(self, run_no: int, epoch: int, ready_us: int | None = None) -> None:
        """Give a run back until `ready_us`, or until one of its waits is answered or due; nothing when it has another owner."""

    def ready_runs(self, now_us: int, lease_us: int, dead: tuple[str, ...], limit: int) -> list[RunRow]:
        """Runs that can go on at `now_us` and that nobody drives: no owner, a lease that ran out before `lease_us`, or a dead owner."""

    def next_ready_us(self, after_us: int) -> int | None:
        """The next moment after `after_us` at which a parked run can go on by itself."""

    def owners(self) -> list[str]:
        """Everybody who owns a run that is not over."""

    def children(self, run_no: int) -> list[RunRow]:
        """Runs that a run has called, oldest first."""

    def forks(self, run_no: int) -> list[RunRow]:
        """Runs that are forks of a run, oldest first."""

    def open_runs(self) -> list[RunRow]:
        """Runs that are not over, oldest first."""

    # holds: see `wfnb.debug.hold`

    def now_us(self, clock_us: int) -> int:
        """The moment by which leases and holds are judged: the server's where there is one, else what the caller's clock says."""

    def change_hold(self, run_no: int, seen: str | None, hold: str | None, stands_us: int | None) -> bool:
        """Put another hold in the place of the one that was seen; False when that is not there any more.

        Nobody takes up the run before `stands_us`; None lets it go on.
        """

    def stand(  # noqa: PLR0917 - what is given back, what was seen, and what is to be true then
        self, run_no: int, epoch: int, seen: str, hold: str, stands_us: int, ready_us: int | None
    ) -> bool:
        """Give a run back until its hold lets it go on; False when the hold has changed, or the run has another owner.

        `ready_us` as for `park`.
        """

    def held_runs(self) -> list[RunRow]:
        """Runs that are not over and have a hold, oldest first."""

    # history

    def changes(self, after_rev: int, limit: int) -> Changes:
        """Rows changed after a revision, whole revisions only, about `limit` rows; read in one transaction."""


def state_at(store: Store, run: RunRow, seq: int | None = None) -> State:
    """The state of a run after macrostep `seq` (the last one when absent).

    Complexity: the nearest checkpoint and at most ``LIMITS.checkpoint_every`` macrosteps; up to six times as many
    when the state is large.

    Raises
    ------
    NotFoundError
        ``NO_SUCH_STEP`` when the run has no such macrostep.
    """
    wanted = run.seq if seq is None else seq
    found = store.checkpoint(run.run_no, wanted)
    if found is None or not 0 <= wanted <= run.seq:
        raise NotFoundError(
            f"The run {run.run_id} has no macrostep {wanted}; they go from 0 to {run.seq}.",
            code="NO_SUCH_STEP",
        )
    base, tree = found
    writes = (write for row in store.macrosteps(run.run_no, base, wanted) for write in row.writes)
    return fold(State(run.run_id, tree), writes)


def film(store: Store, run: RunRow) -> Iterator[tuple[MacrostepRow, State]]:
    """Every macrostep after the first with the state it left, in order: one pass over the whole run."""
    state = state_at(store, run, 0)
    for row in store.macrosteps(run.run_no, 0, run.seq):
        state = fold(state, row.writes)
        yield row, state
