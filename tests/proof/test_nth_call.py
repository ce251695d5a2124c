"""R4. Whichever call of the store, of an action or of the clock goes wrong, and however: the error is typed, and the run ends well.

Every call is tried, none is sampled. A person publishes, starts and waits, and does it again after an error; a second
workspace is opened only when the first one can do nothing any more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from proof.effort import LONG
from proof.faults import KINDS, Faults
from proof.person import Person
from sim.ending import Ending, Kept
from sim.reference import PERSIST, WAITS, WORKFLOWS
from wfnb.engine.pace import Pace

EVERYDAY = ("action", "try", "retry", "child")
NAMES = tuple(name for name in WORKFLOWS if name not in WAITS) if LONG else EVERYDAY


def plain(steps: Any) -> Any:
    """The workflow as it is."""
    return steps


def patient(steps: Any) -> Any:
    """The workflow with calls that are tried again when they fail without a reason of their own."""
    if isinstance(steps, list):
        return [patient(step) for step in steps]
    if not isinstance(steps, dict):
        return steps
    changed = {key: patient(value) for key, value in steps.items()}
    if changed.get("type") == "action.call":
        changed["retry"] = {**PERSIST, "maxAttempts": 5, "retryOn": ["ActionError", "TransientError"]}
    return changed


def lived(
    name: str, face: str, faults: Faults, change: Callable[[Any], Any] = plain
) -> tuple[Ending, Counter[str]]:
    """The ending of a life with these faults, and the errors that the person saw."""
    person = Person(Kept(), name, face=face, faults=faults, change=change)
    person.work()
    return person.ending(), person.codes


def story(found: Ending) -> tuple[Any, ...]:
    """What must not differ when attempts, times and the words of an error may: statuses, what runs hold, effects."""
    held = {run: json.loads(tree) for run, tree in found.states.items()}
    runs = {run: (tree["status"], wordless(tree["envelope"]["vars"])) for run, tree in held.items()}
    return runs, found.effects, found.tables["open"]


def wordless(variables: dict[str, Any]) -> dict[str, Any]:
    """Variables without those that quote an error: of five failures in a row the last one is told."""
    return {name: value for name, value in variables.items() if name not in ("text", "itemErrors")}


@pytest.fixture(autouse=True)
def _quick_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine looks again at what it could not drive after some seconds; here at once."""
    monkeypatch.setattr("wfnb.engine.engine.KERNEL", Pace(look_s=0.02, longest_round_s=0.02))


def every_call(
    name: str, face: str, kind: str, change: Callable[[Any], Any], same: Callable[[Ending, Ending], bool]
) -> tuple[int, Counter[str]]:
    """Let each call go wrong once; how many there were, and the errors that the person saw.

    One more than a healthy life has, and one after that: a life with a fault may be longer.
    """
    healthy = Faults()
    golden, _ = lived(name, face, healthy, change)
    seen: Counter[str] = Counter()
    for number in range(healthy.count + 2):
        faults = Faults(kind, number)
        found, codes = lived(name, face, faults, change)
        assert same(found, golden), (name, face, kind, number, faults.names[number : number + 1], codes)
        seen += codes
    return healthy.count + 2, seen


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_the_nth_call_of_the_store(name: str, kind: str, note: Callable[..., None]) -> None:
    tried, seen = every_call(name, "store", kind, plain, Ending.same_story)
    assert set(seen) <= {"STORE_BUSY"}, seen
    note("R4", faults=tried, errors_seen=seen.total())
    note(f"R4, store {kind}", faults=tried)


@pytest.mark.parametrize("kind", KINDS[:3])
@pytest.mark.parametrize("name", NAMES)
def test_the_nth_call_of_an_action(name: str, kind: str, note: Callable[..., None]) -> None:
    """An action that is repeated takes more time, so times and attempts may differ, and nothing else."""
    tried, seen = every_call(
        name, "actions", kind, patient, lambda found, golden: story(found) == story(golden)
    )
    assert not seen, "what an action does is the step's business, not the person's"
    note("R4", faults=tried)
    note(f"R4, action {kind}", faults=tried)


@pytest.mark.parametrize("kind", ["before", "hang"])
@pytest.mark.parametrize("name", NAMES)
def test_the_nth_question_to_the_clock(name: str, kind: str, note: Callable[..., None]) -> None:
    tried, seen = every_call(name, "clock", kind, plain, Ending.same_story)
    assert set(seen) <= {"ENGINE_FAULT", "the clock's own"}, seen
    note("R4", faults=tried, errors_seen=seen.total())
    note(f"R4, clock {kind}", faults=tried)
