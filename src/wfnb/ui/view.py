"""What a debugger shows, made ready for the front end: bounded, and with every change in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, Protocol

from wfnb.model.values import DELETE, JsonValue, Path, diff
from wfnb.security.escape import visible
from wfnb.ui.tree import short, tree_of

__all__ = ["DebuggerView", "view_json"]

_MOST_CHANGES: Final = 200
_MOST_MARKS: Final = 500
_ERROR_LENGTH: Final = 2_000
_STEP_FIELDS: Final = ("id", "path", "instance", "type", "status")


class DebuggerView(Protocol):
    """A run that can be stepped through, as the stepper sees it. Everything it gives is already redacted."""

    @property
    def position(self) -> int:
        """Where the reader stands: 0 is before the first step."""

    @property
    def finished(self) -> bool:
        """Whether there is no step beyond the last position."""

    def frames_count(self) -> int:
        """The last position there is so far."""

    def view(self) -> dict[str, Any]:
        """Position, title, status, step, next step, state, changes and marks, as JSON."""

    def step(self) -> object:
        """Go one step on."""

    def back(self) -> object:
        """Go one step back."""

    def goto(self, position: int) -> object:
        """Go to a position."""

    def run_to_end(self) -> object:
        """Go to the end, or to where the run stops."""

    def restart(self) -> object:
        """Go before the first step."""

    def outline(self) -> dict[str, Any]:
        """The definition in its JSON form."""

    def overlay(self) -> dict[str, Any]:
        """What the run did up to the position, as the JSON form of `wfnb.viz.overlay.Overlay`."""

    def static_picture(self) -> str:
        """The picture for a saved notebook, as SVG."""


def view_json(view: dict[str, Any], finished: bool) -> dict[str, Any]:
    """The message that shows a position.

    Parameters
    ----------
    view
        What `DebuggerView.view` gives. A change without ``old`` is an addition.
    finished
        Whether there is no step beyond the last position.
    """
    changes = _changes(view.get("changes") or [])
    shown = list(islice(changes, _MOST_CHANGES))
    return {
        "type": "view",
        "position": view["position"],
        "length": view["length"],
        "finished": finished,
        "live": bool(view.get("live")),
        "title": visible(str(view.get("title") or "Run"), 200),
        "status": visible(str(view.get("status") or ""), 40),
        "step": _step(view.get("step")),
        "next": _step(view.get("next")),
        "tree": tree_of(view.get("state") or {}, [tuple(change["path"]) for change in shown]),
        "changes": shown,
        "more_changes": sum(1 for _ in changes),
        "marks": _marks(view.get("marks") or []),
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


def _told(path: Path, old: JsonValue, new: JsonValue) -> dict[str, Any]:
    if old is DELETE:
        return {"op": "added", "path": list(path), "new": short(new)}
    if new is DELETE:
        return {"op": "removed", "path": list(path), "old": short(old)}
    return {"op": "changed", "path": list(path), "old": short(old), "new": short(new)}


def _marks(marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Errors before waits before retries when there are more marks than a slider can show."""
    order = {"error": 0, "wait": 1, "retry": 2}
    kept = sorted(marks, key=lambda mark: order.get(mark["kind"], 3))[:_MOST_MARKS]
    return [{"at": mark["at"], "kind": mark["kind"]} for mark in sorted(kept, key=lambda mark: mark["at"])]
