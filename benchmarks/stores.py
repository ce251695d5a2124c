"""Durable steps per second of each store: one process alone, and several at once on the same store.

Each contender has fresh processes, and all take turns on the same disk. PostgreSQL is a server of its own on a socket of this
machine, with its settings as they come, so every commit is synced.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from contextlib import ExitStack

from benchmarks import _fresh, _loop

import wfnb

STEPS = 200
TOGETHER = 4
ROUNDS = 3


def steps(folder: str, store: str | None, step: str, count: int, wait: bool = False) -> dict[str, float]:
    """Steps/s and CPU time of one run of the loop, in this process."""
    with wfnb.open(folder, store=store, starts_per_minute=None) as ws:
        _loop.prepare(ws, getattr(_loop, step))
        _loop.run(ws, 50)
        if wait:
            print("ready", file=sys.stderr, flush=True)
            sys.stdin.readline()
        return _loop.run(ws, count)[1]


def together(folder: str, store: str | None, step: str) -> float:
    """Steps/s of several processes that begin at once, all runs of them taken together."""
    processes = []
    for number in range(TOGETHER):
        place = folder if store is None else f"{folder}/{number}"
        arguments = json.dumps([place, store, step, STEPS, True])
        command = [sys.executable, "-m", "benchmarks._fresh", "stores.steps", arguments]
        process = subprocess.Popen(
            command,
            cwd=_fresh.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if process.stderr.readline() != "ready\n":
            raise RuntimeError(process.communicate()[1])
        processes.append(process)
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    rates = [json.loads(process.communicate()[0])["rate"] for process in processes]
    return TOGETHER * min(rates)  # the slowest one says when all were done


def run() -> list[dict[str, object]]:
    """The table."""
    sys.path.insert(0, str(_fresh.ROOT / "tests"))
    from postgres_server import own_server

    rates: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        server = stack.enter_context(own_server())
        for number in range(ROUNDS):
            for step in ("PURE", "CALL"):
                for name in ("SQLite", "PostgreSQL"):
                    server.make_database(base := f"bench_{number}_{step.lower()}")
                    store = None if name == "SQLite" else server.url(base)
                    folder = str(stack.enter_context(_fresh.folder()))
                    alone = _fresh.call("stores.steps", folder, store, step, STEPS)["rate"]
                    rates.setdefault((name, f"{step}, one process"), []).append(alone)
                    if step == "PURE":
                        found = together(folder, store, step)
                        rates.setdefault((name, f"{step}, {TOGETHER} processes"), []).append(found)
    return [line(what, rates) for what in dict.fromkeys(what for _, what in rates)]


def line(what: str, rates: dict[tuple[str, str], list[float]]) -> dict[str, object]:
    """One line of the table."""
    file, server = rates["SQLite", what], rates["PostgreSQL", what]
    return {
        "what": what,
        "SQLite steps/s": round(statistics.median(file)),
        "PostgreSQL steps/s": round(statistics.median(server)),
        "lowest": round(min(server)),
        "highest": round(max(server)),
        "PostgreSQL is x times": statistics.median(b / a for a, b in zip(file, server, strict=True)),
    }
