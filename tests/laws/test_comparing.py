"""What is compared with itself is the same, and what differs one way differs the other way round."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wfnb.machine.compare import Execution, align
from wfnb.machine.version_diff import changes_of_steps, changes_outside

OTHER = {"a": "b", "b": "a"}

executions = st.lists(
    st.builds(
        Execution,
        step_id=st.sampled_from("abc"),
        type=st.just("state.set"),
        instance=st.sampled_from(
            ["root.steps[0]", "root.steps[1].body{0}.steps[0]", "root.steps[1].body{1}.steps[0]"]
        ),
        attempt=st.integers(1, 3),
        status=st.sampled_from(["SUCCEEDED", "FAILED"]),
        branch=st.none(),
        error=st.none(),
        handled_by=st.none(),
        wrote=st.sampled_from(["", "x", "y"]),
        duration_us=st.none() | st.integers(0, 5),
    ),
    max_size=12,
    unique_by=lambda one: one.key,
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(
        st.tuples(st.sampled_from(["control.forEach", "state.set"]), st.integers(0, 3), inner), max_size=4
    )


def definition(tree: Any) -> dict[str, Any]:
    numbers = iter(range(10_000))

    def steps(written: Any) -> list[dict[str, Any]]:
        return [
            {
                "id": f"s{next(numbers)}",
                "type": kind,
                "config": {"n": n},
                **({"body": steps(inner)} if "For" in kind else {}),
            }
            for kind, n, inner in written
        ]

    return {"id": "x", "name": "X", "steps": steps(tree)}


trees = st.recursive(st.just([]), nested, max_leaves=12)


@given(executions)
def test_a_path_is_the_same_as_itself(path: list[Execution]) -> None:
    assert [pair.kind for pair in align(path, path)] == ["same"] * len(path)


@given(executions, executions)
def test_every_execution_is_told_once_and_both_ways_say_the_same(
    a: list[Execution], b: list[Execution]
) -> None:
    pairs = align(a, b)
    assert [pair.a for pair in pairs if pair.a] == a
    assert sorted(one.b.key for one in pairs if one.b) == sorted(one.key for one in b)
    there = {(pair.either.key, pair.kind, pair.differs) for pair in pairs}
    back = {(pair.either.key, OTHER.get(pair.kind, pair.kind), pair.differs) for pair in align(b, a)}
    assert there == back


@given(trees)
def test_a_definition_is_the_same_as_itself(tree: Any) -> None:
    one = definition(tree)
    assert changes_of_steps(one, one) == []
    assert changes_outside(one, one) == ()


@given(trees, trees)
def test_what_one_way_adds_the_other_way_removes(one: Any, other: Any) -> None:
    a, b = definition(one), definition(other)
    there, back = changes_of_steps(a, b), changes_of_steps(b, a)
    added = {change.step_id for change in there if change.kind == "added"}
    assert added == {change.step_id for change in back if change.kind == "removed"}
    assert {change.step_id for change in there if change.fields} == {
        change.step_id for change in back if change.fields
    }
