"""Retention: runs that were kept long enough are deleted with all that belongs to them, and the audit says so.

A run goes together with the runs it has called, and only when all of them are over. It stays when its workflow is held, when
another run that stays relies on a result of it, and when it is the newest one. What was deleted keeps no promise: a call with a
key that only a deleted run knew is made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wfnb.errors import CommandError
from wfnb.services import workflow_settings
from wfnb.services.audit import Actor, note
from wfnb.store.database import MemoryDatabase, Session
from wfnb.store.port import Store
from wfnb.store.statements import RETENTION

__all__ = ["Due", "purge", "what_is_due"]

_DAY_US = 86_400_000_000
_FAMILIES = 100  # deleted in one transaction, so that runs under way do not wait long
_Run = tuple[int, str]

_DELETES = (
    RETENTION.delete_inbox,
    RETENTION.delete_logs,
    RETENTION.delete_events,
    RETENTION.delete_waits,
    RETENTION.delete_steps,
    RETENTION.delete_checkpoints,
    RETENTION.delete_macrosteps,
)


@dataclass(frozen=True, slots=True)
class Due:
    """What of a workflow is to be deleted: runs that ended before a moment, those that they called included."""

    workflow_id: str
    days: int
    before_us: int
    runs: int
    held: bool = False


def what_is_due(
    store: Store, tenant: str, *, now_us: int, days: int | None, workflow: str | None
) -> list[Due]:
    """What is to be deleted, by workflow. `days` is for workflows that say nothing themselves.

    Raises
    ------
    CommandError
        ``PURGE_NOT_SUPPORTED``.
    """
    _check_kept(store)
    found: list[Due] = []
    with store.database.reading() as session:
        names = [str(row[0]) for row in session.execute(RETENTION.workflows, (tenant,))]
    for name in names if workflow is None else [workflow]:
        known = workflow_settings.settings(store.database, name)
        kept = known.retention_days if known.retention_days is not None else days
        if kept is None:
            continue
        before_us = now_us - kept * _DAY_US
        runs = 0
        if not known.legal_hold:
            with store.database.reading() as session:
                runs = sum(len(family) for family in _families(session, tenant, name, before_us))
        found.append(Due(name, kept, before_us, runs, known.legal_hold))
    return found


def purge(store: Store, tenant: str, due: Due, by: Actor, reason: str, *, at_us: int) -> int:
    """Delete what is due of a workflow; how many runs that were."""
    _check_kept(store)
    total = 0
    while True:
        with store.database.writing() as session:
            if workflow_settings.is_held(session, due.workflow_id):
                return total
            gone = _delete_some(session, tenant, due, at_us)
            if gone:
                facts = {"runs": gone, "days": due.days}
                target = ("workflow", due.workflow_id)
                note(session, by, "runs.purged", target, at_us=at_us, reason=reason, changes=facts)
        total += gone
        if not gone:
            return total


def _check_kept(store: Store) -> None:
    if isinstance(store.database, MemoryDatabase):
        raise CommandError(
            "A store in memory keeps nothing that could be deleted for its age.", code="PURGE_NOT_SUPPORTED"
        )


def _delete_some(session: Session, tenant: str, due: Due, at_us: int) -> int:
    gone = 0
    for number, family in enumerate(_families(session, tenant, due.workflow_id, due.before_us)):
        if number == _FAMILIES:
            break
        _delete(session, family, at_us)
        gone += len(family)
    return gone


def _families(session: Session, tenant: str, workflow_id: str, before_us: int) -> Iterator[list[_Run]]:
    """Runs that can go, each with the runs it has called."""
    newest = session.execute(RETENTION.newest)[0][0]
    after = 0
    while True:
        page = session.execute(RETENTION.due, (tenant, workflow_id, before_us, after, _FAMILIES))
        for run_no, run_id in page:
            family = _family(session, (run_no, run_id), newest)
            if family is not None and not _is_relied_on(session, family):
                yield family
        if len(page) < _FAMILIES:
            return
        after = page[-1][0]


def _family(session: Session, run: _Run, newest: int) -> list[_Run] | None:
    """A run and those it has called, down to the last; None when one of them is not over, held, or the newest run."""
    family = [run]
    for run_no, _ in family:
        for child_no, child_id, workflow_id, completed_us in session.execute(RETENTION.children, (run_no,)):
            if completed_us is None or child_no == newest or workflow_settings.is_held(session, workflow_id):
                return None
            family.append((child_no, child_id))
    return family


def _is_relied_on(session: Session, family: list[_Run]) -> bool:
    own = {run_no for run_no, _ in family}
    return any(
        other not in own
        for run_no in own
        for (other,) in session.execute(RETENTION.relied_on, (run_no, run_no))
    )


def _delete(session: Session, family: list[_Run], at_us: int) -> None:
    """Delete runs, children first: nothing may name what is gone."""
    for run_no, _ in family:
        for statement in _DELETES:
            session.execute(statement, (run_no,))
    for statement in (RETENTION.delete_sharing, RETENTION.delete_invocations):
        for run_no, _ in family:
            session.execute(statement, (run_no,))
    for run_no, run_id in reversed(family):
        session.execute(RETENTION.delete_run, (run_no,))
        session.execute(RETENTION.mark, (run_no, run_id, at_us))
