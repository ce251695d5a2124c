"""What the tables in memory hold of many runs at once, as text: see `wfnb.store.recordings` for those of other stores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from wfnb.machine.record import Ask, Attempt, Call, Ending, Given, Tape
from wfnb.store.memory_base import MemoryBase
from wfnb.store.memory_tables import Cells
from wfnb.store.memory_write import Tables

__all__ = ["MemoryRecordings"]

_NOTED = ("run.canceled", "run.reopened")
_HEAD = ("run_no", "run_id", "workflow_id", "workflow_version", "kind", "status", "seq", "tenant")


class MemoryRecordings(MemoryBase):
    """Recordings of the store in memory."""

    def recordings(self, workflow_id: str, first: int, last: int, *, whole: bool = False) -> list[Tape]:
        """What is there of a workflow's runs with numbers from `first` to `last`; see `wfnb.store.port.Store`."""
        with self._turn():
            rows = self._tables.runs.rows
            numbers = range(max(first, 1), min(last, max(rows, default=0)) + 1)
            chosen = (rows[number] for number in numbers if number in rows)
            children = _children(self._tables)
            return [
                _tape(self._tables, run, children[run["run_no"]], whole=whole)
                for run in chosen
                if run["workflow_id"] == workflow_id
            ]


def _children(tables: Tables) -> defaultdict[int, dict[str, Ending]]:
    found: defaultdict[int, dict[str, Ending]] = defaultdict(dict)
    for (parent, effect_id), child in tables.by_parent.items():
        if effect_id is not None:
            found[parent][effect_id] = Ending(*_cells(tables.runs.rows[child], "run_no", "run_id", "status"))
    return found


def _tape(tables: Tables, run: Cells, children: dict[str, Ending], *, whole: bool) -> Tape:
    number = run["run_no"]
    tape = Tape(*_cells(run, *_HEAD))
    tape.start = next((tree for seq, tree in tables.checkpoints.get(number, ()) if seq == 0), None)
    tape.macrosteps = [Given(*row) for row in tables.macrosteps.get(number, ())]
    tape.calls = [Call(*_cells(row, *Call._fields)) for row in tables.calls.table.of_run(number)]
    steps = sorted(tables.steps.of_run(number), key=lambda row: int(row["seq"]))
    shown = (row for row in steps if whole or row["error"] is not None)
    tape.attempts = [Attempt(*_cells(row, *Attempt._fields)) for row in shown]
    tape.waits = [_ask(tables, row) for row in tables.waits.of_run(number)]
    events = (row for row in tables.events.of_run(number) if row["kind"] in _NOTED)
    tape.notes = [(row["seq"], row["kind"], row["data"]) for row in events]
    tape.children = children
    return tape


def _ask(tables: Tables, row: Cells) -> Ask:
    came = tables.inbox.get(row["inbox_no"], {})
    return Ask._make((*_cells(row, *Ask._fields[:7]), came.get("name"), came.get("payload"), row["answer"]))


def _cells(row: Cells, *names: str) -> Iterator[Any]:
    return (row[name] for name in names)
