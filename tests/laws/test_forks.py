"""Laws of forks: without changes a fork is what its origin was from there on, wherever it begins."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from laws.test_machine_laws import pipelines, world
from proof.effort import examples
from unit.machine.world import World, call, each
from wfnb.machine.fork import Branch, forked
from wfnb.machine.messages import (
    Command,
    Completed,
    Failed,
    Fired,
    InvocationScheduled,
    StepFailed,
    StepSucceeded,
)
from wfnb.machine.pipeline.changes import Change
from wfnb.machine.state import State


class Original(World):
    """A run whose states and answers are remembered."""

    def begin(self) -> Original:
        self.states: list[State] = [self.state]
        self.answers: dict[str, Command] = {}
        return self

    def send(self, command: Any) -> Any:
        before = len(self.macrosteps)
        events = super().send(command)
        if isinstance(command, Completed | Failed):
            self.answers[command.effect_id] = command
        if len(self.macrosteps) > before:
            self.states.append(self.state)
        return events


class Fork(World):
    """A run that goes on from a state of another one and is given the answers that this one was given."""

    def go_on(self, original: Original, state: State) -> Fork:
        self.program, self.state, self._answers = original.program, state, original.answers
        return self

    def answer(self, effect_id: str, pending: dict[str, Any]) -> Command:
        if pending["kind"] == "wait":
            return Fired(at_us=self.tick(), effect_id=effect_id)
        return self._answers[effect_id]


def original(steps: list[dict[str, Any]], actions: dict[str, Any] | None = None) -> Original:
    return Original(steps, world(steps).actions if actions is None else actions).begin()


def fork_of(run: Original, at: int, *changes: Change) -> Fork:
    branch = Branch(run.state.run_id, at, live=False, source=run.program, target=run.program, version=1)
    state = forked(run.states[at], branch, changes, run_id="run-0002", started_us=0)
    return Fork([], dict(run.actions)).go_on(run, state)


def ended(run: World, after: int = 0) -> list[Any]:
    """How the steps ended that ended behind a macrostep, without their times and the order of parallel items."""
    events = [event for _, made in run.macrosteps[after:] for event in made]
    steps = [event for event in events if isinstance(event, StepSucceeded | StepFailed)]
    return sorted((e.instance, e.attempt, type(e).__name__, str(e.error), str(e.handled_by)) for e in steps)


def known(run: World) -> dict[str, Any]:
    """What the run knows at its end, without its own name and the time at which an error came."""
    roots = {key: value for key, value in run.state.envelope.items() if key != "run"}
    error = roots.get("error")
    return {**roots, "error": {**error, "at": "", "occurredAt": ""} if isinstance(error, dict) else error}


@settings(max_examples=examples(200), deadline=None)
@given(pipelines, st.data())
def test_a_fork_without_changes_equals_the_original_from_there_on(
    steps: list[dict[str, Any]], data: st.DataObject
) -> None:
    run = original(steps)
    run.run()
    at = data.draw(st.integers(0, len(run.states) - 2))
    fork = fork_of(run, at).run()
    assert fork.state.status == run.state.status
    assert known(fork) == known(run)
    assert ended(fork) == ended(run, at)


parallel = [
    {**each("wide", "[1, 2, 3]", [call("w1", "ok", save_as="vars.ok"), call("w2", "busy", retry={"maxAttempts": 3})]), "concurrency": 2},
    call("behind", "ok"),
]  # fmt: skip


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_a_fork_in_the_middle_of_parallel_items_equals_the_original_from_there_on(
    data: st.DataObject,
) -> None:
    run = original(parallel)
    run.run()
    at = data.draw(st.integers(0, len(run.states) - 2))
    fork = fork_of(run, at).run()
    assert known(fork) == known(run)
    assert ended(fork) == ended(run, at)


@settings(max_examples=examples(100), deadline=None)
@given(pipelines, st.data())
def test_what_is_pending_in_the_origin_is_begun_anew_with_a_key_of_the_forks_own(
    steps: list[dict[str, Any]], data: st.DataObject
) -> None:
    run = original(steps)
    run.run()
    at = data.draw(st.integers(0, len(run.states) - 2))
    fork = fork_of(run, at)
    assert fork.state.pending == {}
    fork.run()
    keys = {event.key for event in fork.of(InvocationScheduled)}
    assert not keys & {event.key for event in run.of(InvocationScheduled)}
    assert all(key.startswith("run-0002/") for key in keys)


@settings(max_examples=examples(100), deadline=None)
@given(pipelines, st.data(), st.integers())
def test_a_changed_value_stands_in_the_first_state_and_the_origin_is_as_it_was(
    steps: list[dict[str, Any]], data: st.DataObject, value: int
) -> None:
    run = original(steps)
    run.run()
    at = data.draw(st.integers(0, len(run.states) - 2))
    before = run.states[at].tree.copy()
    fork = fork_of(run, at, Change("vars.put", value))
    assert fork.state.envelope["vars"]["put"] == value
    assert run.states[at].tree == before
    assert "put" not in run.states[at].envelope["vars"]
