"""Runs that wait: so many runs are parked on events of their own, and each is woken by one submission.

Time is taken for parking all of them, for submitting all events, and until the last run is over. Nothing may be lost or woken
twice: every run must have succeeded with the payload of its own event.

Beside it stand workflows of DBOS, as it comes, that wait in ``recv`` and are sent one message each. Its runs that wait are coroutines
of a living process; those of wfnb are rows, and whoever drives them may be gone.
"""

from __future__ import annotations

import sys
import time

from benchmarks import _fresh

import wfnb

RUNS = 10_000


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


def dbos(url: str, runs: int) -> dict[str, float] | None:
    """The same with workflows that receive; nothing when DBOS is not installed."""
    try:
        found: dict[str, float] = _fresh.call("_dbos.events", url, runs)
    except _fresh.MissingPeerError:
        return None
    return found


def run(count: int = RUNS) -> list[dict[str, object]]:
    """The table: wfnb and DBOS in turns."""
    sys.path.insert(0, str(_fresh.ROOT / "tests"))
    from postgres_server import own_server

    with own_server() as server, _fresh.folder() as path:
        server.make_database("dbos")
        found = [
            ("wfnb, SQLite", measure(None, count)),
            ("DBOS, SQLite", dbos(f"sqlite:///{path}/dbos.sqlite", count)),
            ("wfnb, PostgreSQL", measure(server.url(), count)),
            ("DBOS, PostgreSQL", dbos(server.url("dbos"), count)),
            ("wfnb, memory", measure("memory", count)),
        ]
    return [
        {
            "store": name,
            "runs": count,
            "parked/s": count / seconds["park"],
            "submitted/s": count / seconds["submit"],
            "woken and finished/s": count / seconds["finish"],
        }
        for name, seconds in found
        if seconds is not None
    ]
