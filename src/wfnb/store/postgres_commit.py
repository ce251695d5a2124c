"""The statements of one commit, and the claims of its invocations; all inside the caller's transaction.

What is not needed to decide something is sent without waiting for the answer before it. Statements are executed in order, and
after one that fails none is.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import psycopg

from wfnb.store import decode
from wfnb.store.claims import Holder, Predecessor, judge, next_attempt, takes_over
from wfnb.store.postgres_sessions import Link
from wfnb.store.postgres_statements import HOLDS, INVOCATIONS, PROGRESS, RUNS, TRANSACTION, WAITS
from wfnb.store.records import Claim, Commit, Committed, InvocationRow
from wfnb.store.refusals import answered_meanwhile
from wfnb.store.rows import Call, CallEnded, OpenedWait, ResolvedWait, RowChanges
from wfnb.store.text import dump, load

__all__ = ["Found", "claim_again", "find_committed", "write_commit"]


class Found(NamedTuple):
    """What was found out about a call; the number of a new row is known only when the transaction is over."""

    effect_id: str
    mode: Literal["perform", "cached", "busy"]
    attempt: int
    output: str | None
    number: int | psycopg.Cursor[tuple[Any, ...]]

    def claim(self) -> Claim:
        """The claim, as the port gives it."""
        number = self.number if isinstance(self.number, int) else self.number.fetchall()[0][0]
        return Claim(self.mode, number, self.attempt, load(self.output))


class Written(NamedTuple):
    """What a commit has found out, as soon as its transaction is over."""

    found: list[Found]
    hold: psycopg.Cursor[tuple[Any, ...]]

    def committed(self) -> Committed:
        """The same, as the port gives it."""
        return Committed({call.effect_id: call.claim() for call in self.found}, self.hold.fetchall()[0][0])


class _Asked(NamedTuple):
    """A call, and the questions that were sent about its key."""

    call: Call
    key: tuple[str, int, str]
    holder: psycopg.Cursor[tuple[Any, ...]]
    predecessor: psycopg.Cursor[tuple[Any, ...]]


def write_commit(link: Link, commit: Commit, rows: RowChanges) -> Written:
    """Write all rows of a commit; what was found out about its calls, and about the run."""
    run_no = commit.run_no
    hold = _move_on(link, commit, rows)
    for macrostep in rows.macrosteps:
        link.execute(PROGRESS.add_macrostep, (run_no, *macrostep))
    for begun in rows.begun:
        link.execute(PROGRESS.begin_step, (run_no, *begun))
    for ended in rows.ended:
        *outcome, instance, attempt = ended
        link.execute(PROGRESS.end_step, (*outcome, run_no, instance, attempt))
    found = _write_calls(link, run_no, rows.calls)
    if rows.canceled_us is not None:
        link.execute(INVOCATIONS.cancel_open, (rows.canceled_us, run_no))
    _write_rare(link, run_no, rows)
    _set_going(link, commit, rows)
    return Written(found, hold)


def _move_on(link: Link, commit: Commit, rows: RowChanges) -> psycopg.Cursor[tuple[Any, ...]]:
    new = (rows.seq, rows.status, rows.label, commit.cursor, rows.error, rows.updated_us, rows.completed_us)
    hold = link.execute(
        RUNS.reopen if commit.reopens else RUNS.take_over if commit.takes_over else RUNS.move_on,
        (*new, commit.run_no, commit.expected_seq, commit.epoch),
    )
    if commit.release:
        link.execute(RUNS.release, (commit.run_no,))
    return hold


def _write_rare(link: Link, run_no: int, rows: RowChanges) -> None:
    """What most commits do not have."""
    for wait in rows.waits:
        if isinstance(wait, OpenedWait):
            link.execute(WAITS.open, (run_no, *wait))
        else:
            _resolve(link, run_no, wait)
    for happening in rows.happenings:
        link.execute(PROGRESS.add_event, (run_no, *happening))
    if rows.checkpoint is not None:
        link.execute(PROGRESS.add_checkpoint, (run_no, rows.seq, rows.checkpoint))


def _resolve(link: Link, run_no: int, wait: ResolvedWait) -> None:
    values = (wait.status, wait.resolved_us, wait.source, wait.answer, run_no, wait.effect_id)
    if not wait.expired:
        link.execute(WAITS.resolve, values)
        return
    expired = link.execute(WAITS.expire, values)
    answers = link.execute(WAITS.of_effect, (run_no, wait.effect_id)).fetchall()
    if not expired.rowcount and answers and decode.wait_row(answers[0]).status == "WAITING":
        raise answered_meanwhile(wait.effect_id)


def _set_going(link: Link, commit: Commit, rows: RowChanges) -> None:
    """Give the run back, or tell the one that called it that it is over."""
    if rows.completed_us is not None:
        link.execute(TRANSACTION.lock_parent, (commit.run_no,))
        link.execute(WAITS.answer_parent, (rows.completed_us, commit.run_no))
    elif commit.park:
        link.execute(RUNS.park, (commit.run_no, commit.epoch, None))


def _write_calls(link: Link, run_no: int, calls: list[Call | CallEnded]) -> list[Found]:
    """Claim what is to be performed and end what has ended, in order; neighbours with different keys are asked about at once."""
    found: list[Found] = []
    asked: list[_Asked] = []
    for call in calls:
        if isinstance(call, CallEnded) or _key(call) in {other.key for other in asked}:
            found += [_claim(link, run_no, one) for one in asked]
            asked = []
        if isinstance(call, Call):
            asked.append(_ask(link, call))
        else:
            *outcome, effect_id = call
            link.execute(INVOCATIONS.end, (*outcome, run_no, effect_id))
    return found + [_claim(link, run_no, one) for one in asked]


def _key(call: Call | InvocationRow) -> tuple[str, int, str]:
    return call.action_id, call.action_version, call.key


def _ask(link: Link, call: Call) -> _Asked:
    key = _key(call)
    _lock(link, key)
    return _Asked(
        call, key, link.execute(INVOCATIONS.holder, key), link.execute(INVOCATIONS.predecessor, key)
    )


def _claim(link: Link, run_no: int, asked: _Asked) -> Found:
    call = asked.call
    holder, before = _holder(asked.holder), _predecessor(asked.predecessor)
    match judge(holder, run_no, call.effect_id), holder:
        case "mine", Holder() as mine:
            return Found(call.effect_id, "perform", mine.attempt, None, mine.invocation_no)
        case ("cached" | "busy") as mode, Holder() as other:
            added = _add(link, run_no, call, attempt=1, shared_with=other.invocation_no)
            return Found(call.effect_id, mode, 1, other.output, added)
        case "abandoned", Holder() as dead:
            link.execute(INVOCATIONS.abandon, (dead.invocation_no,))
            before = _predecessor(link.execute(INVOCATIONS.predecessor, asked.key))
    attempt = next_attempt(before)
    if before is not None and takes_over(before, run_no, call.instance):
        again = (call.effect_id, call.input, call.at_us, attempt, before.invocation_no)
        link.execute(INVOCATIONS.try_again, again)
        return Found(call.effect_id, "perform", attempt, None, before.invocation_no)
    return Found(call.effect_id, "perform", attempt, None, _add(link, run_no, call, attempt=attempt))


def claim_again(link: Link, row: InvocationRow) -> Claim:
    """Whose the key of an open invocation is now that shared the result of another one."""
    key = _key(row)
    _lock(link, key)
    holder = _holder(link.execute(INVOCATIONS.holder, key))
    match judge(holder, row.run_no, row.effect_id), holder:
        case "mine", Holder() as mine:
            return Claim("perform", mine.invocation_no, mine.attempt)
        case ("cached" | "busy") as mode, Holder() as other:
            if row.shared_with != other.invocation_no:
                link.execute(INVOCATIONS.share, (other.invocation_no, row.invocation_no))
            return Claim(mode, row.invocation_no, row.attempt, load(other.output))
        case "abandoned", Holder() as dead:
            link.execute(INVOCATIONS.abandon, (dead.invocation_no,))
    attempt = next_attempt(_predecessor(link.execute(INVOCATIONS.predecessor, key)))
    link.execute(INVOCATIONS.own, (attempt, row.invocation_no))
    return Claim("perform", row.invocation_no, attempt)


def find_committed(link: Link, commit: Commit, rows: RowChanges) -> Written | None:
    """What the commit has found out, when it was made; None when it was not.

    Its macrosteps are looked up by the run and their numbers: only one writer can have written them, and it still owns the run. The row of the run
    is locked first, so a server that still works on the lost commit is waited for.
    """
    epochs = link.execute(TRANSACTION.lock_run, (commit.run_no,)).fetchall()
    asked = (commit.run_no, commit.expected_seq, rows.seq)
    stored = link.execute(PROGRESS.macrosteps, asked).fetchall()
    epoch = commit.epoch + (commit.reopens or commit.takes_over)
    if epochs != [(epoch,)] or stored != [tuple(macrostep) for macrostep in rows.macrosteps]:
        return None
    calls = [call for call in rows.calls if isinstance(call, Call)]
    found = [_found_again(link, commit.run_no, call) for call in calls]
    return Written(found, link.execute(HOLDS.of_run, (commit.run_no,)))


def _found_again(link: Link, run_no: int, call: Call) -> Found:
    (columns,) = link.execute(INVOCATIONS.of_effect, (run_no, call.effect_id)).fetchall()
    row = decode.invocation_row(columns)
    if row.shared_with is None:
        return Found(call.effect_id, "perform", row.attempt, None, row.invocation_no)
    holder = _holder(link.execute(INVOCATIONS.holder, _key(call)))
    cached = holder is not None and holder.status == "SUCCEEDED"
    output = holder.output if holder is not None else None
    return Found(call.effect_id, "cached" if cached else "busy", row.attempt, output, row.invocation_no)


def _lock(link: Link, key: tuple[str, int, str]) -> None:
    link.execute(TRANSACTION.lock_key, (dump(list(key)),))


def _holder(asked: psycopg.Cursor[tuple[Any, ...]]) -> Holder | None:
    found = asked.fetchall()
    return Holder(*found[0]) if found else None


def _predecessor(asked: psycopg.Cursor[tuple[Any, ...]]) -> Predecessor | None:
    found = asked.fetchall()
    return Predecessor(*found[0]) if found else None


def _add(
    link: Link, run_no: int, call: Call, *, attempt: int, shared_with: int | None = None
) -> psycopg.Cursor[tuple[Any, ...]]:
    return link.execute(
        INVOCATIONS.add,
        (
            run_no,
            call.effect_id,
            call.instance,
            call.action_id,
            call.action_version,
            call.key,
            call.input,
            call.at_us,
            attempt,
            shared_with,
        ),
    )
