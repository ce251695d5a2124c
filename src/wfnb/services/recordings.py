"""Records from the tables: of one run, or of many at once."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.errors import CommandError
from wfnb.machine.record import Record, Tape
from wfnb.store.port import Store, state_at
from wfnb.store.records import RunRow

__all__ = ["record_of", "tapes_of"]


def record_of(store: Store, run: RunRow, *, whole: bool = False) -> Record:
    """What a run was given; with the `whole` of its steps also how it went.

    Raises
    ------
    CommandError
        ``NOT_REPLAYABLE`` when rows of the run are missing.
    """
    tape = next(tapes_of(store, run.workflow_id, run.run_no, run.run_no, whole=whole), None)
    if tape is None:
        raise CommandError("The run is not in the tables any more.", code="NOT_REPLAYABLE", where=run.run_id)
    return Record(tape)


def tapes_of(store: Store, workflow_id: str, first: int, last: int, *, whole: bool = False) -> Iterator[Tape]:
    """What the tables hold of a workflow's runs with numbers from `first` to `last`, and what the runs they called left."""
    for tape in store.recordings(workflow_id, first, last, whole=whole):
        for effect_id, child in tape.children.items():
            row = store.run_by_no(child.run_no) if child.status == "SUCCEEDED" else None
            if row is not None:
                envelope = state_at(store, row).envelope
                left = {key: envelope[key] for key in ("payload", "vars", "meta")}
                tape.children[effect_id] = child._replace(envelope=left)
        yield tape
