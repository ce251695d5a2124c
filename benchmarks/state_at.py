"""Time travel in a run of 10,000 steps: the state at any step, and opening a debugger on it."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks import _fresh, _loop

import wfnb
from wfnb.store.port import state_at

STEPS = 10_000
SAMPLES = 300
OPENINGS = 5


def run() -> list[dict[str, object]]:
    """The table."""
    with _fresh.folder() as path, wfnb.open(path) as ws:
        _loop.prepare(ws, _loop.PURE)
        made, _ = _loop.run(ws, STEPS)
        row, store = made.row, ws._store  # noqa: SLF001 - what recovery reads is below the public names
        chosen = random.Random(1)

        def anywhere() -> int:
            return chosen.randrange(row.seq + 1)

        debugger = made.debug()
        return [
            line(
                "state at a step, as recovery reads it", 50, SAMPLES, lambda: state_at(store, row, anywhere())
            ),
            line("run.at(step): what people see, with the step", 50, SAMPLES, lambda: made.at(anywhere())),
            line("open a debugger", 1_000, OPENINGS, made.debug),
            line(
                "debugger: jump and show the whole view",
                100,
                SAMPLES,
                lambda: debugger.goto(anywhere()).view(),
            ),
        ]


def line(what: str, goal_ms: float, samples: int, work: Callable[[], Any]) -> dict[str, object]:
    """Median, 99th percentile and maximum of some work, in milliseconds."""
    times = []
    for _ in range(samples):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1e3)
    times.sort()
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    median = statistics.median(times)
    return {
        "what": what, "p50 ms": median, "p99 ms": p99, "max ms": times[-1], "goal ms": goal_ms, "p99 of the goal": p99 / goal_ms,
    }  # fmt: skip
