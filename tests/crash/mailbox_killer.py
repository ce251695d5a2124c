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
from functools import partial
from pathlib import Path
from typing import Any

import wfnb
import wfnb.opening  # here, so that victims spend their short lives working
from crash.fleet import end, fork, wait_for
from wfnb.maildesk.inbox import connect, process, sample_mailbox

MESSAGES = (
    8  # at most so many messages are begun before a kill; none is for one while the workspace is being opened
)
LAST_MS = 30  # from the beginning of a message to its end


def work(folder: Path, wire: int) -> None:
    """What a victim does: open, go on, finish; and say so when it begins a message that was not done before."""
    with wfnb.open(folder) as ws:
        done = ws.runs(limit=1).total

        def progress(_name: str, number: int, _whole: int) -> None:
            if number >= done:
                os.write(wire, b".")

        process(ws, connect(ws), sample_mailbox(), progress=progress)


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


def kill_until_done(folder: Path, rng: random.Random, budget: int) -> int:
    """Kill workers in this folder until one gets through or the budget is used; how many were killed while they worked."""
    kills = 0
    while kills < budget:
        reading, writing = os.pipe()
        pid = fork(partial(work, folder, writing))
        os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as wire:
            for _ in range(rng.randrange(MESSAGES)):
                wire.read(1)
            time.sleep(rng.uniform(0, LAST_MS) / 1000)
            ended = end(pid, signal.SIGKILL)
        if ended != -signal.SIGKILL:
            assert ended == 0, "a worker failed; its traceback is above"
            break
        kills += 1
    return kills


def write(path: Path, found: Any) -> None:
    """Leave word for the process that forked this one."""
    path.write_text(json.dumps(found))


def main(kills: int, seed: int) -> dict[str, Any]:
    rng = random.Random(seed)
    base = Path(tempfile.mkdtemp(prefix="wfnb-crash-"))
    started = time.monotonic()
    wait_for(fork(lambda: write(base / "golden.json", count(base / "golden"))))
    golden = json.loads((base / "golden.json").read_text())
    done = rounds = performed_again = 0
    wrong: list[Any] = []
    while done < kills:
        rounds += 1
        folder = base / f"round-{rounds}"
        done += kill_until_done(folder, rng, kills - done)
        wait_for(fork(lambda folder=folder: write(base / "found.json", [count(folder), repeated(folder)])))
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
