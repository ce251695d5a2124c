"""Fork a run that has done things in twenty ways, on its record and live, and kill the workers that drive the forks.

Run as ``python -m crash.fork_killer SEED KILLS RECORDED LIVE [STORE]`` in the folder of the tests; prints one JSON object.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wfnb
from crash import deeds, fleet
from crash.ledger import enter, entries, open_ledger

PAYLOAD = {"total": 70, "items": [1, 2, 3], "order": "o1"}


class Place:
    """A folder with a ledger, and the processes that work on it."""

    def __init__(self, store: str | None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wfnb-forks-"))
        self.ledger = self.folder / "ledger"
        self.keeper = open_ledger(self.ledger)
        self._store = store

    def entered(self) -> Counter[str]:
        """What was done, and how often under different keys."""
        return Counter(entry["what"][0] for entry in entries(self.ledger).values())

    def process(self, work: Callable[[wfnb.Workspace], Any], *, drive: bool) -> None:
        """Do something in a process of its own, and wait for it."""

        def inside() -> None:
            with wfnb.open(self.folder, store=self._store, drive=drive, starts_per_minute=None) as ws:
                deeds.connect(ws, self.tell)
                work(ws)

        fleet.wait_for(fleet.fork(inside))

    def worker(self) -> int:
        """A worker; its number."""

        def inside() -> None:
            with wfnb.open(self.folder, store=self._store, drive=False) as ws:
                deeds.connect(ws, self.tell)
                ws.worker(runs=4, poll_ms=20, lease_ms=fleet.LEASE_MS).run()

        return fleet.fork(inside)

    def tell(self, key: str, what: str) -> None:
        """Enter a deed."""
        enter(self.ledger, key, [what])


def main(seed: int, kills: int, recorded: int, live: int, store: str | None = None) -> dict[str, Any]:
    """Run, fork, kill, finish, and report."""
    rng = random.Random(seed)
    place = Place(store)
    report = place.folder / "report.json"
    place.process(lambda ws: deeds.answer(ws, ws.start("deeds", PAYLOAD)), drive=True)
    before, first = place.entered(), len(entries(place.ledger))

    def forks(ws: wfnb.Workspace) -> None:
        run = ws.run(next(row.run for row in ws.runs() if row.workflow == "deeds"))
        for _ in range(recorded):
            run.fork("mail")
        for _ in range(live):
            run.fork("mail", live=True, confirm=True, reason="the test wants it live")

    place.process(forks, drive=False)
    for _ in range(kills):
        worker = place.worker()
        time.sleep(rng.uniform(0.05, 0.9))
        fleet.end(worker, signal.SIGKILL)

    def finish(ws: wfnb.Workspace) -> None:
        made = [ws.run(row.run) for row in ws.runs(limit=1_000) if row.workflow == "deeds"]
        ended = [deeds.answer(ws, run) for run in made]
        report.write_text(json.dumps({
            "statuses": sorted({run.status for run in ended}),
            "taken_over": sum(run.row.epoch > 1 for run in ended),
            "steps": sorted({len(run.steps()) for run in ended if run.row.recorded}),
            "sources": sorted({str(call.source) for run in ended if run.row.recorded for call in run.invocations()}),
        }))  # fmt: skip

    place.process(finish, drive=True)
    after = place.entered()
    asked = [entry["asked"] for entry in entries(place.ledger).values()]
    fleet.end(place.keeper)
    found = json.loads(report.read_text())
    shutil.rmtree(place.folder)
    expected = Counter({what: count * (live + 1) for what, count in before.items()})
    return {
        **found,
        "first": first,
        "wrong": {what: [after[what], expected[what]] for what in after | expected if after[what] != expected[what]},
        "asked_again": sum(count > 1 for count in asked),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:5]), *sys.argv[5:])))
