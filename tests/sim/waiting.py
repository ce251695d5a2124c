"""Reference workflows that wait, for moments, events and people, and the world outside that answers them.

The world knows every wait by what it asks for: an event called ``ANSWERED`` comes, a task is done, and for anything else
nobody comes, until time has passed. It answers each wait as often as it takes, and always with the same words.
"""

from __future__ import annotations

from typing import Any

from unit.machine.world import attempt, each
from wfnb.engine.clock import SimulatedClock
from wfnb.machine.pipeline.waits import TASK_COMPLETED
from wfnb.store.port import Store
from wfnb.store.records import NewEvent, RunRow, WaitRow

FORM = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}
ANSWER_US = 60_000_000
CHILD = "waiting"
KEY = "'key ' & payload.n"


def event(step_id: str, key: str, **config: Any) -> dict[str, Any]:
    """A wait for an event with a key."""
    given = {"eventName": "ANSWERED", "correlationKey": {"$expr": key}, **config}
    return {"id": step_id, "type": "event.wait", "config": given}


def pause(step_id: str, duration_ms: int = 3_600_000) -> dict[str, Any]:
    """A wait for a moment."""
    return {"id": step_id, "type": "time.wait", "config": {"mode": "duration", "durationMs": duration_ms}}


def task(step_id: str, **config: Any) -> dict[str, Any]:
    """A question to a person."""
    given = {"taskType": "approve", "title": {"$expr": "'Refund'"}, "form": FORM, **config}
    return {"id": step_id, "type": "human.task", "config": given}


def waits(pay: Any, child_call: Any) -> dict[str, list[dict[str, Any]]]:
    """Waits in blocks of every kind, with payments before and behind them.

    Parameters
    ----------
    pay, child_call
        Make the steps between the waits.
    """
    return {
        "event": [pay("before"), event("answer", KEY, assign={"vars.got": {"$expr": "vars.event.n"}}), pay("paid", "vars.got")],
        "event_in_loop": [each("each", "[1, 2]", [event("answer", "'key ' & vars.item"), pay("paid", "vars.event.n")])],
        "event_in_vain": [
            attempt("try", [event("answer", KEY, eventName="NEVER", timeoutMs=1_000), pay("never")], [pay("refund", "-1")]),
        ],
        "pause": [pay("before"), pause("rest"), pay("paid")],
        "pause_in_loop": [each("each", "[1, 2]", [pause("rest", 10), pay("paid", "vars.item")])],
        "task": [task("ask", assign={"vars.ok": {"$expr": "vars.event.ok"}}), pay("paid"), task("ask_again"), pay("again")],
        "task_in_try": [attempt("try", [task("ask", taskType="nobody", timeoutMs=5_000)], [event("answer", KEY), pay("refund", "-1")])],
        "child_waits": [child_call("one", CHILD), pay("own")],
    }  # fmt: skip


def answer(store: Store, clock: SimulatedClock) -> bool:
    """Do the next thing that somebody outside does for a run that waits; whether there was anything to do."""
    for run in store.open_runs():
        for wait in store.waits(run.run_no):
            if wait.status == "WAITING" and wait.answered_us is None and _come(store, clock, run, wait):
                return True
    return False


def _come(store: Store, clock: SimulatedClock, run: RunRow, wait: WaitRow) -> bool:
    task_type = (wait.task or {}).get("taskType")
    if wait.event_name == TASK_COMPLETED and task_type != "nobody":
        payload, name = {"ok": True}, TASK_COMPLETED
    elif wait.event_name == "ANSWERED":
        payload, name = {"n": len(wait.instance)}, "ANSWERED"
    else:
        if wait.due_us is not None:
            clock.pass_time(wait.due_us, 0)
        return wait.due_us is not None
    dedupe = f"{run.run_id} {wait.effect_id}"
    store.submit(
        NewEvent(
            name, payload, wait.created_us + ANSWER_US, key=wait.key, dedupe=dedupe, wait_no=wait.wait_no
        )
    )
    return True
