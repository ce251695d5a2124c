"""What a schedule leaves behind, and how it is held against a life without crashes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sim.crashing import Outside, life
from sim.reference import CHILDREN, Bench
from wfnb.model.values import canonical_json
from wfnb.store.memory import MemoryStore
from wfnb.store.port import Store, state_at
from wfnb.store.records import RunFilter

PAYLOAD = {"n": 20}
BENCH = Bench()


class Kept(MemoryStore):
    """A disk that is read after its schedule."""

    def close(self) -> None:
        return


@dataclass(frozen=True)
class Ending:
    """Everything that a schedule must not change, how often actions were called, and the moments of the last process."""

    states: dict[str, str]
    tables: dict[str, list[Any]]
    effects: dict[str, Any]
    calls: Counter[tuple[str, str]]
    announced: int
    moments: int

    def same_story(self, other: Ending) -> bool:
        return (self.states, self.tables, self.effects) == (other.states, other.tables, other.effects)


def ending(name: str, crashes: tuple[int, ...] = (), make: Callable[[], Store] = MemoryStore) -> Ending:
    """Live through a schedule on a new disk and read what it left."""
    disk = make()
    workflow = f"{name}-run"
    try:
        for version in BENCH.versions:
            if version.workflow_id == workflow or version.workflow_id in CHILDREN:
                disk.save_version(version)
        BENCH.outside = Outside()
        actions = BENCH.catalog.actions
        moments = life(disk, BENCH.programs, actions, workflow=workflow, payload=PAYLOAD, crashes=crashes)
        return read(disk, BENCH.outside, moments)
    finally:
        disk.close()


def read(disk: Store, outside: Outside, moments: int) -> Ending:
    """The ending that a disk and the world outside show."""
    runs = disk.runs(RunFilter())
    events = {run.run_no: disk.events(run.run_no) for run in runs}
    tables: dict[str, list[Any]] = {"open": disk.open_runs()}
    for run in runs:
        tables[run.run_id] = [
            (run.status, run.seq, run.error, run.label, run.started_us, run.completed_us, run.owner),
            [(s.instance, s.attempt, s.status, s.seq, s.end_seq, s.branch, s.error) for s in disk.steps(run.run_no)],
            [(i.instance, i.key, i.status, i.input, i.output, i.error) for i in disk.invocations(run.run_no)],
            [(w.instance, w.status, w.due_us, w.resolved_us) for w in disk.waits(run.run_no)],
            [(e.kind, e.seq, e.data) for e in events[run.run_no] if e.kind != "attempt.repeated"],
        ]  # fmt: skip
    states = {run.run_id: canonical_json(state_at(disk, run).tree) for run in runs}
    announced = sum(event.kind == "attempt.repeated" for found in events.values() for event in found)
    return Ending(states, tables, outside.applied, Counter(outside.calls), announced, moments)


@cache
def golden(name: str) -> Ending:
    """The ending of a life without crashes."""
    return ending(name)


def check(name: str, crashes: tuple[int, ...], make: Callable[[], Store] = MemoryStore) -> Ending:
    """Live through a schedule and hold it against a life without crashes.

    The same states and rows to the last one, each effect applied once, and not more repeated calls than crashes.
    """
    expected, found = golden(name), ending(name, crashes, make)
    assert found.same_story(expected), (name, crashes)
    repeated = found.calls - expected.calls
    assert not expected.calls - found.calls, ("an effect was lost", name, crashes)
    assert repeated.total() <= len(crashes), ("more repetitions than crashes", name, crashes, repeated)
    audited = repeated.total() <= found.announced <= len(crashes)
    assert audited, ("a repetition is missing in the audit", name, crashes)
    return found
