"""Stop a worker between acting and noting for longer than its lease, let another one take over, and wake it again.

It drives one run at a time, and stops when it is in no transaction: in one it would keep everybody from writing to the file.

Run as ``python -m crash.sleeper`` in the folder of the tests; prints one JSON object.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import apsw

from crash import fleet
from crash.ledger import entries, open_ledger

RUNS = 40


def rest(entry: fleet.Entry, folder: Path) -> None:
    """Stay in the middle of one step until the morning."""
    if [entry.order, entry.step] == [5, 1]:
        (folder / "evening").touch()
        fleet.until((folder / "morning").exists)


def stop_outside_transactions(pid: int, state: Path) -> None:
    """Stop a process, and again at another moment when it was writing just then."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        assert os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1])
        own = apsw.Connection(str(state))
        try:
            own.execute("BEGIN IMMEDIATE; ROLLBACK")
        except apsw.BusyError:
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.05)
        else:
            return
        finally:
            own.close()


def main() -> dict[str, Any]:
    """The sleeper wakes when everything is done."""
    folder = Path(tempfile.mkdtemp(prefix="wfnb-sleeper-"))
    ledger, state = folder / "ledger", folder / ".wfnb" / "state.sqlite"
    keeper = open_ledger(ledger)
    fleet.start(folder, ledger, RUNS)
    sleeper = fleet.worker(folder, ledger, runs=1, entered=partial(rest, folder=folder))
    fleet.until((folder / "evening").exists)
    stop_outside_transactions(sleeper, state)
    other = fleet.worker(folder, ledger)
    fleet.until(lambda: len(entries(ledger)) == RUNS * fleet.STEPS)
    (folder / "morning").touch()
    os.kill(sleeper, signal.SIGCONT)
    found = fleet.report(folder, ledger)
    endings = [fleet.end(sleeper), fleet.end(other)]
    done = Counter(tuple(entry["what"]) for entry in entries(ledger).values())
    fleet.end(keeper)
    shutil.rmtree(folder)
    lost = RUNS * fleet.STEPS - len(done)
    twice = sum(count > 1 for count in done.values())
    return {**found, "endings": endings, "lost": lost, "unexpected": 0, "twice": twice}


if __name__ == "__main__":
    print(json.dumps(main()))
