"""Rows of the state file as values: columns in the order of their fields, JSON text read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wfnb.model.values import JsonValue, Write
from wfnb.store.records import (
    EventRow,
    InboxRow,
    InvocationRow,
    MacrostepRow,
    RunRow,
    StepRow,
    StepTally,
    VersionRow,
    WaitRow,
)
from wfnb.store.text import load, load_object

__all__ = [
    "checkpoint_row",
    "event_row",
    "inbox_row",
    "invocation_row",
    "macrostep_row",
    "read_writes",
    "run_row",
    "step_row",
    "step_tally",
    "version_row",
    "wait_row",
]

_Columns = Sequence[Any]


def version_row(row: _Columns) -> VersionRow:
    """A row of ``versions``."""
    return VersionRow(*_with_json(row, 3, 6))


def run_row(row: _Columns) -> RunRow:
    """A row of ``runs``."""
    plain = row[9] is None and row[25] is None
    return RunRow(*row) if plain else RunRow(*_with_json(row, 9, 28, 29))


def step_row(row: _Columns) -> StepRow:
    """A row of ``steps``."""
    return StepRow(*row) if row[8] is None else StepRow(*_with_json(row, 8))


def step_tally(row: _Columns) -> StepTally:
    """A row of tallies; how the last attempt ended stands in the lowest digit of the last column."""
    stretch, step_id, branch, instance, handler, count, duration_us, last = row
    end_seq, status = divmod(last, len(_STATUSES))
    return StepTally(
        stretch, step_id, branch, instance, handler, _STATUSES[status], count, duration_us, end_seq
    )


_STATUSES = ("SUCCEEDED", "FAILED", "RETRY_SCHEDULED", "CANCELED")


def invocation_row(row: _Columns) -> InvocationRow:
    """A row of ``invocations``."""
    return InvocationRow(*_with_json(row, 9, 10, 11))


def wait_row(row: _Columns) -> WaitRow:
    """A row of ``waits``."""
    plain = row[11] is None and row[12] is None and row[17] is None
    return WaitRow(*row) if plain else WaitRow(*_with_json(row, 11, 12, 17))


def inbox_row(row: _Columns) -> InboxRow:
    """A row of ``inbox``."""
    values = _with_json(row, 4, 10)
    values[10] = tuple(values[10])
    return InboxRow(*values)


def event_row(row: _Columns) -> EventRow:
    """A row of ``events``."""
    return EventRow(*_with_json(row, 5))


def macrostep_row(row: _Columns) -> MacrostepRow:
    """A row of ``macrosteps`` without its run."""
    seq, at_us, command, writes = row
    return MacrostepRow(seq, at_us, command, read_writes(writes))


def checkpoint_row(row: _Columns) -> tuple[int, dict[str, JsonValue]]:
    """A row of ``checkpoints`` without its run: its macrostep and the state tree."""
    seq, tree = row
    return seq, load_object(tree) or {}


def _with_json(row: _Columns, *columns: int) -> list[Any]:
    """The columns with the JSON text in some of them read."""
    values = list(row)
    for column in columns:
        values[column] = load(values[column])
    return values


def read_writes(text: str) -> tuple[Write, ...]:
    """The writes of a macrostep from their text.

    Examples
    --------
    >>> read_writes('[[["a"],1],[["b"]]]')
    (Write(path=('a',), value=1), Write(path=('b',), value=DELETE))
    """
    return tuple(map(Write.from_json, load(text)))
