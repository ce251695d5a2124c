"""The statements of one commit, and the claims of its invocations; all inside the caller's write transaction."""

from __future__ import annotations

from typing import cast

import apsw

from wfnb.store import decode
from wfnb.store.claims import Holder, Predecessor, judge, next_attempt, takes_over
from wfnb.store.records import Claim, Commit, Committed, InvocationRow
from wfnb.store.refusals import answered_meanwhile, stale_commit
from wfnb.store.rows import Call, OpenedWait, ResolvedWait, RowChanges
from wfnb.store.statements import INVOCATIONS, PROGRESS, RUNS, WAITS
from wfnb.store.text import load

__all__ = ["claim_again", "write_commit"]


def write_commit(db: apsw.Connection, commit: Commit, rows: RowChanges, rev: int) -> Committed:
    """Write all rows of a commit; what was found out about its calls, and about the run.

    Raises
    ------
    StaleWriterError
        When the run has another owner, has moved on, or is over.
    """
    run_no = commit.run_no
    hold = _move_on(db, commit, rows, rev)
    for macrostep in rows.macrosteps:
        db.execute(PROGRESS.add_macrostep, (run_no, *macrostep))
    for begun in rows.begun:
        db.execute(PROGRESS.begin_step, (run_no, *begun, rev))
    for ended in rows.ended:
        *outcome, instance, attempt = ended
        db.execute(PROGRESS.end_step, (*outcome, rev, run_no, instance, attempt))
    claims: dict[str, Claim] = {}
    for call in rows.calls:
        if isinstance(call, Call):
            claims[call.effect_id] = _claim(db, run_no, call, rev)
        else:
            *outcome, effect_id = call
            db.execute(INVOCATIONS.end, (*outcome, rev, run_no, effect_id))
    if rows.canceled_us is not None:
        db.execute(INVOCATIONS.cancel_open, (rows.canceled_us, rev, run_no))
    _write_rare(db, run_no, rows, rev)
    _set_going(db, commit, rows, rev)
    return Committed(claims, hold)


def _move_on(db: apsw.Connection, commit: Commit, rows: RowChanges, rev: int) -> str | None:
    """The fence; the hold on the run."""
    new = (
        rows.seq,
        rows.status,
        rows.label,
        commit.cursor,
        rows.error,
        rows.updated_us,
        rows.completed_us,
        rev,
    )
    moved = db.execute(
        RUNS.reopen if commit.reopens else RUNS.take_over if commit.takes_over else RUNS.move_on,
        (*new, commit.run_no, commit.expected_seq, commit.epoch),
    ).fetchall()
    if not moved:
        raise stale_commit(commit)
    if commit.release:
        db.execute(RUNS.release, (commit.run_no,))
    return cast("str | None", moved[0][0])


def _write_rare(db: apsw.Connection, run_no: int, rows: RowChanges, rev: int) -> None:
    """What most commits do not have."""
    for wait in rows.waits:
        if isinstance(wait, OpenedWait):
            db.execute(WAITS.open, (run_no, *wait, rev))
        else:
            _resolve(db, run_no, wait, rev)
    for happening in rows.happenings:
        db.execute(PROGRESS.add_event, (run_no, *happening, rev))
    if rows.checkpoint is not None:
        db.execute(PROGRESS.add_checkpoint, (run_no, rows.seq, rows.checkpoint))


def _resolve(db: apsw.Connection, run_no: int, wait: ResolvedWait, rev: int) -> None:
    values = (wait.status, wait.resolved_us, wait.source, wait.answer, rev, run_no, wait.effect_id)
    db.execute(WAITS.expire if wait.expired else WAITS.resolve, values)
    if wait.expired and not db.changes():
        found = db.execute(WAITS.of_effect, (run_no, wait.effect_id)).fetchall()
        if found and decode.wait_row(found[0]).status == "WAITING":
            raise answered_meanwhile(wait.effect_id)


def _set_going(db: apsw.Connection, commit: Commit, rows: RowChanges, rev: int) -> None:
    """Give the run back, or tell the one that called it that it is over."""
    if rows.completed_us is not None:
        for (parent_no,) in db.execute(
            WAITS.answer_parent, (rows.completed_us, rev, commit.run_no)
        ).fetchall():
            db.execute(RUNS.wake, (parent_no,))
    elif commit.park:
        db.execute(RUNS.park, (commit.run_no, commit.epoch, None))


def _claim(db: apsw.Connection, run_no: int, call: Call, rev: int) -> Claim:
    key = (call.action_id, call.action_version, call.key)
    holder = _holder(db, key)
    match judge(holder, run_no, call.effect_id), holder:
        case "mine", Holder() as mine:
            return Claim("perform", mine.invocation_no, mine.attempt)
        case ("cached" | "busy") as mode, Holder() as other:
            number = _add(db, run_no, call, rev, attempt=1, shared_with=other.invocation_no)
            return Claim(mode, number, 1, load(other.output))
        case "abandoned", Holder() as dead:
            db.execute(INVOCATIONS.abandon, (rev, dead.invocation_no))
    before = _predecessor(db, key)
    attempt = next_attempt(before)
    if before is not None and takes_over(before, run_no, call.instance):
        again = (call.effect_id, call.input, call.at_us, attempt, rev, before.invocation_no)
        db.execute(INVOCATIONS.try_again, again)
        return Claim("perform", before.invocation_no, attempt)
    return Claim("perform", _add(db, run_no, call, rev, attempt=attempt), attempt)


def claim_again(db: apsw.Connection, row: InvocationRow, rev: int) -> Claim:
    """Whose the key of an open invocation is now that shared the result of another one."""
    key = (row.action_id, row.action_version, row.key)
    holder = _holder(db, key)
    match judge(holder, row.run_no, row.effect_id), holder:
        case "mine", Holder() as mine:
            return Claim("perform", mine.invocation_no, mine.attempt)
        case ("cached" | "busy") as mode, Holder() as other:
            if row.shared_with != other.invocation_no:
                db.execute(INVOCATIONS.share, (other.invocation_no, rev, row.invocation_no))
            return Claim(mode, row.invocation_no, row.attempt, load(other.output))
        case "abandoned", Holder() as dead:
            db.execute(INVOCATIONS.abandon, (rev, dead.invocation_no))
    attempt = next_attempt(_predecessor(db, key))
    db.execute(INVOCATIONS.own, (attempt, rev, row.invocation_no))
    return Claim("perform", row.invocation_no, attempt)


def _holder(db: apsw.Connection, key: tuple[str, int, str]) -> Holder | None:
    row = db.execute(INVOCATIONS.holder, key).fetchone()
    return None if row is None else Holder(*row)


def _predecessor(db: apsw.Connection, key: tuple[str, int, str]) -> Predecessor | None:
    row = db.execute(INVOCATIONS.predecessor, key).fetchone()
    return None if row is None else Predecessor(*row)


def _add(
    db: apsw.Connection, run_no: int, call: Call, rev: int, *, attempt: int, shared_with: int | None = None
) -> int:
    number: int = db.execute(
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
            rev,
        ),
    ).get
    return number
