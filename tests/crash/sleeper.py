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
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import apsw

from crash import fleet
from crash.ledger import entries, open_ledger

RUNS = 40


def fall_asleep(entry: fleet.Entry, state: Path) -> None:
    """Stop this process in the middle of one step."""
    if [entry.order, entry.step] == [5, 1]:
        own = apsw.Connection(str(state))
        own.set_busy_timeout(10_000)
        own.execute("BEGIN IMMEDIATE; ROLLBACK")  # its other threads have just ended their transaction
        os.kill(os.getpid(), signal.SIGSTOP)


def main() -> dict[str, Any]:
    """The sleeper wakes when everything is done."""
    folder = Path(tempfile.mkdtemp(prefix="wfnb-sleeper-"))
    ledger, state = folder / "ledger", folder / ".wfnb" / "state.sqlite"
    keeper = open_ledger(ledger)
    fleet.start(folder, ledger, RUNS)
    sleeper = fleet.worker(folder, ledger, runs=1, entered=partial(fall_asleep, state=state))
    assert os.WIFSTOPPED(os.waitpid(sleeper, os.WUNTRACED)[1])
    other = fleet.worker(folder, ledger)
    fleet.until(lambda: len(entries(ledger)) == RUNS * fleet.STEPS)
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
