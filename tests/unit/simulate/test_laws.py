"""The law of simulation: given what the actions give, it tells what the run does."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

import wfnb
from unit.machine.world import assign, attempt, call, each, state, when

STATUS = {"completed": "SUCCEEDED", "failed": "FAILED"}
_ids = itertools.count()


class Anything(BaseModel):
    """Input and output of actions in these tests."""

    model_config = ConfigDict(extra="allow")


def _leaf() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(
        [
            lambda n: assign(n, x="coalesce(vars.x, 0) + 1"),
            lambda n: assign(n, bad="payload.absent"),
            lambda n: call(
                n, "count", save_as="vars.counted", inputs={"x": {"$expr": "coalesce(vars.x, 0)"}}
            ),
            lambda n: call(n, "fails"),
            lambda n: call(n, "fails", onError={"policy": "continue"}),
            lambda n: state(n, "HERE"),
            lambda n: {"id": n, "type": "control.return"},
        ]
    ).map(lambda make: make(f"s{next(_ids)}"))


def _block(children: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    inner = st.lists(children, max_size=3)
    conditions = st.sampled_from(["true", "coalesce(vars.x, 0) > 1", "coalesce(vars.counted.n, 0) > 1"])
    policies = st.sampled_from(["fail", "continue"])
    return st.one_of(
        st.builds(lambda a, b, c: when(f"s{next(_ids)}", c, a, b), inner, inner, conditions),
        st.builds(lambda a, p: each(f"s{next(_ids)}", "[1, 2]", a, onItemError=p), inner, policies),
        st.builds(lambda a, b: attempt(f"s{next(_ids)}", a, b), inner, inner),
    )


pipelines = st.lists(st.recursive(_leaf(), _block, max_leaves=8), min_size=1, max_size=4)


@settings(max_examples=40)
@given(pipelines)
def test_a_simulation_with_what_the_actions_gave_is_the_run(steps: list[dict[str, Any]]) -> None:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as ws:
        gave: list[dict[str, Any]] = []

        @ws.action("count")
        def count(data: Anything) -> Anything:
            gave.append({"n": len(gave)})
            return Anything(**gave[-1])

        @ws.action("fails")
        def fails(data: Anything) -> Anything:
            raise wfnb.ActionError("It fails.", code="BROKEN")

        definition = {"id": "law", "name": "Law", "steps": steps}
        assert ws.publish(definition).ok
        run = ws.start("law", {}).wait()
        calls = list(gave)
        error = {"$error": {"message": "It fails.", "code": "BROKEN"}}
        made = ws.simulate("law", {}, fixtures={"count": {"$each": calls or [{}]}, "fails": error})

        assert STATUS[made.status] == run.status
        assert (made.payload, made.vars) == (run.envelope["payload"], run.envelope["vars"])
        assert [(entry.instance, entry.branch) for entry in made.trace] == [
            (s.instance, s.branch) for s in run.steps()
        ]
        assert [entry.outcome == "error" for entry in made.trace] == [
            s.error is not None for s in run.steps()
        ]
        assert [call.input for call in made.invocations] == [call.input for call in run.invocations()]
        assert gave == calls  # the simulation called nobody
        assert made == ws.simulate("law", {}, fixtures={"count": {"$each": calls or [{}]}, "fails": error})
