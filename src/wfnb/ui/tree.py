"""The part of a state that is sent to the front end: a bounded tree whose other parts are fetched when they are opened."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from wfnb.model.values import JsonValue, Path, get_path
from wfnb.security.escape import visible

__all__ = ["PAGE", "page_of", "short", "tree_of"]

PAGE: Final = 100
"""Entries of one container that are sent at a time."""

_NODES: Final = 1_500  # of the first tree: what is opened most, at once; the rest when it is asked for
_TEXT: Final = 400
_MISSING: Final = object()

Node = dict[str, Any]


def tree_of(value: JsonValue, show: Iterable[Path] = (), nodes: int = _NODES) -> Node:
    """A tree of `value`: level by level until `nodes` are used up, and in any case everything on the way to `show`.

    A leaf is ``{"kind", "text"}``; a container is ``{"kind", "size", "next", "items"}``, where `items` is None when it was not sent and
    `next` says how many entries are there from the first one on.

    Examples
    --------
    >>> tree_of({"a": [1]})["items"]
    [['a', {'kind': 'array', 'size': 1, 'next': 1, 'items': [[0, {'kind': 'number', 'text': '1'}]]}]]
    """
    root = _node(value)
    waiting = deque([(root, value)])
    left = nodes
    while waiting and left > 0:
        node, inner = waiting.popleft()
        if "items" in node and node["items"] is None:
            items = _first_page(node, inner)
            left -= len(items)
            waiting.extend((child, inner[key]) for key, child in items if "items" in child and child["size"])
    for path in show:
        _open(root, value, path)
    return root


def page_of(value: JsonValue, path: Path, offset: int) -> list[list[Any]]:
    """A page of the entries of the container at a path; empty when there is none.

    Examples
    --------
    >>> page_of({"a": [5, 6]}, ("a",), 1)
    [[1, {'kind': 'number', 'text': '6'}]]
    """
    found = get_path(value, path, _MISSING)
    return _entries(found, offset) if isinstance(found, dict | list) else []


def short(value: JsonValue) -> str:
    """A value in one line for people, cut.

    Examples
    --------
    >>> short({"a": 1}), short([]), short("x")
    ('{ 1 }', '[]', '"x"')
    """
    if isinstance(value, dict):
        return f"{{ {len(value)} }}" if value else "{}"
    if isinstance(value, list):
        return f"[ {len(value)} ]" if value else "[]"
    return str(_node(value)["text"])


def _entries(value: Any, offset: int) -> list[list[Any]]:
    if isinstance(value, dict):
        keys = list(value)[offset : offset + PAGE]
        return [[key, _node(value[key])] for key in keys]
    return [[offset + index, _node(item)] for index, item in enumerate(value[offset : offset + PAGE])]


def _first_page(node: Node, value: Any) -> list[list[Any]]:
    items = _entries(value, 0)
    node["items"] = items
    node["next"] = len(items)
    return items


def _node(value: Any) -> Node:
    match value:
        case dict():
            return {"kind": "object", "size": len(value), "next": 0, "items": None if value else []}
        case list():
            return {"kind": "array", "size": len(value), "next": 0, "items": None if value else []}
        case str():
            shown = visible(value[: _TEXT + 1], _TEXT).replace("\n", "↵")
            return {"kind": "string", "text": f'"{shown}"', "size": len(value)}
        case bool():
            return {"kind": "boolean", "text": "true" if value else "false"}
        case None:
            return {"kind": "null", "text": "null"}
        case _:
            return {"kind": "number", "text": repr(value)[:_TEXT]}


def _open(root: Node, value: JsonValue, path: Path) -> None:
    """Make sure that the entry at a path is in the tree, also when it is not on its container's first page."""
    node, inner = root, value
    for key in path:
        if node.get("items", _MISSING) is _MISSING or get_path(inner, (key,), _MISSING) is _MISSING:
            return
        if node["items"] is None:
            _first_page(node, inner)
        child = next((child for name, child in node["items"] if name == key), None)
        inner = inner[key]
        if child is None:
            child = _node(inner)
            node["items"].append([key, child])
        node = child
