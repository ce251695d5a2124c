"""Bounds of a definition, checked before anything else looks at it: JSON only, not too deep, not too large, not too many."""

from __future__ import annotations

from typing import TypeAlias

from wfnb.limits import LIMITS
from wfnb.model.paths import ROOT
from wfnb.model.values import JsonValue, json_fault, size_bytes
from wfnb.validate.findings import Finding
from wfnb.validate.raw import walk_raw

__all__ = ["check_bounds"]

_SPLIT = "Move inner steps into a workflow of their own and call it."


def check_bounds(written: JsonValue) -> Finding | None:
    """The first bound that a definition breaks, or None.

    Parameters
    ----------
    written
        Anything at all: cycles and values that share parts a million times over are stopped, too.
    """
    fault = _walk(written)
    if fault is None and (size := size_bytes(written)) > LIMITS.definition_size_bytes:
        fault = _too_large(f"{size:,} bytes")
    if fault is None and isinstance(written, dict):
        count = sum(1 for _ in walk_raw(written))
        if count > LIMITS.definition_steps:
            message = f"The definition has {count:,} steps; at most {LIMITS.definition_steps:,} are allowed."
            fault = _finding("TOO_MANY_STEPS", message, _SPLIT)
    return fault


_Trail: TypeAlias = tuple["_Trail", str | int] | None
"""Keys and indices from the root to a value, innermost first: shared, so that a step down costs the same at any depth."""


def _walk(written: JsonValue) -> Finding | None:
    """Depth first and iterative; every value costs at least its own bytes, so that the walk ends with the budget."""
    stack: list[tuple[_Trail, JsonValue, int]] = [(None, written, 0)]
    budget = LIMITS.definition_size_bytes
    while stack:
        trail, item, depth = stack.pop()
        budget -= _least_bytes(item)
        if budget < 0:
            return _too_large(f"more than {LIMITS.definition_size_bytes:,} bytes")
        if fault := json_fault(item):
            return _finding(
                "NON_SERIALIZABLE",
                f"{fault} is not a JSON value; it stands at {_place(trail)}.",
                "Use text, numbers, true, false, null, lists and objects; write dates as ISO text.",
            )
        if isinstance(item, dict | list):
            if depth == LIMITS.definition_depth:
                message = f"The definition is nested deeper than {LIMITS.definition_depth} levels."
                return _finding("TOO_DEEP", message, _SPLIT)
            children = item.items() if isinstance(item, dict) else enumerate(item)
            stack.extend(((trail, key), child, depth + 1) for key, child in children)
    return None


def _place(trail: _Trail) -> str:
    keys: list[str | int] = []
    while trail is not None:
        trail, key = trail
        keys.append(key)
    return ROOT + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in reversed(keys))


def _least_bytes(item: JsonValue) -> int:
    """At most as many bytes as the value's own part of the text has; what is inside it is counted by itself."""
    if isinstance(item, str):
        return len(item) + 2
    if isinstance(item, dict):
        return 2 + 4 * len(item)
    return 2 + len(item) if isinstance(item, list) else 1


def _too_large(size: str) -> Finding:
    message = f"The definition has {size}; at most {LIMITS.definition_size_bytes:,} are allowed."
    return _finding("TOO_LARGE", message, "Store large content elsewhere and pass a reference to it.")


def _finding(code: str, message: str, hint: str) -> Finding:
    return Finding("error", code, ROOT, message, hint)
