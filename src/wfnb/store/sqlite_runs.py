"""Creating a run; inside the caller's write transaction."""

from __future__ import annotations

from typing import Any

import apsw

from wfnb.store import decode
from wfnb.store.forks import fork_columns
from wfnb.store.records import NewRun, RunRow
from wfnb.store.refusals import no_version, run_exists
from wfnb.store.rows import label_of
from wfnb.store.statements import PROGRESS, RUNS, TRANSACTION, VERSIONS
from wfnb.store.text import dump

__all__ = ["write_run"]


def write_run(db: apsw.Connection, run: NewRun) -> tuple[RunRow, bool]:
    """Create a run, unless its key or the step that calls it has one already: then that run, and False.

    Raises
    ------
    StoreError
        ``RUN_EXISTS``.
    NotFoundError
        ``NO_SUCH_VERSION``.
    """
    if not db.execute(VERSIONS.get, (run.workflow_id, run.workflow_version)).fetchall():
        raise no_version(run)
    known = _known(db, run)
    if known is not None:
        return known, False
    rev = db.execute(TRANSACTION.next_revision).get
    created = db.execute(RUNS.create, (*_columns(run), rev)).fetchall()
    if not created:
        raise run_exists(run)
    row = decode.run_row(created[0])
    db.execute(PROGRESS.add_checkpoint, (row.run_no, 0, dump(run.state.tree)))
    return row, True


def _columns(run: NewRun) -> tuple[Any, ...]:
    return (
        run.run_id,
        run.workflow_id,
        run.workflow_version,
        run.definition_hash,
        run.kind,
        run.state.status,
        label_of(run.state),
        run.key,
        run.trigger,
        run.parent_run_no,
        run.parent_effect,
        run.depth,
        run.owner,
        run.lease_until_us,
        run.started_us,
        run.started_us,
        run.tenant,
        *fork_columns(run),
    )


def _known(db: apsw.Connection, run: NewRun) -> RunRow | None:
    """The run that stands where this one would: with its key, or called by the same step."""
    found = []
    if run.key is not None:
        found = db.execute(RUNS.by_key, (run.workflow_id, run.key)).fetchall()
    if not found and run.parent_run_no is not None:
        found = db.execute(RUNS.by_parent, (run.parent_run_no, run.parent_effect)).fetchall()
    return decode.run_row(found[0]) if found else None
