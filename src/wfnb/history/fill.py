"""Brings a projection up to date: changed rows and the watermark move in one DuckDB transaction."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import duckdb

from wfnb.history.columns import Batch, batches, count
from wfnb.history.connect import create
from wfnb.history.statements import schema, statement
from wfnb.store.port import Store
from wfnb.store.purged import count_purged, is_purged, purged
from wfnb.store.records import Changes
from wfnb.store.redactions import declared, hide

__all__ = ["Unusable", "begin", "catch_up", "has_purged", "pending", "watermark"]

# Raise it when columns.py or fill.sql write something else into the same tables: old files are then built again.
_FORMAT = 1

_BATCH_ROWS = 50_000
"""Rows read from the store at a time: large enough for columns to pay, small enough for memory."""


class Unusable(Exception):  # noqa: N818 - not an error: it never leaves this folder
    """The projection was not made from this store, or not by this version."""


def begin(connection: duckdb.DuckDBPyConnection, store: Store) -> None:
    """Make an empty projection."""
    create(connection, _fingerprint(store))


def watermark(connection: duckdb.DuckDBPyConnection, store: Store) -> int:
    """The revision up to which a projection knows everything.

    Raises
    ------
    Unusable
        When it cannot be brought up to date but must be built again.
    """
    try:
        row = connection.execute(statement("fill", "read_mark")).fetchone()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise Unusable from error
    if row is None or row[0] != _fingerprint(store):
        raise Unusable
    newest = connection.execute(statement("fill", "newest_run")).fetchone()
    if newest is not None:
        _compare(store, *newest)
    return int(row[1])


def pending(store: Store, after_rev: int) -> Changes:
    """The next changes after a revision."""
    return store.changes(after_rev, _BATCH_ROWS)


def catch_up(connection: duckdb.DuckDBPyConnection, store: Store) -> int:
    """Take in all changes up to now; how many rows that were.

    Raises
    ------
    Unusable
        When the projection must be built again.
    """
    mark = watermark(connection, store)
    hidden = declared(store.database)
    total = 0
    while True:
        changes = pending(store, mark)
        rows = count(changes)
        if changes.rev > mark:
            _take(connection, replace(changes, invocations=tuple(hide(changes.invocations, hidden))))
        mark = max(mark, changes.rev)
        total += rows
        if rows < _BATCH_ROWS:  # the head: what is written meanwhile is for the next question
            break
    _forget(connection, store)
    return total


def has_purged(connection: duckdb.DuckDBPyConnection, store: Store) -> bool:
    """Whether the store has deleted runs that the history may still know."""
    row = connection.execute(statement("fill", "read_mark")).fetchone()
    return row is not None and row[2] != count_purged(store.database)


def _forget(connection: duckdb.DuckDBPyConnection, store: Store) -> None:
    """Forget runs that the store has deleted. Asked after the changes, so none of them comes back with those."""
    if not has_purged(connection, store):
        return
    runs = purged(store.database)
    connection.begin()
    try:
        for kind in ("run", "step", "invocation", "wait", "event"):
            connection.execute(statement("fill", f"forget_purged_{kind}"), {"runs": runs})
        connection.execute(statement("fill", "note_forgotten"), {"count": len(runs)})
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _fingerprint(store: Store) -> str:
    """What the rows depend on besides the store's: how they are written, and what of calls is not shown."""
    made_of = f"{schema()}{declared(store.database)}"
    return f"{_FORMAT}-{sha256(made_of.encode()).hexdigest()[:16]}"


def _compare(store: Store, run_no: int, run_id: str, rev: int) -> None:
    """The newest run of the history is still a run of the store: nobody put an older store in its place."""
    known = store.run_by_no(run_no)
    if known is None and is_purged(store.database, run_no):
        return
    if known is None or known.run_id != run_id or known.rev < rev:
        raise Unusable


def _take(connection: duckdb.DuckDBPyConnection, changes: Changes) -> None:
    connection.begin()
    try:
        for batch in batches(changes):
            _take_batch(connection, batch)
        connection.execute(statement("fill", "move_watermark"), {"rev": changes.rev})
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _take_batch(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    connection.register("batch", batch.columns)
    try:
        connection.execute(statement("fill", f"forget_{batch.kind}"))
        connection.execute(statement("fill", f"add_{batch.kind}"))
    finally:
        connection.unregister("batch")
