"""What a step costs of wfnb's own time: the engine over a store that only keeps rows in memory."""

from __future__ import annotations

import statistics

from benchmarks import _fresh, _loop

import wfnb

STEPS = 2_000
ROUNDS = 7
GOAL_US = 40.0


def step_us(steps: int, step: str) -> dict[str, float]:
    """Microseconds per step of one run in this process: by the clock, and of CPU time, all threads together."""
    with wfnb.open(store="memory") as ws:
        _loop.prepare(ws, getattr(_loop, step))
        _loop.run(ws, 200)
        return _loop.run(ws, steps)[1]


def run() -> list[dict[str, object]]:
    """The table."""
    rows = []
    for name, step in (("pure step", "PURE"), ("step that calls a function", "CALL")):
        figures = [_fresh.call("in_memory.step_us", STEPS, step) for _ in range(ROUNDS)]
        cpu = [figure["cpu_us"] for figure in figures]
        goal = GOAL_US if step == "PURE" else None
        rows.append(
            {
                "what": name,
                "CPU us/step": statistics.median(cpu),
                "lowest": min(cpu),
                "highest": max(cpu),
                "by the clock": statistics.median(1e6 / figure["rate"] for figure in figures),
                "goal us": goal,
                "CPU of the goal": statistics.median(cpu) / goal if goal else None,
            }
        )
    return rows
