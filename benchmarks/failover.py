"""Failover: two workers share the runs of a PostgreSQL store, one is killed with SIGKILL, the other finishes all of them.

Every run has one step that takes 50 ms and notes its number; no step ends before both workers have begun. A fifth of the runs is
over when the worker is killed, and time is taken from then until the last run is over. Every number must have been noted; how many were noted again is told.

wfnb notices by itself that a worker has died: on the same machine by its process, elsewhere when its lease runs out. DBOS is told
at once which process has died, as its service or an operator would tell it.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

from benchmarks import _dbos, _fresh
from pydantic import BaseModel

import wfnb

RUNS = 200
ROUNDS = 3
AT_ONCE = 4
_PAUSE_S = 0.02


class Entry(BaseModel):
    """What a step notes, and where."""

    n: int
    folder: str


def connect(ws: wfnb.Workspace) -> None:
    """The app of the workers."""

    @ws.action("enter", side_effect=True, idempotency="engine")
    def enter(data: Entry) -> Entry:
        _dbos.note(data.folder, data.n)
        return data

    mapping = {name: {"$expr": f"payload.{name}"} for name in ("n", "folder")}
    call = {"actionId": "enter", "version": 1, "inputMapping": mapping}
    steps = [{"id": "enter", "type": "action.call", "config": call}]
    if not ws.publish({"id": "ledger", "name": "Ledger", "steps": steps}).ok:
        raise RuntimeError("The workflow cannot be published.")


def begun(stack: ExitStack, *commands: list[str], ready: str) -> list[subprocess.Popen[str]]:
    """Processes that have all said that they work; they are killed at the end."""
    processes = [
        subprocess.Popen(command, cwd=_fresh.ROOT, stdout=subprocess.PIPE, text=True) for command in commands
    ]
    for process in processes:
        stack.callback(process.wait)
        stack.callback(process.kill)
    for process in processes:
        while ready not in (line := process.stdout.readline() if process.stdout else ""):
            if not line:
                raise RuntimeError("A worker ended before it began.")
    return processes


def killed(
    victim: subprocess.Popen[str], done: Callable[[], int], runs: int, told: Callable[[], None]
) -> float:
    """Kill a worker when a fifth of the runs is over; seconds from then until all are."""
    while done() < runs // 5:
        time.sleep(_PAUSE_S)
    victim.kill()
    begun = time.perf_counter()
    told()
    while done() < runs:
        time.sleep(_PAUSE_S)
    return time.perf_counter() - begun


def noted_again(folder: str, runs: int) -> int:
    """How many numbers were noted more than once; none may be missing."""
    asked = Path(folder, "asked").read_text().split()
    if set(map(int, asked)) != set(range(runs)):
        raise RuntimeError("A run is over, and its step was not done.")
    return len(asked) - runs


def wfnb_once(url: str, dispatch: str, runs: int) -> tuple[float, int]:
    """Seconds and repetitions, with wfnb."""
    with ExitStack() as stack:
        folder = str(stack.enter_context(_fresh.folder()))
        ws = stack.enter_context(wfnb.open(folder, store=url, drive=False))
        connect(ws)
        ws.worker(dispatch=dispatch)  # the store is ready for it before the runs are there
        for n in range(runs):
            ws.start("ledger", {"n": n, "folder": folder})
        options = ["--app", "benchmarks.failover:connect", "--app-dir", str(_fresh.ROOT)]
        options += ["--store", url, "--dispatch", dispatch, "--concurrency", str(AT_ONCE)]
        command = [sys.executable, "-m", "wfnb", "worker", folder, *options]
        victim, _ = begun(stack, command, command, ready=": running")
        Path(folder, _dbos.DOOR).touch()
        seconds = killed(victim, lambda: ws.runs("SUCCEEDED", limit=1).total, runs, lambda: None)
        return seconds, noted_again(folder, runs)


def dbos_once(url: str, runs: int) -> tuple[float, int]:
    """The same with DBOS, in a process of its own."""
    seconds, again = _fresh.call("failover.dbos_here", url, runs)
    return float(seconds), int(again)


def dbos_here(url: str, runs: int) -> tuple[float, int]:
    """The same with DBOS."""
    with ExitStack() as stack:
        folder = str(stack.enter_context(_fresh.folder()))
        dbos = _dbos.fill(url, folder, AT_ONCE, runs)
        stack.callback(dbos.destroy)
        commands = [
            [
                sys.executable,
                "-c",
                f"from benchmarks._dbos import worker; worker({url!r}, {name!r}, {folder!r}, {AT_ONCE})",
            ]
            for name in ("victim", "other")
        ]
        victim, _ = begun(stack, *commands, ready=_dbos.HALF_DONE)
        Path(folder, _dbos.DOOR).touch()
        seconds = killed(victim, lambda: _dbos.succeeded(dbos), runs, lambda: _dbos.take_over(dbos, "victim"))
        return seconds, noted_again(folder, runs)


def run(count: int = RUNS) -> list[dict[str, object]]:
    """The table: all in turns."""
    sys.path.insert(0, str(_fresh.ROOT / "tests"))
    from postgres_server import own_server

    contenders: dict[str, Callable[[str], tuple[float, int]]] = {
        "wfnb, Procrastinate": lambda url: wfnb_once(url, "procrastinate", count),
        "wfnb, lookout": lambda url: wfnb_once(url, "lookout", count),
    }
    if find_spec("dbos") is not None:
        contenders["DBOS, told of the death"] = lambda url: dbos_once(url, count)
    found: dict[str, list[tuple[float, int]]] = {name: [] for name in contenders}
    with own_server() as server:
        for number in range(ROUNDS):
            for place, (name, once) in enumerate(contenders.items()):
                server.make_database(base := f"bench_{number}_{place}")
                found[name].append(once(server.url(base)))
    return [
        {
            "what": name,
            "runs": count,
            "seconds": statistics.median(seconds for seconds, _ in figures),
            "lowest": min(seconds for seconds, _ in figures),
            "highest": max(seconds for seconds, _ in figures),
            "noted again": sum(again for _, again in figures),
        }
        for name, figures in found.items()
    ]
