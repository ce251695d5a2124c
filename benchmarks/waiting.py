"""Runs that wait: so many runs are parked on events of their own, and each is woken by one submission.

Time is taken for parking all of them, for submitting all events, and until the last run is over. Nothing may be lost or woken
twice: every run must have succeeded with the payload of its own event.
"""

from __future__ import annotations

import os
import time

from benchmarks import _fresh

import wfnb

RUNS = 10_000
_URL = "WFNB_POSTGRES_URL"


def definition() -> dict[str, object]:
    """One step: wait for the event of this run."""
    config = {
        "eventName": "GO",
        "correlationKey": {"$expr": "payload.n"},
        "assign": {"vars.n": {"$expr": "vars.event.n"}},
    }
    return {"id": "wait", "name": "Wait", "steps": [{"id": "wait", "type": "event.wait", "config": config}]}


def measure(store: str | None, runs: int) -> dict[str, float]:
    """Park, submit, finish; seconds of each."""
    with _fresh.folder() as path, wfnb.open(path, store=store) as ws:
        if not ws.publish(definition()).ok:
            raise RuntimeError("The workflow cannot be published.")
        begun = time.perf_counter()
        started = [ws.start("wait", {"n": n}) for n in range(runs)]
        while ws.runs("WAITING", limit=1).total < runs:
            time.sleep(0.05)
        parked = time.perf_counter()
        woken = [ws.submit_event("GO", {"n": n}, key=n).run for n in range(runs)]
        submitted = time.perf_counter()
        while ws.runs("SUCCEEDED", limit=1).total < runs:
            time.sleep(0.05)
        finished = time.perf_counter()
        if woken != [run.id for run in started]:
            raise RuntimeError("An event woke another run than its own, or none.")
        wrong = [
            run.id
            for run in started[:: max(1, runs // 500)]
            if run.envelope["vars"]["n"] != run.envelope["payload"]["n"]
        ]
        if wrong:
            raise RuntimeError(f"Runs got the event of another one: {wrong[:3]}.")
    return {"park": parked - begun, "submit": submitted - parked, "finish": finished - parked}


def run() -> list[dict[str, object]]:
    """The table."""
    stores: list[tuple[str, str | None]] = [("SQLite", None), ("memory", "memory")]
    if url := os.environ.get(_URL):
        stores.append(("PostgreSQL", url))
    rows: list[dict[str, object]] = []
    for name, store in stores:
        seconds = measure(store, RUNS)
        rows.append(
            {
                "store": name,
                "runs": RUNS,
                "parked/s": RUNS / seconds["park"],
                "submitted/s": RUNS / seconds["submit"],
                "woken and finished/s": RUNS / seconds["finish"],
            }
        )
    return rows
