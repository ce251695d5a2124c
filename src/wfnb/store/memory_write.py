"""What commits and new runs change in the tables in memory. Everything is checked before anything is changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from wfnb.errors import StoreError
from wfnb.store.forks import FORK_COLUMNS, fork_columns
from wfnb.store.memory_calls import Calls
from wfnb.store.memory_tables import Cells, Log, Table
from wfnb.store.records import Claim, Commit, Committed, NewRun
from wfnb.store.refusals import answered_meanwhile, no_version, run_exists, stale_commit
from wfnb.store.rows import (
    Call,
    OpenedWait,
    ResolvedWait,
    RowChanges,
    StoredMacrostep,
    label_of,
)

__all__ = ["Tables"]


class Tables:
    """All tables with their indices; for one thread at a time."""

    def __init__(self) -> None:
        self.log = Log()
        self.versions: dict[tuple[str, int], Cells] = {}
        self.runs: Table[int] = Table("runs", self.log)
        self.steps: Table[tuple[int, int]] = Table("steps", self.log)
        self.waits: Table[int] = Table("waits", self.log)
        self.events: Table[int] = Table("events", self.log)
        self.calls = Calls(self.log, self.runs)
        self.macrosteps: defaultdict[int, list[StoredMacrostep]] = defaultdict(list)
        self.checkpoints: dict[int, list[tuple[int, str]]] = {}
        self.open: dict[int, Cells] = {}
        self.by_id: dict[str, int] = {}
        self.by_parent: dict[tuple[int, str | None], int] = {}
        self.forks: defaultdict[int, list[int]] = defaultdict(list)
        self.stands: dict[int, int] = {}
        self._by_key: dict[tuple[str, str], int] = {}
        self.by_wait: dict[tuple[int, str], int] = {}
        self.inbox: dict[int, Cells] = {}
        self.by_dedupe: dict[tuple[str, str, str | None], int] = {}
        self._waits_for: defaultdict[tuple[str | None, str | None], list[int]] = defaultdict(list)
        self._open_steps: dict[tuple[int, str, int], tuple[int, int]] = {}

    def create_run(self, run: NewRun, tree: str) -> tuple[Cells, bool]:
        """Add a run, unless one stands where it would."""
        self.check_runs((run,))
        known = self._known(run)
        if known is not None:
            return self.runs.rows[known], False
        self.log.next_revision()
        number = len(self.runs.rows) + 1
        self.runs.add(number, number, _new_run(run))
        self.open[number] = self.runs.rows[number]
        self.by_id[run.run_id] = number
        if run.key is not None:
            self._by_key[run.workflow_id, run.key] = number
        if run.parent_run_no is not None:
            self.by_parent[run.parent_run_no, run.parent_effect] = number
        if run.forked_from is not None:
            self.forks[run.forked_from].append(number)
        self.checkpoints[number] = [(0, tree)]
        return self.runs.rows[number], True

    def check_runs(self, runs: Iterable[NewRun]) -> None:
        """Refuse runs that cannot be created, before anything is changed."""
        ids: set[str] = set()
        for run in runs:
            if (run.workflow_id, run.workflow_version) not in self.versions:
                raise no_version(run)
            if self._known(run) is None and (run.run_id in self.by_id or run.run_id in ids):
                raise run_exists(run)
            if run.parent_run_no is not None and run.parent_run_no not in self.runs.rows:
                raise StoreError("The store refuses a row: there is no such parent.", code="STORE_REFUSED")
            ids.add(run.run_id)

    def waits_for(self, name: str, key: str | None) -> Iterable[Cells]:
        """Waits that were opened for an event, the oldest first."""
        return (self.waits.rows[number] for number in self._waits_for.get((name, key), ()))

    def wake(self, run_no: int) -> None:
        """A parked run can go on at once."""
        if run_no in self.open:
            self.open[run_no]["ready_us"] = 0

    def stand(self, run_no: int, until_us: int | None) -> None:
        """Nobody takes up a held run before a moment; None lets it go on."""
        self.stands.pop(run_no, None)
        if until_us is not None:
            self.stands[run_no] = until_us

    def stands_still(self, run_no: int, now_us: int) -> bool:
        """Whether a hold keeps a run where it is."""
        return run_no in self.stands and self.stands[run_no] > now_us

    def park(self, run_no: int, epoch: int, ready_us: int | None = None) -> None:
        """Give a run back until `ready_us`, or until one of its waits is answered or due."""
        run = self.open.get(run_no)
        if run is None or run["epoch"] != epoch:
            return
        waiting = [row for row in self.waits.of_run(run_no) if row["status"] == "WAITING"]
        moments = [row["due_us"] if row["answered_us"] is None else 0 for row in waiting]
        if ready_us is None:
            ready_us = min((us for us in moments if us is not None), default=None)
        run.update(owner=None, lease_until_us=None, ready_us=ready_us)

    def _known(self, run: NewRun) -> int | None:
        """Number of the run that stands where this one would: with its key, or called by the same step."""
        by_key = None if run.key is None else self._by_key.get((run.workflow_id, run.key))
        if by_key is not None or run.parent_run_no is None:
            return by_key
        return self.by_parent.get((run.parent_run_no, run.parent_effect))

    def commit(self, commit: Commit, rows: RowChanges) -> Committed:
        """Write all rows of a commit; what was found out about its calls, and about the run."""
        self._check(commit, rows)
        self.log.next_revision()
        self._move_on(commit, rows)
        claims = self._write(commit.run_no, rows)
        self._set_going(commit, rows)
        return Committed(claims, self.runs.rows[commit.run_no]["hold"])

    def _check(self, commit: Commit, rows: RowChanges) -> None:
        """Refuse a commit before anything is changed."""
        run = self._standing(commit)
        if run is None or (run["seq"], run["epoch"]) != (commit.expected_seq, commit.epoch):
            raise stale_commit(commit)
        for call in rows.calls:
            if isinstance(call, Call):
                self.calls.check(commit.run_no, call)
        for wait in rows.waits:
            known = self.by_wait.get((commit.run_no, wait.effect_id))
            if isinstance(wait, ResolvedWait):
                if wait.expired and known is not None and _is_answered(self.waits.rows[known]):
                    raise answered_meanwhile(wait.effect_id)
            elif known is not None:
                raise StoreError(
                    "The store refuses a row: an effect has one wait.",
                    code="STORE_REFUSED",
                    where=wait.effect_id,
                )
        if len({step.seq for step in rows.begun}) < len(rows.begun):
            raise StoreError("The store refuses a row: a macrostep begins one step.", code="STORE_REFUSED")

    def _standing(self, commit: Commit) -> Cells | None:
        """The run that a commit may move on: one that is open, or has failed and is reopened."""
        if not commit.reopens:
            return self.open.get(commit.run_no)
        run = self.runs.rows.get(commit.run_no)
        return run if run is not None and run["status"] == "FAILED" else None

    def _give_up(self, run: Cells) -> None:
        """Whoever owned a run is fenced out, and whoever sees it first drives it."""
        run.update(owner=None, lease_until_us=None, ready_us=0, epoch=run["epoch"] + 1)

    def _reopen(self, run_no: int) -> None:
        run = self.runs.rows[run_no]
        self._give_up(run)
        self.open[run_no] = run
        self.open = dict(sorted(self.open.items()))  # oldest first

    def _move_on(self, commit: Commit, rows: RowChanges) -> None:
        self.runs.change(
            commit.run_no,
            seq=rows.seq,
            status=rows.status,
            label=rows.label,
            cursor=commit.cursor,
            error=rows.error,
            updated_us=rows.updated_us,
            completed_us=rows.completed_us,
        )
        if commit.reopens:
            self._reopen(commit.run_no)
        if commit.takes_over:
            self._give_up(self.runs.rows[commit.run_no])
        if commit.release:
            self.runs.rows[commit.run_no].update(owner=None, lease_until_us=None)
        if rows.completed_us is not None:
            del self.open[commit.run_no]

    def _write(self, run_no: int, rows: RowChanges) -> dict[str, Claim]:
        self.macrosteps[run_no].extend(rows.macrosteps)
        for begun in rows.begun:
            self.steps.add((run_no, begun.seq), run_no, begun._asdict())
            if begun.end_seq is None:
                self._open_steps[run_no, begun.instance, begun.attempt] = (run_no, begun.seq)
        for ended in rows.ended:
            place = self._open_steps.pop((run_no, ended.instance, ended.attempt), None)
            if place is not None:
                self.steps.change(place, **ended._asdict())
        claims: dict[str, Claim] = {}
        for call in rows.calls:
            if isinstance(call, Call):
                claims[call.effect_id] = self.calls.claim(run_no, call)
            else:
                self.calls.end(run_no, call)
        if rows.canceled_us is not None:
            self.calls.cancel_open(run_no, rows.canceled_us)
        self._write_rare(run_no, rows)
        return claims

    def _write_rare(self, run_no: int, rows: RowChanges) -> None:
        """What most commits do not have."""
        for wait in rows.waits:
            if isinstance(wait, OpenedWait):
                number = len(self.waits.rows) + 1
                fresh = {
                    "status": "WAITING",
                    "resolved_us": None,
                    "answered_us": None,
                    "inbox_no": None,
                    "source": None,
                    "answer": None,
                }
                self.waits.add(number, run_no, {"wait_no": number, **fresh, **wait._asdict()})
                self.by_wait[run_no, wait.effect_id] = number
                if wait.event_name is not None:
                    self._waits_for[wait.event_name, wait.key].append(number)
            else:
                known = self.by_wait.get((run_no, wait.effect_id))
                if known is not None and self.waits.rows[known]["status"] == "WAITING":
                    self.waits.change(
                        known,
                        status=wait.status,
                        resolved_us=wait.resolved_us,
                        source=wait.source,
                        answer=wait.answer,
                    )
                    self._forget(self.waits.rows[known])
        for happening in rows.happenings:
            self.happened(run_no, happening._asdict())
        if rows.checkpoint is not None:
            self.checkpoints[run_no].append((rows.seq, rows.checkpoint))

    def _forget(self, wait: Cells) -> None:
        """No event answers this wait any more."""
        place = (wait["event_name"], wait["key"])
        if wait["wait_no"] in self._waits_for.get(place, ()):
            self._waits_for[place].remove(wait["wait_no"])

    def _set_going(self, commit: Commit, rows: RowChanges) -> None:
        """Give the run back, or tell the one that called it that it is over."""
        if rows.completed_us is None:
            if commit.park:
                self.park(commit.run_no, commit.epoch)
            return
        run = self.runs.rows[commit.run_no]
        known = self.by_wait.get((run["parent_run_no"], run["parent_effect"]))
        if known is not None and self.waits.rows[known]["status"] == "WAITING":
            self.waits.change(known, answered_us=rows.completed_us)
            self.wake(run["parent_run_no"])

    def happened(self, run_no: int, cells: Cells) -> None:
        """Add an audit event."""
        number = len(self.events.rows) + 1
        self.events.add(number, run_no, {"event_no": number, **cells})


def _is_answered(wait: Cells) -> bool:
    return wait["status"] == "WAITING" and wait["answered_us"] is not None


def _new_run(run: NewRun) -> Cells:
    return {
        "run_id": run.run_id,
        "workflow_id": run.workflow_id,
        "workflow_version": run.workflow_version,
        "definition_hash": run.definition_hash,
        "kind": run.kind,
        "status": run.state.status,
        "label": label_of(run.state),
        "cursor": None,
        "error": None,
        "key": run.key,
        "trigger": run.trigger,
        "parent_run_no": run.parent_run_no,
        "parent_effect": run.parent_effect,
        "depth": run.depth,
        "seq": 0,
        "epoch": 0,
        "owner": run.owner,
        "lease_until_us": run.lease_until_us,
        "started_us": run.started_us,
        "updated_us": run.started_us,
        "completed_us": None,
        "tenant": run.tenant,
        "ready_us": 0,
        "hold": None,
        **dict(zip(FORK_COLUMNS, fork_columns(run), strict=True)),
    }
