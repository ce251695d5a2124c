"""Laws of JSON values and definitions: text and value are the same thing, and writes undo differences."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from unit.validate.examples import definition
from wfnb.model.codec import dump_json, dump_yaml, load_text
from wfnb.model.definition import Definition
from wfnb.model.values import (
    DELETE,
    Write,
    apply_writes,
    canonical_json,
    check_json,
    content_hash,
    diff,
    get_path,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=25,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=5)
CONFIGS = st.dictionaries(st.sampled_from(["a", "b", "$expr", "saveAs"]), JSON, max_size=3)


def node(number: int, config: Any, policy: str) -> dict[str, Any]:
    return {"id": f"n{number}", "type": "my.node", "config": config, "onError": {"policy": policy}}


NODES = st.builds(node, st.integers(0, 99), CONFIGS, st.sampled_from(["fail", "continue"]))


def block(steps: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    inner = st.lists(steps, max_size=3)
    condition = st.fixed_dictionaries({"$expr": TEXT})
    return (
        st.fixed_dictionaries(
            {"id": st.just("if"), "type": st.just("control.if"), "condition": condition, "then": inner},
            optional={"else": inner, "name": TEXT},
        )
        | st.fixed_dictionaries(
            {"id": st.just("for"), "type": st.just("control.forEach"), "items": condition, "itemVar": st.just("x"), "body": inner},
            optional={"onItemError": st.sampled_from(["fail", "continue"])},
        )
        | st.fixed_dictionaries(
            {"id": st.just("try"), "type": st.just("control.tryCatch"), "try": inner, "catch": inner}
        )
    )  # fmt: skip


STEPS = st.recursive(NODES, block, max_leaves=8)
DEFINITIONS = st.lists(STEPS, max_size=4).map(lambda steps: definition(*steps))


@given(JSON)
def test_any_value_comes_back_from_json_and_yaml(value: Any) -> None:
    for text in (dump_json({"x": value}), dump_yaml({"x": value})):
        back = load_text(text)["x"]
        assert canonical_json(back) == canonical_json(value), text


@given(DEFINITIONS)
def test_a_definition_comes_back_from_json_yaml_and_model(written: dict[str, Any]) -> None:
    through = load_text(dump_yaml(load_text(dump_json(Definition.model_validate(written).to_json()))))
    assert through == written
    assert Definition.model_validate(through) == Definition.model_validate(written)


@given(DEFINITIONS)
def test_the_hash_of_a_definition_survives_every_form(written: dict[str, Any]) -> None:
    first = content_hash(Definition.model_validate(written).to_json())
    again = Definition.model_validate(load_text(dump_yaml(Definition.model_validate(written).to_json())))
    assert content_hash(again.to_json()) == first


def reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(JSON)
def test_the_canonical_text_depends_on_the_value_only(value: Any) -> None:
    text = canonical_json(value)
    assert canonical_json(reordered(value)) == text
    assert canonical_json(json.loads(text)) == text
    assert content_hash(reordered(value)) == content_hash(value)


@given(JSON, JSON)
def test_two_values_have_one_text_only_when_they_do_not_differ(one: Any, other: Any) -> None:
    assert (canonical_json(one) == canonical_json(other)) == (diff(one, other) == [])


def as_writes(changes: list[tuple[Any, Any, Any]]) -> list[Write]:
    """Removals last and from the back, so that no index moves before it is used."""
    sets = [Write(path, new) for path, _, new in changes if new is not DELETE]
    removals = [Write(path) for path, _, new in changes if new is DELETE]
    return sets + removals[::-1]


@given(JSON, JSON)
def test_writing_the_difference_gives_the_new_value(old: Any, new: Any) -> None:
    before_old, before_new = copy.deepcopy(old), copy.deepcopy(new)
    result = apply_writes(old, as_writes(diff(old, new)))
    assert canonical_json(result) == canonical_json(new)
    assert canonical_json(old) == canonical_json(before_old)
    assert canonical_json(new) == canonical_json(before_new)


@given(JSON, JSON)
def test_a_difference_read_backwards_is_the_difference_back(old: Any, new: Any) -> None:
    def key(change: tuple[Any, Any, Any]) -> str:
        return repr(change[0])

    backwards = sorted(((path, b, a) for path, a, b in diff(old, new)), key=key)
    assert repr(backwards) == repr(sorted(diff(new, old), key=key))


PATHS = st.lists(TEXT, min_size=1, max_size=4).map(tuple)


@given(OBJECTS, st.lists(st.tuples(PATHS, JSON), max_size=5))
def test_what_is_written_is_read_and_the_old_tree_stays(tree: Any, changes: list[tuple[Any, Any]]) -> None:
    before = canonical_json(tree)
    result = apply_writes(tree, [Write(path, value) for path, value in changes])
    assert canonical_json(tree) == before
    if changes:
        path, value = changes[-1]
        assert canonical_json(get_path(result, path)) == canonical_json(value)
    assert check_json(result, where="tree") is result


@given(OBJECTS, st.lists(st.tuples(PATHS, JSON), max_size=5))
def test_writes_come_back_from_their_json_form(tree: Any, changes: list[tuple[Any, Any]]) -> None:
    writes = [Write(path, value) for path, value in changes] + [Write(path) for path, _ in changes]
    stored = json.loads(json.dumps([write.to_json() for write in writes]))
    again = apply_writes(tree, [Write.from_json(data) for data in stored])
    assert canonical_json(again) == canonical_json(apply_writes(tree, writes))
