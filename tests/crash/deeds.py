"""A workflow that does things in twenty ways, for tests of forks: each deed is told to whoever asks, with its key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

import wfnb
from wfnb.errors import ActionError, TransientError

KINDS = ("mail", "http", "file", "db", "event", "print")
Tell = Callable[[str, str], None]
"""Hears of a deed: its idempotency key, and what was done."""


class Deed(BaseModel):
    what: str = ""
    tries: int = 0


class Done(BaseModel):
    what: str


def expr(text: str) -> dict[str, str]:
    return {"$expr": text}


def do(step_id: str, kind: str, what: Any = None, **config: Any) -> dict[str, Any]:
    """A step that does something."""
    inputs = {"what": what or step_id, **config.pop("inputs", {})}
    extra = {key: config.pop(key) for key in ("retry", "onError", "idempotencyKey") if key in config}
    call = {"actionId": kind, "version": 1, "inputMapping": inputs, **config}
    if "idempotencyKey" in extra:
        call["idempotencyKey"] = extra.pop("idempotencyKey")
    return {"id": step_id, "type": "action.call", "config": call, **extra}


def each(step_id: str, body: list[Any], width: int = 1, **extra: Any) -> dict[str, Any]:
    items = {"items": expr("payload.items"), "itemVar": f"{step_id}Item", "concurrency": width}
    return {"id": step_id, "type": "control.forEach", **items, "body": body, **extra}


STEPS: list[dict[str, Any]] = [
    {"id": "first", "type": "transform.assign", "config": {"assign": {"vars.total": expr("payload.total")}}},
    do("mail", "mail", saveAs="vars.mail"),
    do("http", "http", expr('"http " & toString(vars.total)'), saveAs="vars.http"),
    do("file", "file"),
    do("db", "db", idempotencyKey=expr('"order-" & toString(payload.total)')),
    do("event", "event"),
    do("again", "shaky", inputs={"tries": 2}, retry={"maxAttempts": 3, "backoffMs": 1}),
    do("asked", "asked"),
    do("keyed", "keyed"),
    do("shrugged", "broken", onError={"policy": "continue"}),
    {
        "id": "guard", "type": "control.tryCatch", "captureErrorAs": "vars.caught",
        "try": [do("fails", "broken")], "catch": [do("mended", "print")],
    },
    {
        "id": "big", "type": "control.if", "condition": expr("vars.total > 50"),
        "then": [do("more", "mail")], "else": [do("less", "mail")],
    },
    each("one", [do("single", "print", expr('"single " & toString(vars.oneItem)'))]),
    each("many", [do("lane", "http", expr('"lane " & toString(vars.manyItem)'), saveAs="vars.lane"),
                  do("lane2", "shaky", expr('"lane2 " & toString(vars.manyItem)'), inputs={"tries": 1},
                     retry={"maxAttempts": 2, "backoffMs": 1})], 3),
    each("outer", [each("inner", [do("deep", "file", expr('"deep " & toString(vars.outerItem * 10 + vars.innerItem)'))], 2)], 2),
    each("rough", [do("stumbles", "broken")], 2, onItemError="continue"),
    {
        "id": "child", "type": "control.callWorkflow", "workflowId": "child", "workflowVersion": 1,
        "inputMapping": {"n": expr("vars.total")},
        "outputMapping": {"vars.child": expr("vars.childRun.vars.made.what")},
    },
    {
        "id": "lostChild", "type": "control.tryCatch", "try": [
            {"id": "lost", "type": "control.callWorkflow", "workflowId": "lost", "workflowVersion": 1, "inputMapping": {}},
        ], "catch": [do("found", "print")],
    },
    {"id": "rest", "type": "time.wait", "config": {"mode": "duration", "durationMs": 1}},
    {
        "id": "heard", "type": "event.wait", "config": {
            "eventName": "HEARD", "correlationKey": expr("payload.order"), "assign": {"vars.heard": expr("vars.event.n")},
        },
    },
    {"id": "person", "type": "human.task", "config": {"taskType": "look", "title": "Look"}},
    do("last", "mail", expr('"last " & toString(vars.heard)')),
]  # fmt: skip
CHILD = [do("childDoes", "db", expr('"child " & toString(payload.n)'), saveAs="vars.made")]
LOST = [do("lostDoes", "broken")]


def connect(ws: wfnb.Workspace, tell: Tell) -> None:
    """Register the actions, and publish the workflows."""

    def done(deed: Deed, context: wfnb.ActionContext) -> Done:
        tell(context.idempotency_key, deed.what)
        return Done(what=f"{deed.what} is done")

    for kind in KINDS:
        ws.action(kind, side_effect=True, idempotency="engine")(done)

    @ws.action("shaky", side_effect=True, idempotency="engine")
    def shaky(deed: Deed, context: wfnb.ActionContext) -> Done:
        if context.attempt <= deed.tries:
            raise TransientError("Not yet.")
        return done(deed, context)

    @ws.action("broken", side_effect=True, idempotency="engine")
    def broken(deed: Deed, context: wfnb.ActionContext) -> Done:
        tell(context.idempotency_key, f"{deed.what} is broken")
        raise ActionError("It broke.")

    ws.action("asked", side_effect=True, idempotency="engine", in_doubt=lambda _key: None)(done)
    ws.action("keyed", side_effect=True, idempotency=lambda deed: f"keyed {deed.what}")(done)
    for name, steps in (("child", CHILD), ("lost", LOST), ("deeds", STEPS)):
        made = ws.publish({"id": name, "name": name, "steps": steps})
        assert made.ok, made.findings


def answer(ws: wfnb.Workspace, run: wfnb.Run, patience_s: float = 60) -> wfnb.Run:
    """Give the run what it waits for, until it is over. What is said to one run may have woken another one before."""
    while not run.wait(patience_s, until="parked").row.over:
        wait = run.waits()[-1]
        if wait.status != "WAITING":
            continue
        if wait.type == "event":
            run.resume({"n": 7}, reason="the test answers") if run.row.recorded else ws.submit_event(
                "HEARD", key=wait.key, payload={"n": 7}
            )
        elif wait.type == "human":
            ws.complete_task(wait.key, {"ok": True})
    return run
