"""Where a debugger stands, made ready for the front end: bounded, and with every change in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from wfnb.model.values import DELETE, JsonValue, diff
from wfnb.model.values import Path as Place
from wfnb.security.escape import visible
from wfnb.ui.stops import breakpoints_json, frames_json, reason
from wfnb.ui.tree import short, tree_of
from wfnb.ui.values import watch_text

__all__ = ["view_json"]

_MOST_CHANGES: Final = 200
_ERROR_LENGTH: Final = 2_000
_STEP_FIELDS: Final = ("id", "path", "instance", "type", "status")


def view_json(
    view: dict[str, Any], definition: dict[str, Any], *, finished: bool, features: Iterable[str]
) -> dict[str, Any]:
    """The message that shows a position.

    Parameters
    ----------
    view
        What `DebuggerView.view` gives. A change without ``old`` is an addition.
    definition
        Of the run that is shown.
    finished
        Whether there is no step beyond the last position.
    features
        What may be done beyond looking and stepping.
    """
    changes = _changes(view.get("changes") or [])
    shown = list(islice(changes, _MOST_CHANGES))
    inside = view.get("inside") or []
    return {
        "type": "view",
        "position": view["position"],
        "length": view["length"],
        "finished": finished,
        "live": bool(view.get("live")),
        "title": visible(str(view.get("title") or "Run"), 200),
        "status": visible(str(view.get("status") or ""), 40),
        "features": sorted(features),
        "step": _step(view.get("step")),
        "next": _step(view.get("next")),
        "tree": tree_of(view.get("state") or {}, [tuple(change["path"]) for change in shown]),
        "changes": shown,
        "more_changes": sum(1 for _ in changes),
        "stamp": f"{view['length']}",
        "reason": reason(view),
        "micro": [view["microstep"], len(inside)] if view.get("microstep") else None,
        "breakpoints": breakpoints_json(view, definition),
        "watches": [watch_text(watch) for watch in view.get("watches") or []],
        "frames": frames_json(view.get("frames") or []),
        "logged": len(view.get("log") or []),
        "run": visible(str(view.get("run") or ""), 200),
    }


def _step(step: dict[str, Any] | None) -> dict[str, Any] | None:
    if step is None:
        return None
    told: dict[str, Any] = {name: visible(str(step[name]), 500) for name in _STEP_FIELDS if step.get(name)}
    error = step.get("error")
    return told | {
        "attempt": step.get("attempt", 1),
        "error": visible(str(error), _ERROR_LENGTH) if error else None,
    }


def _changes(changes: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every change in words; where a container was replaced by another one, only what differs inside."""
    for change in changes:
        path = tuple(change["path"])
        if change["op"] == "delete":
            yield _told(path, change.get("old"), DELETE)
        else:
            for place, old, new in diff(change.get("old", DELETE), change.get("new"), path):
                yield _told(place, old, new)


def _told(path: Place, old: JsonValue, new: JsonValue) -> dict[str, Any]:
    if old is DELETE:
        return {"op": "added", "path": list(path), "new": short(new)}
    if new is DELETE:
        return {"op": "removed", "path": list(path), "old": short(old)}
    return {"op": "changed", "path": list(path), "old": short(old), "new": short(new)}
