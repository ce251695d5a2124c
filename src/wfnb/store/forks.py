"""Forks as columns of ``runs``: what a run is a fork of, and how it lives."""

from __future__ import annotations

from wfnb.store.records import NewRun
from wfnb.store.text import dump

__all__ = ["FORK_COLUMNS", "fork_columns"]

FORK_COLUMNS = ("forked_from", "forked_seq", "live", "edits", "fixtures")


def fork_columns(run: NewRun) -> tuple[int | None, int | None, int, str | None, str | None]:
    """The values of `FORK_COLUMNS` for a new run."""
    edits = None if run.edits is None else dump(run.edits)
    fixtures = None if run.fixtures is None else dump(run.fixtures)
    return run.forked_from, run.forked_seq, int(run.live), edits, fixtures
