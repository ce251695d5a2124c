"""Replaying recorded runs of ten steps: in one process, in a pool, and on a Dask cluster of this machine, in one run.

``scripts/bench replay`` takes 2,000 runs; ``scripts/bench replay=100000`` is the long form.
"""

from __future__ import annotations

import os
import time
from typing import Any

from benchmarks import _fresh, _loop

import wfnb

RUNS = 2_000
GOAL = 2_000.0
"""Runs per second and core; Temporal's replayer does 53 to 95."""

PROCESSES = os.cpu_count() or 1


def definition(last: str = "vars.total4.total") -> dict[str, Any]:
    """Five calls, each with an assignment behind it."""
    steps: list[dict[str, Any]] = []
    for n in range(5):
        mapping = {"start": {"$expr": "payload.start"}, "number": {"$expr": str(n)}}
        config = {"actionId": "add", "version": 1, "inputMapping": mapping, "saveAs": f"vars.total{n}"}
        steps.append({"id": f"add{n}", "type": "action.call", "config": config})
        text = last if n == 4 else f"vars.total{n}.total + 1"
        steps.append(
            {
                "id": f"keep{n}",
                "type": "transform.assign",
                "config": {"assign": {f"vars.sum{n}": {"$expr": text}}},
            }
        )
    return {"id": "ten", "name": "Ten steps", "steps": steps}


def record(ws: wfnb.Workspace, runs: int) -> None:
    """Make so many runs."""

    @ws.action("add")
    def add(data: _loop.Numbers) -> _loop.Total:
        return _loop.Total(total=data.start + data.number)

    if not ws.publish(definition()).ok or not ws.publish(definition("vars.total4.total + 1")).ok:
        raise RuntimeError("The workflow cannot be published.")
    for begun in range(0, runs, 500):
        made = [ws.start("ten", {"start": n}, version=1) for n in range(begun, min(begun + 500, runs))]
        for run in made:
            run.wait(600)


def run(runs: int = RUNS) -> list[dict[str, object]]:
    """The table."""
    with _fresh.folder() as path, wfnb.open(path) as ws:
        record(ws, runs)
        rows = [timed(ws, "here, own version", runs, 1, version=1)]
        rows.append(
            timed(ws, "here, a version in which every run goes another way", runs, 1, version=2, same=False)
        )
        rows.append(
            timed(
                ws,
                f"pool of {PROCESSES} processes, own version",
                runs,
                PROCESSES,
                version=1,
                processes=PROCESSES,
            )
        )
        from distributed import Client, LocalCluster

        with (
            LocalCluster(n_workers=PROCESSES, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            rows.append(
                timed(
                    ws, f"Dask, {PROCESSES} workers, own version", runs, PROCESSES, version=1, client=client
                )
            )
    for row in rows:
        row["of one process"] = float(str(row["runs/s"])) / float(str(rows[0]["runs/s"]))
    return rows


def timed(
    ws: wfnb.Workspace, what: str, runs: int, workers: int, *, same: bool = True, **how: Any
) -> dict[str, object]:
    """One line: runs per second by the clock, and of CPU time where all of it is spent here."""
    begun, cpu = time.perf_counter(), time.process_time()
    found = ws.backtest("ten", **how)
    seconds, used = time.perf_counter() - begun, time.process_time() - cpu
    if found.total != runs or found.counts["same"] != (runs if same else 0):
        raise RuntimeError(f"The backtest went wrong: {found!r}.")
    per_core = runs / used if workers == 1 else runs / seconds / workers
    return {
        "what": what, "runs": runs, "s": seconds, "runs/s": runs / seconds, "runs/s and core": per_core, "goal": GOAL,
        "of the goal": per_core / GOAL,
    }  # fmt: skip
