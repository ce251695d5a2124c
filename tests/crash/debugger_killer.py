"""Kill the kernel of a debugger, or the worker that performs its steps, at one moment after the other, and see how the run ends.

Run as ``python -m crash.debugger_killer VICTIM [STORE]`` in the folder of the tests; prints JSON: one report for every moment. A person holds a run, has it go two steps on and lets it go; VICTIM is ``kernel`` or ``worker``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import wfnb
from crash import fleet
from crash.ledger import entries, open_ledger
from wfnb.store.port import Store
from wfnb.store.postgres import PostgresStore
from wfnb.store.sqlite import SqliteStore

Moment = tuple[str, int, Literal["before", "after"]]

KERNEL = [("change_hold", number) for number in (1, 2, 3, 4)]
WORKER = [
    ("claim_run", 1),
    ("claim_run", 2),
    *(("commit", number) for number in (1, 2, 3, 4)),
    ("stand", 1),
    ("stand", 2),
]


def moments(calls: list[tuple[str, int]]) -> list[Moment]:
    """Before and after each of some calls of the store."""
    return [(method, number, when) for method, number in calls for when in ("before", "after")]


def open_store(folder: Path, url: str | None, dies: Moment | None) -> Store:
    """The store of a process; at `dies` the process is killed."""
    (folder / ".wfnb").mkdir(exist_ok=True)
    store: Store = SqliteStore(folder / ".wfnb" / "state.sqlite") if url is None else PostgresStore(url)
    if dies is not None:
        method, number, when = dies
        setattr(store, method, _deadly(getattr(store, method), number, when))
    return store


def _deadly(call: Callable[..., Any], number: int, when: str) -> Callable[..., Any]:
    calls = 0

    def deadly(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if (calls, when) == (number, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*args)
        if (calls, when) == (number, "after"):
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return deadly


def attend(folder: Path, ledger: Path, url: str | None, dies: Moment | None) -> int:
    """A kernel in which somebody holds the newest run, steps it twice and lets it go; its number."""

    def work() -> None:
        with wfnb.open(folder, store=open_store(folder, url, dies), drive=False, actor="ann") as ws:
            fleet.connect(ws, ledger)
            dbg = ws.run(ws.runs()[0].run).debug().hold("looking")
            (folder / "held").touch()
            fleet.until(lambda: any(row.state != "starting" for row in ws.workers()))
            while dbg.step().position < 2:
                pass
            dbg.release()

    return fleet.fork(work)


def drive(folder: Path, ledger: Path, url: str | None, dies: Moment | None) -> int:
    """A worker; its number."""

    def work() -> None:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # it has not begun yet
        with wfnb.open(folder, store=open_store(folder, url, dies), drive=False) as ws:
            fleet.connect(ws, ledger)
            made = ws.worker(runs=4, poll_ms=20, lease_ms=fleet.LEASE_MS)
            signal.signal(signal.SIGTERM, lambda *_: made.stop())
            made.run()

    return fleet.fork(work)


def ended(pid: int) -> bool:
    """Whether a process has ended; it is left to be collected."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def one_round(folder: Path, victim: str, moment: Moment, url: str | None) -> dict[str, Any]:
    """One run that is held and stepped, and one death."""
    ledger = folder / "ledger"
    keeper = open_ledger(ledger)
    fleet.start(folder, ledger, 1, url)
    kernel = attend(folder, ledger, url, moment if victim == "kernel" else None)
    fleet.until(lambda: (folder / "held").exists() or ended(kernel))
    first = drive(folder, ledger, url, moment if victim == "worker" else None)
    fleet.until(lambda: ended(kernel) or ended(first))
    killed = ended(first) if victim == "worker" else ended(kernel)
    second = drive(folder, ledger, url, None)
    found = fleet.report(folder, ledger, url)
    status = os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])
    died = ended(first)
    code = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) if died else fleet.end(first)
    endings = {"kernel": status, "worker": code, "other": fleet.end(second)}
    entered = entries(ledger)
    fleet.end(keeper)
    return {
        "moment": list(moment),
        "killed": killed and endings[victim] == -signal.SIGKILL,
        "endings": endings,
        "statuses": found["statuses"],
        "steps": found["steps"] / found["runs"],
        "entered": sorted(entry["what"][1] for entry in entered.values()),
        "asked": sum(entry["asked"] for entry in entered.values()),
    }


def main(victim: str, url: str | None = None) -> list[dict[str, Any]]:
    """A round for every moment; on a server for some of them."""
    found = []
    every = moments(KERNEL if victim == "kernel" else WORKER)
    for moment in every if url is None else every[1::3]:
        folder = Path(tempfile.mkdtemp(prefix="wfnb-debugger-"))
        try:
            found.append(one_round(folder, victim, moment, url))
        finally:
            shutil.rmtree(folder)
    return found


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
