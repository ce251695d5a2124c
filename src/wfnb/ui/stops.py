"""Where a debugger stops and why, and the call path, as the front end shows them."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from typing import Any, Final

from wfnb.model.paths import definition_path
from wfnb.security.escape import visible
from wfnb.validate.raw import RawStep, walk_raw

__all__ = ["breakpoints_json", "frames_json", "hits_text", "reason"]

_TEXT: Final = 500
_PATHS: Final = 1_000


def breakpoints_json(view: dict[str, Any], definition: dict[str, Any]) -> list[dict[str, Any]]:
    """Breakpoints with the places in the pipeline where they stand, and the last fault of each."""
    steps = list(walk_raw(definition)) if view.get("breakpoints") else []
    faults = {line["breakpoint"]: line["text"] for line in view.get("log") or [] if line["kind"] == "fault"}
    return [
        {
            "id": stop["id"],
            "on": stop["on"],
            "what": visible(stop["what"], _TEXT),
            "condition": stop["condition"],
            "hits": hits_text(stop["hits"]),
            "log": stop["log"],
            "enabled": stop["enabled"],
            "name": visible(_name(stop, steps), _TEXT),
            "paths": list(_paths(stop, steps)),
            "fault": visible(faults[stop["id"]], _TEXT) if stop["id"] in faults else None,
        }
        for stop in view.get("breakpoints") or []
    ]


def hits_text(hits: dict[str, Any]) -> str | None:
    """Which hits count, as text; nothing where every one does.

    Examples
    --------
    >>> hits_text({"op": "every", "count": 3}), hits_text({"op": ">=", "count": 1})
    ('every 3', None)
    """
    return None if (hits["op"], hits["count"]) == (">=", 1) else f"{hits['op']} {hits['count']}"


def _name(stop: dict[str, Any], steps: list[RawStep]) -> str:
    """What is said of it: a step that was named by its path is called by its id."""
    what: str = stop["what"]
    named = (step.id for step in steps if stop["on"] == "step" and step.path == what and step.id)
    return next(named, what)


def _paths(stop: dict[str, Any], steps: list[RawStep]) -> Iterator[str]:
    if stop["on"] not in ("step", "type", "action"):
        return
    found = (step for step in steps if _stands(stop["on"], stop["what"], step))
    for step, _ in zip(found, range(_PATHS), strict=False):
        yield step.path


def _stands(on: str, what: str, step: RawStep) -> bool:
    match on:
        case "step":
            return what == step.id or definition_path(what) == step.path
        case "type":
            return fnmatch.fnmatchcase(step.type, what) if what.endswith("*") else step.type == what
        case _:
            action = step.config.get("actionId")
            return step.type == "action.call" and what in (action, f"{action}@{step.config.get('version')}")


def frames_json(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The call path, outermost first."""
    return [_frame(frame) for frame in reversed(frames)]


def _frame(frame: dict[str, Any]) -> dict[str, Any]:
    match frame["kind"]:
        case "run":
            title, detail = frame["run"], f"{frame['workflow']} v{frame['version']}"
        case "item":
            title, detail = f"item {frame['item']}", frame["instance"]
        case "block":
            title, detail = str(frame.get("block") or "block"), frame["instance"]
        case _:
            title, detail = frame.get("id") or frame["path"], frame["instance"]
    return {
        "title": visible(str(title), 200),
        "detail": visible(str(detail), _TEXT),
        "run": frame["run"],
        "path": frame.get("path"),
    }


def reason(view: dict[str, Any]) -> str | None:
    """Why the last move ended where it did, when there is something to say.

    Examples
    --------
    >>> stop = {"id": 2, "on": "step", "what": "price", "condition": None}
    >>> reason({"stop": {"why": "breakpoint", "breakpoint": 2}, "breakpoints": [stop]})
    'breakpoint 2'
    """
    stop = view.get("stop") or {}
    if stop.get("why") != "breakpoint":
        return None
    met = next((one for one in view.get("breakpoints") or [] if one["id"] == stop.get("breakpoint")), None)
    if met is None:
        return "breakpoint"
    when = f" when {visible(met['condition'], 80)}" if met.get("condition") else ""
    return f"breakpoint {met['id']}{when}"
