"""Crash recovery: runs that were half done when their process was killed with SIGKILL, finished by a new process.

Every run has ten steps; the sixth calls a function. The first process gets all runs as far as that call, which never returns
there, and is killed. Then the call is pending in every run. The second process opens the folder, and time is taken from before
it opens it until the last run is over. Nothing may be lost: every run must have succeeded, with each step done once and the
function called once more.
"""

from __future__ import annotations

import asyncio
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import _fresh
from pydantic import BaseModel

import wfnb

RUNS = 1_000
ROUNDS = 3
GOAL_S = 2.0
_READY = "half done"


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
    print(_READY, flush=True)
    signal.pause()


def finish(folder: str) -> dict[str, float]:
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
            [s for run in ws.runs(limit=RUNS) for s in ws.run(run.run).steps() if s.status == "SUCCEEDED"]
        )
    return {
        "seconds": seconds,
        "done": done,
        "steps": steps,
        "called": len(called),
        "twice": len(called) - len(set(called)),
    }


def crash(folder: Path, runs: int) -> None:
    """A process that is killed when all runs are half done."""
    command = [sys.executable, "-c", f"from benchmarks.recovery import half; half({str(folder)!r}, {runs})"]
    with subprocess.Popen(command, cwd=_fresh.ROOT, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or process.stdout.readline().strip() != _READY:
            raise RuntimeError("The process that was to be killed ended by itself.")
        process.kill()


def once() -> float:
    """Seconds of one recovery, checked."""
    with _fresh.folder() as path:
        crash(path, RUNS)
        found = _fresh.call("recovery.finish", str(path))
    wanted = {"done": RUNS, "steps": 10 * RUNS, "called": RUNS, "twice": 0}
    if {key: found[key] for key in wanted} != wanted:
        raise RuntimeError(f"Recovery lost or repeated something: {found}.")
    return float(found["seconds"])


def run() -> list[dict[str, object]]:
    """The table."""
    seconds = [once() for _ in range(ROUNDS)]
    median = statistics.median(seconds)
    return [
        {
            "what": f"{RUNS:,} runs of 10 steps, 5 steps and an open call behind them",
            "seconds": median,
            "lowest": min(seconds),
            "highest": max(seconds),
            "goal s": GOAL_S,
            "of the goal": median / GOAL_S,
            "runs/s": RUNS / median,
        }
    ]
