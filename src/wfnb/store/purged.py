"""Runs that retention has deleted: what the history asks about them."""

from __future__ import annotations

from wfnb.store.database import Database
from wfnb.store.statements import RETENTION

__all__ = ["count_purged", "is_purged", "purged"]


def count_purged(database: Database) -> int:
    """How many runs were deleted; the number only grows."""
    with database.reading() as session:
        return int(session.execute(RETENTION.count_purged)[0][0])


def purged(database: Database) -> list[int]:
    """Numbers of the runs that were deleted."""
    with database.reading() as session:
        return [row[0] for row in session.execute(RETENTION.purged)]


def is_purged(database: Database, run_no: int) -> bool:
    """Whether a run was deleted."""
    with database.reading() as session:
        return bool(session.execute(RETENTION.is_purged, (run_no,)))
