"""Creating a run; inside the caller's transaction."""

from __future__ import annotations

from typing import Any

from wfnb.store import decode
from wfnb.store.forks import fork_columns
from wfnb.store.postgres_sessions import Link
from wfnb.store.postgres_statements import PROGRESS, RUNS, TRANSACTION
from wfnb.store.records import NewRun, RunRow
from wfnb.store.refusals import no_version, run_exists
from wfnb.store.rows import label_of
from wfnb.store.text import dump

__all__ = ["find_created", "write_run"]


def write_run(link: Link, run: NewRun) -> tuple[RunRow, bool]:
    """Create a run, unless its key or the step that calls it has one already: then that run, and False.

    Raises
    ------
    StoreError
        ``RUN_EXISTS``.
    NotFoundError
        ``NO_SUCH_VERSION``.
    """
    tree = dump(run.state.tree)
    version = link.execute(TRANSACTION.version_exists, (run.workflow_id, run.workflow_version))
    known = _known(link, run)
    if not version.fetchall():
        raise no_version(run)
    if known is not None:
        return known, False
    created = link.execute(RUNS.create, _columns(run)).fetchall()
    if not created:
        # Another transaction was faster, with the same key or with the same id.
        known = _known(link, run)
        if known is None:
            raise run_exists(run)
        return known, False
    row = decode.run_row(created[0])
    link.execute(PROGRESS.add_checkpoint, (row.run_no, 0, tree))
    return row, True


def find_created(link: Link, run: NewRun) -> tuple[RunRow, bool] | None:
    """The run, when this very one was created; an id is given once."""
    found = link.execute(RUNS.by_id, (run.run_id,)).fetchall()
    row = decode.run_row(found[0]) if found else None
    mine = row is not None and (row.workflow_id, row.started_us) == (run.workflow_id, run.started_us)
    return (row, True) if row is not None and mine else None


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


def _known(link: Link, run: NewRun) -> RunRow | None:
    """The run that stands where this one would: with its key, or called by the same step."""
    asked = []
    if run.key is not None:
        asked.append(link.execute(RUNS.by_key, (run.workflow_id, run.key)))
    if run.parent_run_no is not None:
        asked.append(link.execute(RUNS.by_parent, (run.parent_run_no, run.parent_effect)))
    found = [row for answer in asked for row in answer.fetchall()]
    return decode.run_row(found[0]) if found else None
