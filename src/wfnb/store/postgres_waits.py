"""Waits, the inbox, and runs that are parked: what stands still in a schema, and what sets it going again."""

from __future__ import annotations

import sys

from wfnb.machine.filters import matches
from wfnb.store import decode
from wfnb.store.postgres_base import PostgresBase
from wfnb.store.postgres_connections import LostRaceError
from wfnb.store.postgres_runs import write_run
from wfnb.store.postgres_sessions import Link
from wfnb.store.postgres_statements import RUNS, TRANSACTION, WAITS
from wfnb.store.records import InboxFilter, InboxRow, NewEvent, NewRun, RunRow, Submitted, WaitRow
from wfnb.store.refusals import wait_over
from wfnb.store.text import dump

__all__ = ["PostgresWaits"]


class PostgresWaits(PostgresBase):
    """The part of `wfnb.store.port.Store` that is about waiting."""

    def waits(self, run_no: int) -> list[WaitRow]:
        """Waits in the order in which they were opened."""
        return self._all(decode.wait_row, WAITS.of_run, (run_no,))

    def wait(self, run_no: int, effect_id: str) -> tuple[WaitRow, InboxRow | None] | None:
        """The wait of an effect, with what answered it."""

        def ask(link: Link) -> tuple[WaitRow, InboxRow | None] | None:
            found = link.execute(WAITS.of_effect, (run_no, effect_id)).fetchall()
            if not found:
                return None
            wait = decode.wait_row(found[0])
            answers = link.execute(WAITS.received, (wait.inbox_no,)).fetchall()
            return wait, decode.inbox_row(answers[0]) if answers else None

        return self._connections.snapshot(ask)

    def open_waits(
        self, wait_type: str, *, tenant: str = "local", after: int = 0, limit: int = 100
    ) -> list[WaitRow]:
        """Waits of a type that nothing has answered, oldest first, from the one after wait `after` on."""
        return self._all(decode.wait_row, WAITS.open_of_type, (wait_type, tenant, after, limit))

    # --- the inbox

    def submit(self, event: NewEvent, starts: tuple[NewRun, ...] = ()) -> Submitted:
        """Record an event, answer one wait with it and create the runs it starts: all in one transaction.

        Raises
        ------
        CommandError
            ``WAIT_OVER``.
        """
        payload = dump(event.payload)
        again = event.dedupe is not None  # then a second submission does nothing
        return self._connections.write(lambda link: _submit(link, event, payload, starts), repeat=again)

    def inbox(self, filter: InboxFilter) -> list[InboxRow]:  # noqa: A002 - the field's word
        """A page of what was submitted, newest first."""
        before = sys.maxsize if filter.before is None else filter.before
        chosen = (filter.tenant, before, filter.name, filter.key, filter.status, filter.limit)
        return self._all(decode.inbox_row, WAITS.inbox_page, chosen)

    # --- parked runs

    def park(self, run_no: int, epoch: int, ready_us: int | None = None) -> None:
        """Give a run back until `ready_us`, or until one of its waits is answered or due; nothing when it has another owner."""

        def change(link: Link) -> None:
            link.execute(TRANSACTION.lock_run, (run_no,))
            link.execute(RUNS.park, (run_no, epoch, ready_us))

        self._connections.write(change, repeat=True)

    def ready_runs(self, now_us: int, lease_us: int, dead: tuple[str, ...], limit: int) -> list[RunRow]:
        """Runs that can go on at `now_us` and that nobody drives."""
        return self._all(decode.run_row, RUNS.ready, (now_us, lease_us, list(dead), limit))

    def next_ready_us(self, after_us: int) -> int | None:
        """The next moment after `after_us` at which a parked run can go on by itself."""
        found: int | None = self._value(RUNS.next_ready, (after_us,))
        return found

    def owners(self) -> list[str]:
        """Everybody who owns a run that is not over."""
        return self._all(lambda row: str(row[0]), RUNS.owners)

    def children(self, run_no: int) -> list[RunRow]:
        """Runs that a run has called, oldest first."""
        return self._all(decode.run_row, RUNS.children, (run_no,))

    def forks(self, run_no: int) -> list[RunRow]:
        """Runs that are forks of a run, oldest first."""
        return self._all(decode.run_row, RUNS.forks, (run_no,))


def _submit(link: Link, event: NewEvent, payload: str, starts: tuple[NewRun, ...]) -> Submitted:
    if event.dedupe is not None:
        before = link.execute(WAITS.duplicate, (event.tenant, event.name, event.dedupe)).fetchall()
        if before:
            return Submitted(decode.inbox_row(before[0]), new=False)
    wait = _taker(link, event)
    created = [write_run(link, run) for run in starts]
    started = tuple(row for row, new in created if new)
    taken = (None, None) if wait is None else (wait.wait_no, wait.run_no)
    ids = dump([row.run_id for row in started])
    values = (
        event.tenant, event.name, event.key, payload, event.dedupe, event.source, event.received_us,
        *taken, ids, event.error,
    )  # fmt: skip
    received = link.execute(WAITS.receive, values).fetchall()
    if not received:
        raise LostRaceError  # the same was submitted in this moment
    row = decode.inbox_row(received[0])
    if wait is not None:
        link.execute(WAITS.answer, (event.received_us, row.inbox_no, wait.wait_no))
        link.execute(RUNS.wake, (wait.run_no,))
    return Submitted(row, new=True, started=started)


def _taker(link: Link, event: NewEvent) -> WaitRow | None:
    """The wait that an event answers: the one it names, or the oldest open one that it fits. Its run is locked.

    Raises
    ------
    CommandError
        ``WAIT_OVER`` when the one it names is not open.
    """
    chosen = _choose(link, event)
    while chosen is not None:
        link.execute(TRANSACTION.lock_run, (chosen.run_no,))
        # While the lock was waited for, something else may have answered it.
        again = _choose(link, event)
        if again is not None and again.wait_no == chosen.wait_no:
            return again
        chosen = again
    return None


def _choose(link: Link, event: NewEvent) -> WaitRow | None:
    if event.wait_no is not None:
        found = [decode.wait_row(row) for row in link.execute(WAITS.by_no, (event.wait_no,)).fetchall()]
        if not found or found[0].status != "WAITING" or found[0].answered_us is not None:
            raise wait_over(event.wait_no)
        return found[0]
    if event.key is None:
        return None
    asked = link.execute(WAITS.matching, (event.name, event.key, event.tenant)).fetchall()
    return next((wait for wait in map(decode.wait_row, asked) if matches(wait.filters, event.payload)), None)
