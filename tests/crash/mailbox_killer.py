"""Kill processes that work through a mailbox, at random moments, until they are done; then count what the desk holds.

Run as ``python -m crash.mailbox_killer KILLS SEED`` in the folder of the tests; prints one JSON object. A process of its own, because it forks: every
victim is a fork that has wfnb imported already and owns its engine, its store and its desk.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import wfnb
import wfnb.opening  # here, so that victims spend their short lives working
from wfnb.maildesk.inbox import connect, process, sample_mailbox

FIRST_MS, LAST_MS = 10, 350  # from "the workspace is being opened" to "half of the mailbox is done"


def work(folder: Path) -> None:
    """What a victim does: open, go on, finish."""
    with wfnb.open(folder) as ws:
        process(ws, connect(ws), sample_mailbox())


def count(folder: Path) -> dict[str, Any]:
    """What the desk holds, and how the runs ended."""
    with wfnb.open(folder) as ws:
        desk = connect(ws)
        rows = process(ws, desk, sample_mailbox())
        runs = ws.runs(limit=1000)
        return {
            "desk": desk.counts(),
            "messages": [[row.message, row.status, row.state, row.ticket is not None] for row in rows],
            "runs": runs.total,
            "open": sum(run.status in ("PENDING", "RUNNING", "WAITING") for run in runs),
        }


def repeated(folder: Path) -> int:
    """How many actions were performed again after a kill: how many kills hit the moment between acting and noting it."""
    with wfnb.open(folder) as ws:
        return sum(i.attempt > 1 for row in ws.runs(limit=1000) for i in ws.run(row.run).invocations())


def victim(folder: Path) -> int:
    """Fork a process that works; its number."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work(folder)
            status = 0
        except BaseException:  # noqa: BLE001 - a fork must not go on as if it were its parent
            traceback.print_exc()
        os._exit(status)
    return pid


def kill_until_done(folder: Path, rng: random.Random, budget: int) -> int:
    """Kill workers in this folder until one gets through or the budget is used; how many were killed while they worked."""
    kills = 0
    while kills < budget:
        pid = victim(folder)
        time.sleep(rng.uniform(FIRST_MS, LAST_MS) / 1000)
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status):
            if os.WEXITSTATUS(status):
                raise AssertionError("a worker failed; its traceback is above")
            break
        kills += 1
    return kills


def main(kills: int, seed: int) -> dict[str, Any]:
    rng = random.Random(seed)
    base = Path(tempfile.mkdtemp(prefix="wfnb-crash-"))
    started = time.monotonic()
    golden_pid = os.fork()
    if golden_pid == 0:
        (base / "golden.json").write_text(json.dumps(count(base / "golden")))
        os._exit(0)
    os.waitpid(golden_pid, 0)
    golden = json.loads((base / "golden.json").read_text())
    done = rounds = performed_again = 0
    wrong: list[Any] = []
    while done < kills:
        rounds += 1
        folder = base / f"round-{rounds}"
        done += kill_until_done(folder, rng, kills - done)
        pid = os.fork()
        if pid == 0:
            (base / "found.json").write_text(json.dumps([count(folder), repeated(folder)]))
            os._exit(0)
        os.waitpid(pid, 0)
        found, again = json.loads((base / "found.json").read_text())
        performed_again += again
        if found != golden:
            wrong.append({"round": rounds, "found": found})
        shutil.rmtree(folder)
    shutil.rmtree(base)
    seconds = round(time.monotonic() - started, 1)
    return {
        "kills": done,
        "rounds": rounds,
        "performed_again": performed_again,
        "wrong": wrong,
        "golden": golden,
        "seconds": seconds,
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
