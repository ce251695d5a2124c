"""The bounded tree of a state: small at first, complete when asked."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wfnb.ui.tree import PAGE, page_of, short, tree_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


def rebuilt(node: dict[str, Any], whole: Any, path: tuple[Any, ...] = ()) -> Any:
    """The value a page would put together, fetching every part that was not sent."""
    if "items" not in node:
        return json.loads(node["text"]) if node["kind"] != "string" else None
    items = list(node["items"] or [])
    while len(items) < node["size"]:
        items += page_of(whole, path, len(items))
    pairs = [(key, rebuilt(child, whole, (*path, key))) for key, child in items]
    return dict(pairs) if node["kind"] == "object" else [value for _, value in pairs]


def without_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_text(inner) for inner in value]
    return None if isinstance(value, str) else value


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=6), st.integers(0, 20))
def test_a_page_can_put_the_whole_state_together(state: dict[str, Any], nodes: int) -> None:
    assert rebuilt(tree_of(state, nodes=nodes), state) == without_text(state)


def test_a_large_state_is_sent_in_part() -> None:
    state = {"vars": {f"k{index}": {"list": list(range(1_000))} for index in range(1_000)}}
    assert len(json.dumps(tree_of(state))) < 150_000


def test_the_way_to_a_change_is_always_sent() -> None:
    state = {"vars": {"list": [{"n": index} for index in range(5_000)]}}
    tree = tree_of(state, [("vars", "list", 4_000, "n")], nodes=1)
    entries = dict(dict(dict(tree["items"])["vars"]["items"])["list"]["items"])
    assert entries[4_000]["items"] == [["n", {"kind": "number", "text": "4000"}]]
    assert len(entries) == PAGE + 1
    assert dict(dict(tree["items"])["vars"]["items"])["list"]["next"] == PAGE


def test_a_way_that_leads_nowhere_is_no_error() -> None:
    state = {"a": [1], "b": "text"}
    for path in [("x",), ("a", 9), ("a", "x"), ("b", "c"), ("b", 0, 1), ("a", 0, 0)]:
        tree_of(state, [path])
        assert page_of(state, path, 0) == []


def test_pages_follow_each_other() -> None:
    value = {"list": list(range(250))}
    keys = [key for offset in (0, 100, 200, 300) for key, _ in page_of(value, ("list",), offset)]
    assert keys == list(range(250))


def test_texts_are_cut_and_hidden_characters_shown() -> None:
    leaf = dict(tree_of({"a": "x\u202e\n" + "y" * 100_000})["items"])["a"]
    assert leaf["size"] == 100_003
    assert len(leaf["text"]) <= 402
    assert leaf["text"].startswith('"x\\u202e↵')


def test_short_values_fit_a_line() -> None:
    assert [short(value) for value in ({"a": 1}, {}, [1, 2], [], None, True, 1.5, "t")] == [
        "{ 1 }", "{}", "[ 2 ]", "[]", "null", "true", "1.5", '"t"',
    ]  # fmt: skip
