"""R1. Wherever processes die, a run ends as if none had: the same state, every effect, each applied once.

Schedules are tried level by level: no crash, every single one, every pair, every triple ... The level that does not fit into
the count is sampled by seed; and some schedules of three to six crashes are always among them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from proof.effort import LONG, count
from sim.ending import Ending, Kept, check, ending, golden
from sim.reference import WORKFLOWS
from wfnb.store.port import Store, film
from wfnb.store.records import RunFilter
from wfnb.store.sqlite import SqliteStore

SCHEDULES = count("SCHEDULES", short=20_000, long=1_000_000)
DEEP = 0.1  # the part of the schedules that has three to six crashes in any case
SEED = count("SEED", short=1, long=1)

EXPECTED = {
    "action": ("SUCCEEDED", 1), "loop": ("SUCCEEDED", 5), "try": ("SUCCEEDED", 3), "unhandled": ("FAILED", 2),
    "empty": ("SUCCEEDED", 2), "else": ("SUCCEEDED", 1), "if_in_loop": ("SUCCEEDED", 3), "loop_in_loop": ("SUCCEEDED", 6),
    "try_in_loop_in_try": ("SUCCEEDED", 6), "loop_in_try": ("SUCCEEDED", 3), "try_in_catch": ("SUCCEEDED", 4),
    "error_in_catch": ("SUCCEEDED", 3), "return_from_depth": ("SUCCEEDED", 2), "go_on": ("SUCCEEDED", 6),
    "bad_expression": ("SUCCEEDED", 2), "states": ("SUCCEEDED", 2), "retry": ("SUCCEEDED", 2), "retry_in_loop": ("SUCCEEDED", 4),
    "retry_in_vain": ("SUCCEEDED", 2), "retry_then_next": ("SUCCEEDED", 3), "shared": ("SUCCEEDED", 1),
    "keyed_loop": ("SUCCEEDED", 2), "child": ("SUCCEEDED", 2), "child_in_loop": ("SUCCEEDED", 4), "grandchild": ("SUCCEEDED", 3),
    "child_fails": ("SUCCEEDED", 8), "event": ("SUCCEEDED", 2), "event_in_loop": ("SUCCEEDED", 2), "event_in_vain": ("SUCCEEDED", 1),
    "pause": ("SUCCEEDED", 2), "pause_in_loop": ("SUCCEEDED", 2), "task": ("SUCCEEDED", 2), "task_in_try": ("SUCCEEDED", 1),
    "child_waits": ("SUCCEEDED", 2),
}  # fmt: skip
"""How each workflow ends, and the effects it has."""

REPEATING = {"retry": 2, "retry_in_loop": 2, "retry_in_vain": 2, "retry_then_next": 2}
"""Calls beyond one for each effect: what a policy tries again without any crash."""


def test_the_reference_runs_end_as_they_are_meant_to() -> None:
    found = {name: golden(name) for name in WORKFLOWS}
    assert {n: (e.tables["run-0001"][0][0], len(e.effects)) for n, e in found.items()} == EXPECTED
    assert {
        n: e.calls.total() - len(e.effects) for n, e in found.items() if e.calls.total() > len(e.effects)
    } == REPEATING
    assert not any(
        effect[1].get("amount") == "never" for e in found.values() for effect in e.effects.values()
    )


def levels(name: str, budget: int, chance: random.Random) -> Iterator[tuple[int, int, bool]]:
    """Try schedules level by level: the number of crashes, how many schedules, and whether these are all there are."""
    known: list[tuple[tuple[int, ...], int]] = [((), golden(name).moments)]
    crashes = 0
    while budget > 0:
        crashes += 1
        every = [(before, moment) for before, moments in known for moment in range(moments)]
        chosen = every if len(every) <= budget else chance.sample(every, budget)
        known = [((*before, moment), check(name, (*before, moment)).moments) for before, moment in chosen]
        budget -= len(chosen)
        yield crashes, len(chosen), len(chosen) == len(every)


@pytest.mark.behaviour(72)
@pytest.mark.defect("D-20")
@pytest.mark.parametrize("name", WORKFLOWS)
def test_crashes_at_every_moment_and_at_every_pair_of_moments(name: str, note: Callable[..., None]) -> None:
    """A later process has moments of its own: it claims the run again, and goes on where the last one died."""
    budget = round(SCHEDULES / len(WORKFLOWS) * (1 - DEEP))
    for crashes, tried, all_of_them in levels(name, budget, random.Random(f"{SEED} {name}")):
        note("R1", schedules=tried)
        note(f"R1, {crashes} crashes", schedules=tried, workflows=1, workflows_exhausted=int(all_of_them))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_many_crashes_in_a_row(name: str, note: Callable[..., None]) -> None:
    chance = random.Random(f"{SEED} {name} deep")
    tried = 0
    while tried < SCHEDULES / len(WORKFLOWS) * DEEP:
        crashes: tuple[int, ...] = ()
        left = golden(name).moments
        for _ in range(chance.randint(3, 6)):
            crashes = (*crashes, chance.randrange(left))
            left = check(name, crashes).moments
            tried += 1
    note("R1", schedules=tried)
    note("R1, 3 to 6 in a row", schedules=tried)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_one_crash_at_every_moment_on_a_file(name: str, tmp_path: Path, note: Callable[..., None]) -> None:
    every = range(golden(name).moments)
    chosen = every if LONG else sorted(random.Random(f"{SEED} {name}").sample(every, 6))
    for moment in chosen:
        check(name, (moment,), partial(SqliteStore, tmp_path / f"{moment}.sqlite"))
    note("R1, on a file", schedules=len(chosen))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_state_between_can_be_read_after_a_crash(name: str) -> None:
    """Time travel through a run with a crash in its middle gives the states of a run without one."""
    disks: list[Kept] = []

    def kept() -> Store:
        disks.append(Kept())
        return disks[-1]

    ending(name, (), kept)
    ending(name, (golden(name).moments // 2,), kept)
    first, second = ([state.tree for _, state in film(disk, disk.runs(RunFilter())[-1])] for disk in disks)
    assert first == second
    assert first


def test_a_schedule_that_loses_an_effect_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself can fail: here nothing that was pending is performed after a crash."""
    whole: Ending = golden("action")
    assert not whole.calls - check("action", (3,)).calls
    monkeypatch.setattr("sim.ending.golden", lambda name: ending("else"))
    with pytest.raises(AssertionError):
        check("action", (3,))
