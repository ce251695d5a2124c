"""The loop that is measured: a pipeline whose one small step is done once for every item."""

from __future__ import annotations

import time
from typing import Any

from pydantic import BaseModel

import wfnb

NAME = "loop"
STATE_FILE = ".wfnb/state.sqlite"  # inside a workspace's folder


class Numbers(BaseModel):
    """Input of the function that a step calls."""

    start: int
    number: int


class Total(BaseModel):
    """Its output."""

    total: int


def definition(step: dict[str, Any]) -> dict[str, Any]:
    """A loop over ``payload.items`` with one step as its body."""
    each = {
        "id": "each",
        "type": "control.forEach",
        "items": {"$expr": "payload.items"},
        "itemVar": "item",
        "body": [step],
    }
    return {"id": NAME, "name": "Loop", "steps": [each]}


PURE = {
    "id": "add",
    "type": "transform.assign",
    "config": {"assign": {"vars.total": {"$expr": "payload.start + vars.item"}}},
}
"""A step that needs nothing but the machine: it evaluates an expression and writes one value."""

CALL = {
    "id": "add",
    "type": "action.call",
    "config": {
        "actionId": "add",
        "version": 1,
        "inputMapping": {"start": {"$expr": "payload.start"}, "number": {"$expr": "vars.item"}},
        "saveAs": "vars.total",
    },
}
"""A step that calls a Python function through the engine."""


def prepare(ws: wfnb.Workspace, step: dict[str, Any]) -> None:
    """Register what the loop calls and publish it."""

    @ws.action("add")
    def add(data: Numbers) -> Total:
        return Total(total=data.start + data.number)

    publication = ws.publish(definition(step))
    if not publication.ok:
        raise RuntimeError(f"The loop cannot be published: {publication.findings}")


def payload(steps: int) -> dict[str, Any]:
    """A payload that makes the loop do its step `steps` times."""
    return {"start": 1_000_000, "items": list(range(steps))}


def run(ws: wfnb.Workspace, steps: int) -> tuple[wfnb.Run, dict[str, float]]:
    """A finished run of `steps` steps; its steps/s from start to end, and microseconds of CPU time per step, all threads."""
    begun, cpu = time.perf_counter(), time.process_time()
    done = ws.start(NAME, payload(steps)).wait(600)
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu
    found = done.envelope["vars"]["total"]
    total = found["total"] if isinstance(found, dict) else found
    if done.status != "SUCCEEDED" or total != 1_000_000 + steps - 1:
        raise RuntimeError(f"The loop went wrong: {done!r}, {found!r}.")
    return done, {"rate": steps / seconds, "cpu_us": cpu_seconds / steps * 1e6}
