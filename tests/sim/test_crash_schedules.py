"""Wherever processes die, a run ends as if none had: the same state, every effect, each applied once.

Single crashes and pairs of crashes are tried at every moment there is (see `sim.crashing`), and so are random schedules of three
to six crashes, as many per workflow as ``WFNB_SCHEDULES`` says.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sim.crashing import Outside, life
from sim.reference import WORKFLOWS, Bench
from wfnb.model.values import canonical_json
from wfnb.store.memory import MemoryStore
from wfnb.store.port import Store, film, state_at
from wfnb.store.records import RunFilter
from wfnb.store.sqlite import SqliteStore

PAYLOAD = {"n": 20}
BENCH = Bench()


@dataclass(frozen=True)
class Ending:
    """Everything that a schedule must not change, and how often actions were called."""

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
    try:
        for version in BENCH.versions:
            disk.save_version(version)
        BENCH.outside = Outside()
        actions = BENCH.catalog.actions
        moments = life(
            disk, BENCH.programs, actions, workflow=f"{name}-run", payload=PAYLOAD, crashes=crashes
        )
        return read(disk, BENCH.outside, moments)
    finally:
        disk.close()


def read(disk: Store, outside: Outside, moments: int) -> Ending:
    runs = disk.runs(RunFilter())
    tables: dict[str, list[Any]] = {"open": disk.open_runs()}
    for run in runs:
        tables[run.run_id] = [
            (run.status, run.seq, run.error, run.label, run.started_us, run.completed_us, run.owner),
            [(s.instance, s.attempt, s.status, s.seq, s.end_seq, s.branch, s.error) for s in disk.steps(run.run_no)],
            [(i.instance, i.key, i.status, i.input, i.output, i.error) for i in disk.invocations(run.run_no)],
            [(w.instance, w.status, w.due_us, w.resolved_us) for w in disk.waits(run.run_no)],
            [(e.kind, e.seq, e.data) for e in disk.events(run.run_no) if e.kind != "attempt.repeated"],
        ]  # fmt: skip
    states = {run.run_id: canonical_json(state_at(disk, run).tree) for run in runs}
    announced = sum(e.kind == "attempt.repeated" for run in runs for e in disk.events(run.run_no))
    return Ending(states, tables, outside.applied, Counter(outside.calls), announced, moments)


GOLDEN = {name: ending(name) for name in WORKFLOWS}


def check(name: str, crashes: tuple[int, ...], make: Callable[[], Store] = MemoryStore) -> Ending:
    """Live through a schedule and hold it against a life without crashes."""
    golden, found = GOLDEN[name], ending(name, crashes, make)
    assert found.same_story(golden), (name, crashes)
    repeated = found.calls - golden.calls
    assert not golden.calls - found.calls, ("an effect was lost", name, crashes)
    assert repeated.total() <= len(crashes), ("more repetitions than crashes", name, crashes, repeated)
    assert repeated.total() <= found.announced <= len(crashes), (
        "a repetition is in the audit",
        name,
        crashes,
    )
    return found


def singles(name: str) -> Iterator[int]:
    return iter(range(GOLDEN[name].moments))


def test_the_reference_runs_end_as_they_are_meant_to() -> None:
    assert {name: golden.tables["run-0001"][0][0] for name, golden in GOLDEN.items()} == {
        "action": "SUCCEEDED", "retry": "SUCCEEDED", "loop": "SUCCEEDED", "try": "SUCCEEDED", "child": "SUCCEEDED",
        "shared": "SUCCEEDED", "unhandled": "FAILED",
    }  # fmt: skip
    assert {name: len(golden.effects) for name, golden in GOLDEN.items()} == {
        "action": 1, "retry": 2, "loop": 5, "try": 3, "child": 2, "shared": 1, "unhandled": 2,
    }  # fmt: skip
    repeated = {name: sum(golden.calls.values()) - len(golden.effects) for name, golden in GOLDEN.items()}
    assert repeated.pop("retry") == 2, "two attempts come too early, the third is in time"
    assert set(repeated.values()) == {0}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_one_crash_at_every_moment(name: str) -> None:
    for moment in singles(name):
        check(name, (moment,))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_two_crashes_at_every_pair_of_moments(name: str) -> None:
    """The second process has moments of its own: it claims the run again, and goes on where the first one died."""
    for first in singles(name):
        for second in range(check(name, (first,)).moments):
            check(name, (first, second))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_one_crash_at_every_moment_on_a_file(name: str, tmp_path: Path) -> None:
    for moment in singles(name):
        check(name, (moment,), partial(SqliteStore, tmp_path / f"{moment}.sqlite"))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_state_between_can_be_read_after_a_crash(name: str) -> None:
    """Time travel through a run with a crash in its middle gives the states of a run without one."""
    disks: list[MemoryStore] = []

    def kept() -> Store:
        disks.append(Kept())
        return disks[-1]

    ending(name, (), kept)
    ending(name, (GOLDEN[name].moments // 2,), kept)
    first, second = ([state.tree for _, state in film(disk, disk.runs(RunFilter())[-1])] for disk in disks)
    assert first == second


class Kept(MemoryStore):
    """A disk that is read after its schedule."""

    def close(self) -> None:
        return


@pytest.mark.parametrize("name", WORKFLOWS)
def test_many_crashes_in_a_row(name: str) -> None:
    chance = random.Random(name)
    for _ in range(int(os.environ.get("WFNB_SCHEDULES", "100"))):
        crashes: tuple[int, ...] = ()
        left = GOLDEN[name].moments
        for _ in range(chance.randint(3, 6)):
            crashes = (*crashes, chance.randrange(left))
            left = check(name, crashes).moments
