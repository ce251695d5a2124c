"""Waits, the inbox, and runs that are parked, in memory: the same promises as in a state file."""

from __future__ import annotations

from operator import itemgetter

from wfnb.machine.filters import matches
from wfnb.store.memory_base import MemoryBase, inbox_of, run_of, wait_of
from wfnb.store.memory_tables import Cells
from wfnb.store.records import InboxFilter, InboxRow, NewEvent, NewRun, RunRow, Submitted, WaitRow
from wfnb.store.refusals import wait_over
from wfnb.store.text import dump

__all__ = ["MemoryWaits"]


class MemoryWaits(MemoryBase):
    """The part of `wfnb.store.port.Store` that is about waiting."""

    def waits(self, run_no: int) -> list[WaitRow]:
        """Waits in the order in which they were opened."""
        with self._turn():
            return [wait_of(row) for row in self._tables.waits.of_run(run_no)]

    def wait(self, run_no: int, effect_id: str) -> tuple[WaitRow, InboxRow | None] | None:
        """The wait of an effect, with what answered it."""
        with self._turn():
            number = self._tables.by_wait.get((run_no, effect_id))
            if number is None:
                return None
            wait = wait_of(self._tables.waits.rows[number])
            answer = self._tables.inbox.get(wait.inbox_no or 0)
            return wait, None if answer is None else inbox_of(answer)

    def open_waits(
        self, wait_type: str, *, tenant: str = "local", after: int = 0, limit: int = 100
    ) -> list[WaitRow]:
        """Waits of a type that nothing has answered, oldest first, from the one after wait `after` on."""
        with self._turn():
            found = [
                wait_of(row)
                for number, row in self._tables.waits.rows.items()
                if number > after
                and row["wait_type"] == wait_type
                and self._is_open(row)
                and self._tables.runs.rows[row["run_no"]]["tenant"] == tenant
            ]
            return found[:limit]

    # --- the inbox

    def submit(self, event: NewEvent, starts: tuple[NewRun, ...] = ()) -> Submitted:
        """Record an event, answer one wait with it and create the runs it starts: all in one transaction.

        Raises
        ------
        CommandError
            ``WAIT_OVER``.
        """
        payload, trees = dump(event.payload), [dump(run.state.tree) for run in starts]
        tables = self._tables
        with self._turn():
            place = (event.tenant, event.name, event.dedupe)
            if event.dedupe is not None and place in tables.by_dedupe:
                return Submitted(inbox_of(tables.inbox[tables.by_dedupe[place]]), new=False)
            wait = self._taker(event)
            tables.check_runs(starts)
            created = [tables.create_run(run, tree) for run, tree in zip(starts, trees, strict=True)]
            started = tuple(run_of(row) for row, new in created if new)
            rev = tables.log.next_revision()
            number = len(tables.inbox) + 1
            cells: Cells = {
                "inbox_no": number, "tenant": event.tenant, "name": event.name, "key": event.key, "payload": payload,
                "dedupe": event.dedupe, "source": event.source, "received_us": event.received_us,
                "wait_no": wait and wait["wait_no"], "run_no": wait and wait["run_no"],
                "started": tuple(row.run_id for row in started), "error": event.error, "rev": rev,
            }  # fmt: skip
            tables.inbox[number] = cells
            if event.dedupe is not None:
                tables.by_dedupe[place] = number
            if wait is not None:
                tables.waits.change(wait["wait_no"], answered_us=event.received_us, inbox_no=number)
                tables.wake(wait["run_no"])
            return Submitted(inbox_of(cells), new=True, started=started)

    def _taker(self, event: NewEvent) -> Cells | None:
        """The wait that an event answers: the one it names, or the oldest open one that it fits."""
        tables = self._tables
        if event.wait_no is not None:
            named = tables.waits.rows.get(event.wait_no)
            if named is None or not self._is_open(named):
                raise wait_over(event.wait_no)
            return named
        for row in tables.waits_for(event.name, event.key):
            run = tables.runs.rows[row["run_no"]]
            fits = self._is_open(row) and run["tenant"] == event.tenant and run["live"]
            if fits and matches(wait_of(row).filters, event.payload):
                return row
        return None

    def _is_open(self, row: Cells) -> bool:
        waiting = row["status"] == "WAITING" and row["answered_us"] is None
        return waiting and row["run_no"] in self._tables.open

    def inbox(self, filter: InboxFilter) -> list[InboxRow]:  # noqa: A002 - the field's word
        """A page of what was submitted, newest first."""
        with self._turn():
            found = [row for row in map(inbox_of, self._tables.inbox.values()) if _fits(row, filter)]
            return found[::-1][: filter.limit]

    # --- parked runs

    def park(self, run_no: int, epoch: int, ready_us: int | None = None) -> None:
        """Give a run back until `ready_us`, or until one of its waits is answered or due; nothing when it has another owner."""
        with self._turn():
            self._tables.park(run_no, epoch, ready_us)

    def ready_runs(self, now_us: int, lease_us: int, dead: tuple[str, ...], limit: int) -> list[RunRow]:
        """Runs that can go on at `now_us` and that nobody drives."""
        with self._turn():
            found = [
                row
                for row in self._tables.open.values()
                if row["ready_us"] is not None
                and row["ready_us"] <= now_us
                and _is_free(row, lease_us, dead)
                and not self._tables.stands_still(row["run_no"], lease_us)
            ]
            found.sort(key=itemgetter("ready_us", "run_no"))
            return [run_of(row) for row in found[:limit]]

    def next_ready_us(self, after_us: int) -> int | None:
        """The next moment after `after_us` at which a parked run can go on by itself."""
        with self._turn():
            moments = (row["ready_us"] for row in self._tables.open.values())
            return min((us for us in moments if us is not None and us > after_us), default=None)

    def owners(self) -> list[str]:
        """Everybody who owns a run that is not over."""
        with self._turn():
            names = {row["owner"] for row in self._tables.open.values()}
            return sorted(name for name in names if name is not None)

    def children(self, run_no: int) -> list[RunRow]:
        """Runs that a run has called, oldest first."""
        with self._turn():
            numbers = (number for (parent, _), number in self._tables.by_parent.items() if parent == run_no)
            return [run_of(self._tables.runs.rows[number]) for number in sorted(numbers)]

    def forks(self, run_no: int) -> list[RunRow]:
        """Runs that are forks of a run, oldest first."""
        with self._turn():
            numbers = self._tables.forks.get(run_no, ())
            return [run_of(self._tables.runs.rows[number]) for number in numbers]


def _is_free(row: Cells, lease_us: int, dead: tuple[str, ...]) -> bool:
    until = row["lease_until_us"]
    return row["owner"] in (None, *dead) or (until is not None and until < lease_us)


def _fits(row: InboxRow, wanted: InboxFilter) -> bool:
    matched = row.run_no is not None or bool(row.started)
    status = "error" if row.error is not None else "matched" if matched else "unmatched"
    return (
        row.tenant == wanted.tenant
        and wanted.name in (None, row.name)
        and wanted.key in (None, row.key)
        and wanted.status in (None, status)
        and (wanted.before is None or row.inbox_no < wanted.before)
    )
