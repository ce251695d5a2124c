"""Completion of expressions: the names that can follow at a place of the text, from the state and from the allow-list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from wfnb.expr import EXTENDED, ROOTS
from wfnb.expr.functions import FUNCTIONS
from wfnb.model.values import JsonValue

__all__ = ["complete"]

_BEFORE: Final = re.compile(
    r"(\$?\$?[A-Za-z_][\w$]*|\$)?((?:(?:\[[^\[\]]*\])?\.(?:[\w$]+|`[^`]*`))*(?:\[[^\[\]]*\])?\.)?(`[^`]*|[\w$]*)$"
)
_NAMES: Final = re.compile(r"`([^`]*)`|([\w$]+)")
_PLAIN: Final = re.compile(r"[A-Za-z_]\w*")
_MOST: Final = 100
_LOOK: Final = 500  # characters before the place: a path is shorter


def complete(text: str, at: int, envelope: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What can stand at place `at` of an expression.

    Returns
    -------
    ``from`` and ``to``, the part of the text that is replaced, and ``options``: text, what it is, and a word about it.

    Examples
    --------
    >>> found = complete("vars.to", 7, {"vars": {"total": 12, "other": 1}})
    >>> found["from"], [option["text"] for option in found["options"]]
    (5, ['total'])
    """
    at = min(max(at, 0), len(text))
    head, path, typed = _parts(text[:at])
    if path is None:
        options = _roots(envelope, typed)
    else:
        options = _members(_values(envelope, head, path), typed.removeprefix("`"))
    return {"from": at - len(typed), "to": at, "options": options[:_MOST]}


def _parts(before: str) -> tuple[str, str | None, str]:
    """The first name of the path that ends here, what follows it up to the last dot, and the name that is being typed."""
    found = _BEFORE.search(before[-_LOOK:])
    if found is None:
        return "", None, ""
    head, path, typed = found[1] or "", found[2], found[3] or ""
    return (head, path, typed) if path else ("", None, head + typed)


def _roots(envelope: Mapping[str, JsonValue], typed: str) -> list[dict[str, JsonValue]]:
    roots = [_option(name, "root", _about(envelope[name])) for name in ROOTS if name in envelope]
    functions = [
        _option(name, "function", found.signature) for name, found in sorted(FUNCTIONS[EXTENDED].items())
    ]
    bare = typed.removeprefix("$")
    return [option for option in (*roots, *functions) if str(option["text"]).startswith(bare)]


def _values(envelope: Mapping[str, JsonValue], head: str, path: str) -> list[JsonValue]:
    """What a path gives, item by item where there are lists."""
    found: list[JsonValue] = [dict(envelope)]
    for name in (
        head.lstrip("$"),
        *(quoted or plain for quoted, plain in _NAMES.findall(re.sub(r"\[[^\[\]]*\]", "", path))),
    ):
        found = [one[name] for one in _items(found) if isinstance(one, dict) and name in one]
    return _items(found)


def _items(values: list[JsonValue]) -> list[JsonValue]:
    return [item for value in values for item in (value[:_MOST] if isinstance(value, list) else [value])]


def _members(values: list[JsonValue], typed: str) -> list[dict[str, JsonValue]]:
    members: dict[str, JsonValue] = {}
    for value in values:
        for name, inner in value.items() if isinstance(value, dict) else ():
            if name.startswith(typed):
                members.setdefault(name, inner)
    return [_option(name, "member", _about(inner)) for name, inner in list(members.items())[:_MOST]]


def _option(name: str, kind: str, about: str) -> dict[str, JsonValue]:
    return {"text": name if _PLAIN.fullmatch(name) else f"`{name}`", "kind": kind, "about": about}


def _about(value: JsonValue) -> str:
    match value:
        case dict():
            return f"object of {len(value)}"
        case list():
            return f"list of {len(value)}"
        case bool() | None:
            return "boolean" if value is not None else "null"
        case str():
            return "text"
        case _:
            return "number"
