"""Laws of replay: a run against its own version is that run, and a run against any other version comes to an end."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings

import wfnb
from laws.test_machine_laws import pipelines
from proof.effort import examples
from unit.machine.world import Anything
from wfnb.errors import ActionError, TransientError
from wfnb.machine.replay import Replayer
from wfnb.services.recordings import record_of
from wfnb.store.port import state_at


def _ids(node: Any, numbers: Any = None) -> Any:
    """Steps with ids by their order, so that two pipelines share some."""
    numbers = itertools.count() if numbers is None else numbers
    if isinstance(node, list):
        return [_ids(inner, numbers) for inner in node]
    if not isinstance(node, dict):
        return node
    head = {"id": f"s{next(numbers)}"} if "id" in node and "type" in node else {}
    return {**{key: _ids(inner, numbers) for key, inner in node.items()}, **head}


def prepared(ws: wfnb.Workspace) -> None:
    tries: list[int] = []

    def register(name: str, act: Any) -> None:
        def action(data: Anything) -> Anything:
            return Anything.model_validate(act(data))

        ws.action(name)(action)

    def fails(_data: Any) -> Any:
        raise ActionError("Fails.")

    def busy(_data: Any) -> Any:
        tries.append(1)
        if len(tries) % 3:
            raise TransientError("Busy.")
        return {}

    register("ok", lambda _: {"n": 1})
    register("fails", fails)
    register("busy", busy)


def definition(steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": "w", "name": "W", "steps": steps}


def finished(ws: wfnb.Workspace, steps: list[dict[str, Any]]) -> wfnb.Run | None:
    """A run of these steps; None when they cannot be published."""
    prepared(ws)
    return ws.start("w").wait(60) if ws.publish(definition(steps)).ok else None


@settings(max_examples=examples(60), deadline=None)
@given(pipelines)
def test_a_run_against_its_own_version_is_that_run(steps: list[dict[str, Any]]) -> None:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as ws:
        run = finished(ws, _ids(steps))
        if run is None:
            return
        row, program = run.row, ws._programs.get("w", 1)

        def same(given: Any, _events: Any, state: Any) -> None:
            assert state.tree == state_at(ws._store, row, given.seq).tree

        assert Replayer(program, 1, program).replay(record_of(ws._store, row), same).identical
        assert run.replay().identical


@settings(max_examples=examples(60), deadline=None)
@given(pipelines, pipelines)
def test_a_run_against_any_version_comes_to_an_end(
    steps: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as ws:
        run = finished(ws, _ids(steps))
        if run is None or any(f.severity == "error" for f in ws.validate(definition(_ids(others)))):
            return
        calls = len(run.invocations())
        replay = run.replay(definition=definition(_ids(others)))
        assert replay.outcome in ("SUCCEEDED", "FAILED")
        assert replay.identical == (replay.divergence is None)
        assert len(run.invocations()) == calls
        both = [step for step in replay.steps if step.recorded and step.now]
        assert len(replay.steps) == len(run.steps()) + len([s for s in replay.steps if not s.recorded])
        assert all(step.differs not in ("new step", "missing step") for step in both)
