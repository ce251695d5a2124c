"""Crash recovery: runs that were half done when their process was killed with SIGKILL, finished by a new process.

Every run has ten steps; the sixth calls a function. The first process gets all runs as far as that call, which never returns
there, and is killed. Then the call is pending in every run. The second process opens the folder, and time is taken from before
it opens it until the last run is over. Nothing may be lost: every run must have succeeded, with each step done once and the
function called once more.

DBOS does the same with workflows of ten steps, as it comes, over a SQLite file of its own.
"""

from __future__ import annotations

import asyncio
import signal
import statistics
import subprocess
import sys
import time
from typing import Any

from benchmarks import _dbos, _fresh
from pydantic import BaseModel

import wfnb

RUNS = 1_000
MANY = 10_000
ROUNDS = 3
GOAL_S = 2.0


class Number(BaseModel):
    """Input and output of the call."""

    n: int


def definition() -> dict[str, Any]:
    """Five pure steps, a call, and four pure steps."""

    def pure(number: int) -> dict[str, Any]:
        return {
            "id": f"s{number}",
            "type": "transform.assign",
            "config": {"assign": {f"vars.v{number}": {"$expr": f"payload.n + {number}"}}},
        }

    call = {
        "id": "call",
        "type": "action.call",
        "config": {
            "actionId": "call",
            "version": 1,
            "inputMapping": {"n": {"$expr": "payload.n"}},
            "saveAs": "vars.out",
        },
    }
    return {"id": "ten", "name": "Ten", "steps": [*map(pure, range(5)), call, *map(pure, range(5, 9))]}


def half(folder: str, runs: int) -> None:
    """Get all runs as far as their call, say so, and stay there until killed."""
    ws = wfnb.open(folder)
    reached = 0

    @ws.action("call", side_effect=True, idempotency="engine")
    async def call(data: Number) -> Number:
        nonlocal reached
        reached += 1
        await asyncio.Event().wait()
        return data

    if not ws.publish(definition()).ok:
        raise RuntimeError("The workflow cannot be published.")
    for n in range(runs):
        ws.start("ten", {"n": n})
    while reached < runs:
        time.sleep(0.05)
    print(_dbos.HALF_DONE, flush=True)
    signal.pause()


def finish(folder: str, runs: int) -> dict[str, float]:
    """Open the folder again and wait until every run is over."""
    called: list[int] = []
    begun = time.perf_counter()
    with wfnb.open(folder) as ws:

        @ws.action("call", side_effect=True, idempotency="engine")
        async def call(data: Number) -> Number:
            called.append(data.n)
            return data

        while open_runs := ws.runs(["PENDING", "RUNNING", "WAITING"], limit=1):
            ws.run(open_runs[0].run).wait(60)
        seconds = time.perf_counter() - begun
        done = ws.runs("SUCCEEDED", limit=1).total
        steps = len(
            [s for run in ws.runs(limit=runs) for s in ws.run(run.run).steps() if s.status == "SUCCEEDED"]
        )
    return {
        "seconds": seconds,
        "done": done,
        "steps": steps,
        "called": len(called),
        "twice": len(called) - len(set(called)),
    }


def crash(code: str) -> None:
    """A process that is killed when all runs are half done."""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=_fresh.ROOT, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or process.stdout.readline().strip() != _dbos.HALF_DONE:
            raise RuntimeError("The process that was to be killed ended by itself.")
        process.kill()


def once(runs: int) -> float:
    """Seconds of one recovery, checked."""
    with _fresh.folder() as path:
        crash(f"from benchmarks.recovery import half; half({str(path)!r}, {runs})")
        found = _fresh.call("recovery.finish", str(path), runs)
    wanted = {"done": runs, "steps": 10 * runs, "called": runs, "twice": 0}
    if {key: found[key] for key in wanted} != wanted:
        raise RuntimeError(f"Recovery lost or repeated something: {found}.")
    return float(found["seconds"])


def dbos_once(runs: int) -> float:
    """The same with DBOS."""
    with _fresh.folder() as path:
        url = f"sqlite:///{path}/dbos.sqlite"
        crash(f"from benchmarks._dbos import half; half({url!r}, {runs})")
        found = _fresh.call("_dbos.finish", url, runs)
    if (found["called"], found["twice"]) != (runs, 0):
        raise RuntimeError(f"DBOS lost or repeated something: {found}.")
    return float(found["seconds"])


def run(count: int | None = None) -> list[dict[str, object]]:
    """The table; with a count for that many runs, once."""
    sizes = [(count, 1)] if count else [(RUNS, ROUNDS), (MANY, 1)]
    return [row(runs, rounds) for runs, rounds in sizes]


def row(runs: int, rounds: int) -> dict[str, object]:
    """One line, both in turns."""
    seconds: list[float] = []
    theirs: list[float] = []
    missing = ""
    for _ in range(rounds):
        seconds.append(once(runs))
        try:
            theirs.append(dbos_once(runs))
        except _fresh.MissingPeerError as error:
            missing = f"{error} is not installed"
    median = statistics.median(seconds)
    return {
        "what": f"{runs:,} runs of 10 steps, 5 steps and an open call behind them",
        "seconds": median,
        "lowest": min(seconds),
        "highest": max(seconds),
        "goal s": GOAL_S if runs == RUNS else None,
        "runs/s": runs / median,
        "DBOS s": statistics.median(theirs) if theirs else missing,
        "DBOS is x times": statistics.median(theirs) / median if theirs else None,
    }
