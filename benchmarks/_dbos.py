"""What the benchmarks of durability ask of DBOS: runs that wait, that are killed half done, and that two workers share.

Each function is one process's whole work. Workflows are coroutines, so that ten thousand of them need no threads. Only
public functions are called, but for one: DBOS takes over the workflows of another process when it is told to, by its own
service or an operator, and `take_over` does what that service would.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

HALF_DONE = "half done"
STEPS = 10
_CALL = 5  # the step at which a run is when its process is killed
MOMENT_S = 0.05
DOOR = "door"
_PAUSE_S = 0.05
_HOUR_S = 3_600


def _made(url: str, executor: str = "bench") -> Any:
    """DBOS with its tables at an address."""
    from dbos import DBOS

    DBOS(
        config={
            "name": "bench",
            "system_database_url": url,
            "executor_id": executor,
            "application_version": "bench",
            "log_level": "CRITICAL",
            "enable_otlp": False,
        }
    )
    return DBOS


def succeeded(dbos: Any) -> int:
    """How many workflows have succeeded."""
    found = dbos.list_workflows(status="SUCCESS", load_input=False, load_output=False, limit=1_000_000)
    return len(found)


async def _until(true: Callable[[], bool]) -> float:
    while not await asyncio.to_thread(true):  # noqa: ASYNC110 - DBOS tells nobody
        await asyncio.sleep(_PAUSE_S)
    return time.perf_counter()


async def _start_all(dbos: Any, workflow: Callable[[int], Awaitable[int]], count: int) -> list[str]:
    return [(await dbos.start_workflow_async(workflow, n)).workflow_id for n in range(count)]


# --- runs that wait


def events(url: str, count: int) -> dict[str, float]:
    """Start workflows that receive, send to each of them, and wait for the last; seconds of each."""
    dbos = _made(url)
    reached: list[int] = []

    @dbos.workflow()
    async def wait(n: int) -> int:
        reached.append(n)
        return int(await dbos.recv_async("go", timeout_seconds=_HOUR_S))

    async def measure() -> dict[str, float]:
        begun = time.perf_counter()
        ids = await _start_all(dbos, wait, count)
        parked = await _until(lambda: len(reached) == count)
        for n, workflow in enumerate(ids):
            await dbos.send_async(workflow, n, "go")
        submitted = time.perf_counter()
        finished = await _until(lambda: succeeded(dbos) == count)
        return {"park": parked - begun, "submit": submitted - parked, "finish": finished - parked}

    dbos.launch()
    return asyncio.run(measure())


# --- runs whose process is killed


def _ten_steps(dbos: Any, call: Callable[[int], Awaitable[int]]) -> Callable[[int], Awaitable[int]]:
    """Nine steps that only count, and `call` in their middle."""

    @dbos.step()
    async def pure(n: int) -> int:
        return n + 1

    called = dbos.step(name="call")(call)

    @dbos.workflow(name="ten")
    async def ten(n: int) -> int:
        total = 0
        for number in range(STEPS):
            total += await (called(n) if number == _CALL else pure(n))
        return total

    return ten


def half(url: str, count: int) -> None:
    """Get all workflows as far as their call, say so, and stay there until killed."""
    dbos = _made(url)
    reached: list[int] = []

    async def call(n: int) -> int:
        reached.append(n)
        await asyncio.Event().wait()
        return n

    ten = _ten_steps(dbos, call)

    async def work() -> None:
        await _start_all(dbos, ten, count)
        await _until(lambda: len(reached) == count)
        print(HALF_DONE, flush=True)
        await asyncio.Event().wait()

    dbos.launch()
    asyncio.run(work())


def finish(url: str, count: int) -> dict[str, float]:
    """Launch again and wait until every workflow is over."""
    begun = time.perf_counter()
    dbos = _made(url)
    called: list[int] = []

    async def call(n: int) -> int:
        called.append(n)
        return n

    _ten_steps(dbos, call)
    dbos.launch()  # it recovers what is pending by itself
    while succeeded(dbos) < count:
        time.sleep(_PAUSE_S)
    return {
        "seconds": time.perf_counter() - begun,
        "called": len(called),
        "twice": len(called) - len(set(called)),
    }


# --- two workers on one queue


def worker(url: str, executor: str, folder: str, runs: int) -> None:
    """Work on the queue until killed."""
    dbos = _made(url, executor)
    ledger(dbos, folder)
    dbos.launch()
    dbos.register_queue("bench", worker_concurrency=runs, polling_interval_sec=0.25)
    print(HALF_DONE, flush=True)
    time.sleep(_HOUR_S)


def note(folder: str, n: int) -> None:
    """What the step of a shared run does: wait for the door to open, take a moment, and note a number."""
    while not Path(folder, DOOR).exists():
        time.sleep(_PAUSE_S)
    time.sleep(MOMENT_S)
    with Path(folder, "asked").open("a") as asked:
        asked.write(f"{n}\n")


def ledger(dbos: Any, folder: str) -> Any:
    """A workflow of one step that takes a moment, and notes a number in a folder."""

    @dbos.step(name="enter")
    def enter(n: int) -> int:
        note(folder, n)
        return n

    @dbos.workflow(name="ledger")
    def work(n: int) -> int:
        return int(enter(n))

    return work


def fill(url: str, folder: str, runs: int, count: int) -> Any:
    """DBOS in a process that only enqueues and looks."""
    dbos = _made(url, "looks")
    work = ledger(dbos, folder)
    dbos.listen_queues([])
    dbos.launch()
    dbos.register_queue("bench", worker_concurrency=runs, polling_interval_sec=0.25)
    for n in range(count):
        dbos.enqueue_workflow("bench", work, n)
    return dbos


def take_over(dbos: Any, executor: str) -> None:
    """Say that a process has died."""
    dbos._recover_pending_workflows([executor])  # noqa: SLF001 - see above
