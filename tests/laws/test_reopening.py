"""Laws of retrying failed runs: nothing of the failure is left, and no effect gets the name of an earlier one."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from laws.test_machine_laws import _ids, pipelines, world
from unit.machine.world import World, assign, call, each, when
from wfnb.errors import ActionError
from wfnb.machine.messages import (
    ChildScheduled,
    InvocationScheduled,
    Retry,
    RunReopened,
    Start,
    StepFailed,
    StepStarted,
    WaitOpened,
)
from wfnb.machine.state import State, fold


class Story(World):
    """A run whose states are remembered, and that can be retried like a stored one."""

    def begin(self) -> Story:
        self.states: list[State] = [self.state]
        return self

    def send(self, command: Any) -> Any:
        before = len(self.macrosteps)
        events = super().send(command)
        if len(self.macrosteps) > before:
            self.states.append(self.state)
        return events

    def retry(self) -> State:
        """Retry from the step that failed; the state it had before."""
        failures = [event for event in self.of(StepFailed) if event.handled_by is None]
        number, _ = next(
            (number, event)
            for number in range(len(self.macrosteps) - 1, -1, -1)
            for event in self.macrosteps[number][1]
            if isinstance(event, StepStarted) and event.instance == failures[-1].instance
        )
        tried: dict[str, int] = dict(self.state.tree.get("tried", {}))
        for event in self.of(StepStarted):
            tried[event.instance] = max(tried.get(event.instance, 0), event.attempt)
        before = self.states[number]
        assert self.send(Retry(at_us=self.tick(), tree=before.tree, tried=tried, reason="again"))
        return before


def told(steps: list[dict[str, Any]], actions: dict[str, Any]) -> Story:
    return Story(steps, actions).begin()


def effects(story: World) -> list[str]:
    kinds = InvocationScheduled | WaitOpened | ChildScheduled
    return [event.effect_id for event in story.events if isinstance(event, kinds)]


@settings(max_examples=200, deadline=None)
@given(pipelines, st.integers(1, 3))
def test_a_retried_run_stands_where_it_stood_and_names_no_effect_twice(
    steps: list[dict[str, Any]], rounds: int
) -> None:
    story = told(steps, world(steps).actions)
    story.run()
    for _ in range(rounds):
        if story.state.status != "FAILED":
            break
        before = story.retry()
        assert story.state.status == "RUNNING"
        assert story.state.envelope == before.envelope
        assert story.of(RunReopened)[-1].instance == story.of(StepFailed)[-1].instance
        story.run()
    names = effects(story)
    assert len(names) == len(set(names))


@settings(max_examples=100, deadline=None)
@given(pipelines)
def test_the_state_of_a_retried_run_is_its_first_state_and_all_writes(steps: list[dict[str, Any]]) -> None:
    story = told(steps, world(steps).actions)
    first = story.state
    story.run()
    if story.state.status == "FAILED":
        story.retry()
        story.run()
    writes = [write for _, events in story.macrosteps for event in events for write in event.writes]
    assert fold(first, writes) == story.state


@settings(max_examples=100, deadline=None)
@given(pipelines)
def test_a_retry_of_a_run_that_has_not_failed_changes_nothing(steps: list[dict[str, Any]]) -> None:
    story = told(steps, world(steps).actions)
    for _ in range(200):
        if story.state.status == "FAILED":
            return
        state = story.state
        assert story.send(Retry(at_us=story.now, tree=state.tree, tried={}, reason="again")) == ()
        assert story.state is state
        if state.terminal:
            return
        if state.status == "PENDING":
            story.send(Start(at_us=story.tick()))
        else:
            story.once()


def _leaf() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(
        [lambda n: assign(n, x="coalesce(vars.x, 0) + 1"), lambda n: call(n, "flaky")]
    ).map(lambda make: make(f"s{next(_ids)}"))


def _block(children: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    inner = st.lists(children, max_size=3)
    return st.one_of(
        st.builds(lambda a, b: when(f"s{next(_ids)}", "coalesce(vars.x, 0) > 1", a, b), inner, inner),
        st.builds(lambda a: each(f"s{next(_ids)}", "[1, 2]", a), inner),
    )


plain = st.lists(st.recursive(_leaf(), _block, max_leaves=8), min_size=1, max_size=4)


@settings(max_examples=200, deadline=None)
@given(plain, st.sets(st.integers(1, 12), max_size=4))
def test_a_run_that_was_retried_ends_like_one_that_never_failed(
    steps: list[dict[str, Any]], faults: set[int]
) -> None:
    calls = 0

    def flaky(_data: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls in faults:
            raise ActionError("Not now.")
        return {}

    story = told(steps, {"flaky": flaky})
    story.run()
    while story.state.status == "FAILED":
        story.retry()
        story.run()
    good = told(steps, {"flaky": lambda _data: {}})
    good.run()
    assert story.state.status == "SUCCEEDED"
    assert story.state.envelope == good.state.envelope
    assert len(good.of(InvocationScheduled)) == calls - len({n for n in faults if n <= calls})
