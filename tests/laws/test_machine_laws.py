"""Laws of the machine, over generated pipelines: determinism, replay by writes, crash schedules."""

from __future__ import annotations

import itertools
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from proof.effort import examples
from unit.machine.world import World, assign, attempt, call, each, when
from wfnb.errors import ActionError, TransientError
from wfnb.machine.messages import Advance, Cancel, Completed, Failed, Fired
from wfnb.machine.state import State, compact, fold
from wfnb.model.values import Write

_ids = itertools.count()


def _leaf() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(
        [
            lambda n: assign(n, x="coalesce(vars.x, 0) + 1"),
            lambda n: assign(n, bad="payload.absent"),
            lambda n: call(n, "ok", save_as="vars.ok"),
            lambda n: call(n, "fails"),
            lambda n: call(n, "fails", onError={"policy": "continue"}),
            lambda n: call(n, "busy", retry={"maxAttempts": 3, "backoffMs": 5}),
            lambda n: {"id": n, "type": "control.return"},
        ]
    ).map(lambda make: make(f"s{next(_ids)}"))


def _block(children: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    inner = st.lists(children, max_size=3)
    return st.one_of(
        st.builds(
            lambda a, b, c: when(f"s{next(_ids)}", c, a, b),
            inner,
            inner,
            st.sampled_from(["true", "coalesce(vars.x, 0) > 1"]),
        ),
        st.builds(
            lambda a, p: each(f"s{next(_ids)}", "[1, 2]", a, onItemError=p),
            inner,
            st.sampled_from(["fail", "continue"]),
        ),
        st.builds(lambda a, b: attempt(f"s{next(_ids)}", a, b), inner, inner),
    )


pipelines = st.lists(st.recursive(_leaf(), _block, max_leaves=8), min_size=1, max_size=4)


def world(steps: list[dict[str, Any]]) -> World:
    tries: dict[str, int] = {}

    def fails(_data: Any) -> Any:
        raise ActionError("Fails.")

    def busy(_data: Any) -> Any:
        tries["n"] = tries.get("n", 0) + 1
        if tries["n"] % 3:
            raise TransientError("Busy.")
        return {}

    return World(steps, {"ok": lambda data: {"n": 1}, "fails": fails, "busy": busy})


@settings(max_examples=examples(200), deadline=None)
@given(pipelines)
def test_every_pipeline_ends_and_ends_the_same_way_twice(steps: list[dict[str, Any]]) -> None:
    one, two = world(steps).run(), world(steps).run()
    assert one.state.terminal
    assert one.state == two.state
    assert one.events == two.events


@settings(max_examples=examples(200), deadline=None)
@given(pipelines)
def test_the_state_is_its_start_and_the_stored_writes(steps: list[dict[str, Any]]) -> None:
    played = world(steps)
    start = played.state
    played.run()
    macrosteps = [compact(w for e in events for w in e.writes) for _, events in played.macrosteps]
    stored = json.dumps([[write.to_json() for write in writes] for writes in macrosteps])
    state = State(start.run_id, json.loads(json.dumps(start.tree)))
    for writes in json.loads(stored):
        state = fold(state, [Write.from_json(write) for write in writes])
    assert state == played.state
    assert json.dumps(state.tree) == json.dumps(played.state.tree)  # also in the order of keys


@settings(max_examples=examples(200), deadline=None)
@given(pipelines)
def test_a_terminal_run_answers_no_command(steps: list[dict[str, Any]]) -> None:
    played = world(steps).run()
    effects = {e.effect_id for e in played.events if hasattr(e, "effect_id")}
    for effect_id in [*effects, "never"]:
        assert played.send(Completed(at_us=0, effect_id=effect_id, output={})) == ()
        assert played.send(Failed(at_us=0, effect_id=effect_id, error={"category": "x"})) == ()
        assert played.send(Fired(at_us=0, effect_id=effect_id)) == ()
    assert played.send(Advance(at_us=0)) == ()
    assert played.send(Cancel(at_us=0, reason="late")) == ()


@settings(max_examples=examples(100), deadline=None)
@given(pipelines)
def test_loops_and_tries_leave_no_trace_of_their_bookkeeping(steps: list[dict[str, Any]]) -> None:
    played = world(steps).run()
    if played.state.status == "SUCCEEDED":
        assert played.state.frames == []
        assert played.state.pending == {}


@settings(max_examples=examples(60), deadline=None)
@given(pipelines, st.data())
def test_a_crash_between_any_two_commits_changes_nothing(
    steps: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Commit, then act: whatever was decided but not stored is decided again, and comes out the same."""
    golden = world(steps).run()
    crashed = world(steps)
    from wfnb.machine.messages import Start

    crashed.send(Start(at_us=crashed.tick()))
    while not crashed.state.terminal:
        if data.draw(st.booleans()):
            kept, events, now = crashed.state, list(crashed.events), crashed.now
            if not kept.pending:  # an effect would really happen again; deciding is free
                crashed.once()
            crashed.state, crashed.events, crashed.now = kept, events, now
        crashed.once()
    assert crashed.state == golden.state
