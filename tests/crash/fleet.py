"""Workers that are processes of their own, for tests that kill them. Forks, so that wfnb is imported once."""

from __future__ import annotations

import json
import os
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
from pydantic import BaseModel

import wfnb
import wfnb.opening  # here, so that victims spend their short lives working
from crash.ledger import enter

STEPS = 3
LEASE_MS = 1_500  # so that what a sleeper holds is free soon


class Entry(BaseModel):
    order: int
    step: int


def connect(ws: wfnb.Workspace, ledger: Path, entered: Callable[[Entry], None] = lambda _entry: None) -> None:
    """Register the action that writes into the ledger, and publish the workflow that calls it three times."""

    @ws.action("enter", side_effect=True, idempotency="engine")
    def call(data: Entry, context: wfnb.ActionContext) -> Entry:
        enter(ledger, context.idempotency_key, [data.order, data.step])
        entered(data)
        return data

    steps = [
        {
            "id": f"s{number}",
            "type": "action.call",
            "config": {
                "actionId": "enter",
                "version": 1,
                "inputMapping": {"order": {"$expr": "payload.order"}, "step": number},
            },
        }
        for number in range(STEPS)
    ]
    assert ws.publish({"id": "ledger", "name": "Ledger", "steps": steps}).ok


def fork(work: Callable[[], None]) -> int:
    """A process that does its work and ends; its number."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:  # noqa: BLE001 - a fork must not go on as if it were its parent
            traceback.print_exc()
        os._exit(status)
    return pid


def wait_for(pid: int) -> None:
    """Wait until a process has ended well."""
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "a process failed; its traceback is above"


def start(folder: Path, ledger: Path, runs: int, store: str | None = None) -> None:
    """Start runs and leave them to workers."""

    def work() -> None:
        with wfnb.open(folder, store=store, drive=False, starts_per_minute=None) as ws:
            connect(ws, ledger)
            for number in range(runs):
                ws.start("ledger", {"order": number})

    wait_for(fork(work))


def worker(
    folder: Path,
    ledger: Path,
    store: str | None = None,
    *,
    runs: int = 4,
    entered: Callable[[Entry], None] = lambda _entry: None,
) -> int:
    """A worker; its number. `entered` is called in it between acting and noting. SIGTERM ends it in good order."""

    def work() -> None:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # it has not begun yet
        with wfnb.open(folder, store=store, drive=False) as ws:
            connect(ws, ledger, entered)
            made = ws.worker(runs=runs, poll_ms=20, lease_ms=LEASE_MS)
            signal.signal(signal.SIGTERM, lambda *_: made.stop())
            made.run()

    return fork(work)


def report(folder: Path, ledger: Path, store: str | None = None) -> dict[str, Any]:
    """What the tables say when every run is over."""

    def work() -> None:
        with wfnb.open(folder, store=store, drive=False) as ws:
            connect(ws, ledger)
            runs = [ws.run(row.run) for row in ws.runs(limit=10_000)]
            found = {
                "statuses": sorted({run.wait(60).status for run in runs}),
                "runs": len(runs),
                "steps": sum(len(run.steps()) for run in runs),
                "taken_over": sum(run.row.epoch > 1 for run in runs),
                "again": sum(call.attempt > 1 for run in runs for call in run.invocations()),
                "queue": len(ws.queue()),
            }
        if store is None:
            state = apsw.Connection(str(folder / ".wfnb" / "state.sqlite"))
            found["integrity"] = state.execute("PRAGMA integrity_check").get
        (folder / "report.json").write_text(json.dumps(found))

    wait_for(fork(work))
    told: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return told


def end(pid: int, number: int = signal.SIGTERM) -> int:
    """Send a signal and collect the process; its exit code."""
    os.kill(pid, number)  # also when it has ended: it is there until it is collected
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def until(true: Callable[[], bool], patience_s: float = 120) -> None:
    """Wait for something that other processes do."""
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
