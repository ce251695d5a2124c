"""Values of expressions, and pages of what a run did, as the front end shows them: in words, and cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from wfnb.debug.history import Reading
from wfnb.model.values import JsonValue, canonical_json
from wfnb.security.escape import visible
from wfnb.ui.tree import tree_of
from wfnb.viz.dress import duration_text

__all__ = [
    "completions_json",
    "history_json",
    "inside_json",
    "lines_json",
    "marks_json",
    "steps_json",
    "text_of",
    "value_json",
    "watch_text",
]

_TEXT: Final = 400
_CHIP: Final = 60
_ITEM: Final = re.compile(r"\{(\d+)\}")
_KINDS: Final = ("error", "retry", "wait", "edit")


def text_of(value: JsonValue, longest: int = _TEXT) -> str:
    """A value in one line.

    Examples
    --------
    >>> text_of({"a": [1, "x"]})
    '{"a":[1,"x"]}'
    """
    return visible(canonical_json(value), longest)


def watch_text(watch: dict[str, Any]) -> dict[str, Any]:
    """A watch with its value in words.

    Examples
    --------
    >>> watch_text({"expression": "vars.n", "value": 4})
    {'expression': 'vars.n', 'kind': 'number', 'text': '4'}
    """
    kind, text = _said(watch)
    return {"expression": visible(watch["expression"], _TEXT), "kind": kind, "text": text}


def value_json(checked: dict[str, Any]) -> dict[str, Any]:
    """The answer to an expression that was typed."""
    if not checked.get("ok", True):
        place = f" (column {checked['column']})" if checked.get("column") else ""
        return {"type": "value", "kind": "fault", "text": visible(f"{checked['message']}{place}", _TEXT)}
    kind, text = _said(checked)
    return {"type": "value", "kind": kind, "text": text}


def _said(told: dict[str, Any]) -> tuple[str, str]:
    if told.get("error") is not None:
        return "fault", visible(str(told["error"]), _TEXT)
    if "value" not in told:
        return "nothing", "nothing"
    return str(tree_of(told["value"], nodes=0)["kind"]), text_of(told["value"])


def completions_json(found: dict[str, Any]) -> dict[str, Any]:
    """What can follow in an expression."""
    items = [
        {
            "text": visible(option["text"], 200),
            "kind": "function" if option["kind"] == "function" else "path",
            "detail": visible(option["about"], 80),
        }
        for option in found["options"][:50]
    ]
    return {"type": "completions", "from": found["from"], "items": items}


def history_json(readings: Sequence[Reading], most: int) -> dict[str, Any]:
    """Values over time."""
    return {
        "type": "history",
        "items": [_reading(reading) for reading in readings[:most]],
        "more": len(readings) > most,
    }


def _reading(reading: Reading) -> dict[str, Any]:
    value = reading.value
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    text = "⚠" if reading.error else text_of(value, _CHIP) if reading.there else "–"
    return {"at": reading.position, "text": text, "number": number if reading.there else None}


def steps_json(page: dict[str, Any]) -> dict[str, Any]:
    """Rows of the path."""
    return {"type": "steps", "items": [_row(row["step"]) for row in page["rows"]]}


def _row(step: dict[str, Any] | None) -> dict[str, Any]:
    if step is None:  # a run that was cancelled ended here
        return {
            "id": "the end", "type": "", "instance": "", "status": "", "attempt": 1, "duration": "", "item": "",
        }  # fmt: skip
    items = _ITEM.findall(step["instance"])
    return {
        "id": visible(step["id"], 200),
        "type": visible(step["type"], 80),
        "instance": visible(step["instance"], 500),
        "status": step["status"],
        "attempt": step["attempt"],
        "duration": duration_text(step["durationMs"]) if step["durationMs"] else "",
        "item": f"item {'.'.join(items)}" if items else "",
    }


def marks_json(page: dict[str, Any]) -> dict[str, Any]:
    """Marks of a stretch of the run; of one bin, one for each kind."""
    items = [
        {"at": found["from"], "kind": kind, "count": found[kind]}
        for found in page["bins"]
        for kind in _KINDS
        if found.get(kind)
    ]
    return {"type": "marks", "items": items}


def inside_json(step: str, at: int | None, found: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What happens inside a step."""
    return {"type": "inside", "step": visible(step, 200), "at": at, "items": [_micro(one) for one in found]}


def _micro(one: dict[str, Any]) -> dict[str, Any]:
    if one["kind"] == "evaluation":
        value = f"fault: {visible(one['error'], _TEXT)}" if one.get("error") else text_of(one.get("value"))
        return {
            "kind": "evaluate",
            "title": visible(one["field"], 200),
            "expression": visible(one["expression"], _TEXT),
            "value": value,
        }
    writes = [
        f"{'.'.join(map(str, write['path']))} = {text_of(write['value'], 80) if 'value' in write else 'removed'}"
        for write in one.get("writes", [])
    ]
    return {
        "kind": visible(one["event"], 80),
        "title": visible(one.get("path") or "", 200),
        "expression": None,
        "value": visible(", ".join(writes), _TEXT),
    }


def lines_json(
    said: Iterable[dict[str, Any]], logged: Iterable[dict[str, Any]], events: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    """Log points first to last, then the lines of the run and what happened to it, by time."""
    told = [(line["time"], line["level"].lower(), line["message"]) for line in logged]
    told += [(event["time"], "event", event["kind"]) for event in events]
    lines = [
        {"at": None, "time": time, "kind": kind, "text": visible(text, _TEXT)}
        for time, kind, text in sorted(told, key=_time)
    ]
    points = [
        {"at": line["position"], "time": "", "kind": line["kind"], "text": visible(line["text"], _TEXT)}
        for line in said
    ]
    return {"type": "lines", "items": [*lines, *points]}


def _time(line: tuple[str, str, str]) -> str:
    return line[0]
