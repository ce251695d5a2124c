"""Kill workers while they work through a queue, at random moments, and count what they did.

Run as ``python -m crash.worker_killer KILLS SEED WORKERS RUNS FIRST_MS LAST_MS [STORE]`` in the folder of the tests; prints JSON. Every round has a new queue of RUNS, on a server in a schema of its own; it ends when the queue is done. KILLS 0 means: one round, however many kills.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crash import fleet
from crash.ledger import entries, open_ledger


@dataclass(frozen=True)
class Plan:
    """What is done: see the first lines of this file."""

    kills: int
    seed: int
    workers: int
    runs: int
    first_ms: int
    last_ms: int
    store: str | None = None


def wait_for_work(ledger: Path, whole: int) -> None:
    """Wait until somebody works, and not only opens the store, or everything is done."""
    before = len(entries(ledger))
    fleet.until(lambda: len(entries(ledger)) > before or before == whole)


def one_round(folder: Path, rng: random.Random, budget: int, plan: Plan) -> dict[str, Any]:
    """Kill workers until the queue is done or the budget is used; then let it be finished, and report."""
    ledger = folder / "ledger"
    keeper = open_ledger(ledger)
    fleet.start(folder, ledger, plan.runs, plan.store)
    alive = [fleet.worker(folder, ledger, plan.store) for _ in range(plan.workers)]
    kills = 0
    while kills < budget and len(entries(ledger)) < plan.runs * fleet.STEPS:
        wait_for_work(ledger, plan.runs * fleet.STEPS)
        time.sleep(rng.uniform(plan.first_ms, plan.last_ms) / 1000)
        victim = alive.pop(rng.randrange(len(alive)))
        assert fleet.end(victim, signal.SIGKILL) == -signal.SIGKILL, "a worker ended before it was killed"
        kills += 1
        alive.append(fleet.worker(folder, ledger, plan.store))
    found = fleet.report(folder, ledger, plan.store)
    endings = [fleet.end(pid) for pid in alive]
    entered = entries(ledger)
    fleet.end(keeper)
    done = Counter(tuple(entry["what"]) for entry in entered.values())
    expected = {(order, step) for order in range(plan.runs) for step in range(fleet.STEPS)}
    return {
        **found,
        "kills": kills,
        "endings": endings,
        "lost": len(expected - done.keys()),
        "unexpected": len(done.keys() - expected),
        "twice": sum(count > 1 for count in done.values()),
        "asked_again": sum(entry["asked"] > 1 for entry in entered.values()),
    }


def main(plan: Plan) -> list[dict[str, Any]]:
    """Rounds until enough were killed."""
    rng = random.Random(plan.seed)
    base = Path(tempfile.mkdtemp(prefix="wfnb-workers-"))
    rounds: list[dict[str, Any]] = []
    while not rounds or sum(found["kills"] for found in rounds) < plan.kills:
        folder = base / f"round-{len(rounds)}"
        folder.mkdir()
        left = plan.kills - sum(found["kills"] for found in rounds) if plan.kills else sys.maxsize
        own = replace(plan, store=plan.store and f"{plan.store}_{len(rounds)}")
        rounds.append(one_round(folder, rng, left, own))
        shutil.rmtree(folder)
    shutil.rmtree(base)
    return rounds


if __name__ == "__main__":
    print(json.dumps(main(Plan(*map(int, sys.argv[1:7]), *sys.argv[7:]))))
