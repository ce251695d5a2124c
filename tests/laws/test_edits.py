"""Laws of edits: wherever they are made, the state is the first one and all writes, and no effect gets the name of another."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from laws.test_machine_laws import pipelines, world
from proof.effort import examples
from unit.machine.world import World, call, each
from wfnb.errors import CommandError
from wfnb.machine.messages import (
    ChildScheduled,
    Edit,
    InvocationScheduled,
    RunEdited,
    Start,
    StepCanceled,
    StepFailed,
    StepStarted,
    StepSucceeded,
    WaitOpened,
)
from wfnb.machine.pipeline.edits import standing
from wfnb.machine.state import fold
from wfnb.model.paths import definition_path

ERROR = {"category": "ActionError", "code": "SAID", "message": "So it is said."}
REFUSED = {"EDIT_RUN_OVER", "EDIT_NOT_NEXT", "EDIT_NOT_A_CALL", "EDIT_NOTHING_ASKED", "EDIT_JUMP_UNSOUND"}


def tried(run: World, instance: str) -> dict[str, int]:
    """Attempts that a block has used up, as the service counts them."""
    block = f"{instance.rpartition('.steps[')[0]}.steps["
    used: dict[str, int] = dict(run.state.tree.get("tried", {}))
    for event in run.of(StepStarted):
        if event.instance.startswith(block):
            used[event.instance] = max(used.get(event.instance, 0), event.attempt)
    return used


def edit(run: World, data: st.DataObject) -> Edit:
    """Some edit of a run where it stands."""
    kind = data.draw(st.sampled_from(["set", "skip", "supply", "jump"]))
    if kind == "set":
        return Edit(at_us=run.tick(), kind="set", path="vars.x", value=data.draw(st.integers(-5, 5)))
    instance = data.draw(st.sampled_from(standing(run.state) or ["root.steps[0]"]))
    if kind == "skip":
        return Edit(at_us=run.tick(), kind="skip", instance=instance)
    if kind == "supply":
        error = data.draw(st.sampled_from([None, ERROR]))
        return Edit(at_us=run.tick(), kind="supply", instance=instance, output={"n": 7}, error=error)
    block = definition_path(instance).rpartition(".steps[")[0]
    target = data.draw(st.sampled_from([step.id for step in run.program.blocks[block]]))
    return Edit(at_us=run.tick(), kind="jump", instance=instance, target=target, tried=tried(run, instance))


def send(run: World, command: Edit) -> bool:
    """Make an edit, unless it is refused; then nothing has changed."""
    before, refused = run.state, None
    try:
        run.send(command)
    except CommandError as error:
        refused = error.code
    assert refused is None or (refused in REFUSED and run.state == before)
    return refused is None


def edited(run: World, data: st.DataObject, most: int = 12) -> int:
    """Drive a run with edits in between, at most so many of them; how many were made."""
    made = 0
    run.send(Start(at_us=run.tick()))
    for _ in range(2_000):
        if run.state.terminal:
            return made
        if made < most and data.draw(st.integers(0, 3)) == 0:
            made += send(run, edit(run, data))
        else:
            run.once()
    raise AssertionError("the run does not end")


wide = [
    {**each("wide", "[1, 2, 3]", [call("w1", "ok", save_as="vars.ok"), call("w2", "busy", retry={"maxAttempts": 3})]), "concurrency": 2},
    call("behind", "ok"),
]  # fmt: skip


def check(steps: list[dict[str, Any]], data: st.DataObject) -> None:
    run = World(steps, world(steps).actions)
    first = run.state
    made = edited(run, data)
    assert len(run.of(RunEdited)) == made
    writes = [write for _, events in run.macrosteps for event in events for write in event.writes]
    assert fold(first, writes) == run.state
    kinds = InvocationScheduled | WaitOpened | ChildScheduled
    names = [event.effect_id for event in run.events if isinstance(event, kinds)]
    assert len(names) == len(set(names))
    begun = [(event.instance, event.attempt) for event in run.of(StepStarted)]
    assert len(begun) == len(set(begun))
    ends = [event for event in run.events if isinstance(event, StepSucceeded | StepFailed | StepCanceled)]
    assert sorted((event.instance, event.attempt) for event in ends) == sorted(begun)


@settings(max_examples=examples(200), deadline=None)
@given(pipelines, st.data())
def test_an_edited_run_ends_and_every_step_that_began_ends_once(
    steps: list[dict[str, Any]], data: st.DataObject
) -> None:
    check(steps, data)


@settings(max_examples=examples(100), deadline=None)
@given(st.data())
def test_parallel_items_are_edited_like_everything_else(data: st.DataObject) -> None:
    check(wide, data)
