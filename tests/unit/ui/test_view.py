"""Views: bounded, and every change told as added, changed or removed."""

from __future__ import annotations

from typing import Any

from unit.ui.orders import ORDER, order
from wfnb.ui.view import view_json


def shown(**parts: Any) -> dict[str, Any]:
    base = {"position": 1, "length": 2, "state": {"vars": {}}, "changes": []}
    return view_json(base | parts, {}, finished=True, features=())


def test_a_step_tells_what_it_added_changed_and_removed() -> None:
    view = view_json(order().goto(3).view(), ORDER, finished=True, features=())
    changes = {tuple(change["path"]): change for change in view["changes"]}
    assert changes == {
        ("vars", "stock"): {"op": "changed", "path": ["vars", "stock"], "old": "12", "new": "6"},
        ("vars", "reservation"): {"op": "added", "path": ["vars", "reservation"], "new": '"res-81"'},
    }
    removed = {"op": "delete", "path": ["vars", "line"], "old": {"sku": "A-1"}}
    assert shown(changes=[removed])["changes"] == [
        {"op": "removed", "path": ["vars", "line"], "old": "{ 1 }"}
    ]


def test_a_replaced_object_tells_only_what_differs_inside() -> None:
    change = {
        "op": "set",
        "path": ["vars", "x"],
        "old": {"a": 1, "b": {"c": 2}},
        "new": {"a": 1, "b": {"c": 3}},
    }
    assert shown(changes=[change])["changes"] == [
        {"op": "changed", "path": ["vars", "x", "b", "c"], "old": "2", "new": "3"}
    ]


def test_a_null_that_was_there_is_a_change_and_a_missing_one_an_addition() -> None:
    change = {"op": "set", "path": ["vars", "x"], "new": 1}
    assert shown(changes=[change])["changes"][0]["op"] == "added"
    assert shown(changes=[change | {"old": None}])["changes"][0]["op"] == "changed"


def test_many_changes_are_counted_but_not_all_sent() -> None:
    changes = [{"op": "set", "path": ["vars", f"k{index}"], "new": index} for index in range(5_000)]
    view = shown(changes=changes)
    assert (len(view["changes"]), view["more_changes"]) == (200, 4_800)


def test_texts_are_bounded_and_hidden_characters_shown() -> None:
    step = {"id": "a\u202eb", "path": "p", "instance": "p", "type": "t", "error": "x" * 10_000}
    view = shown(step=step, title="t" * 1_000)
    assert view["step"]["id"] == "a\\u202eb"
    assert len(view["step"]["error"]) == 2_000
    assert len(view["title"]) == 200
