"""Hostile neighbours: clocks that jump, disks that are full, read-only or gone, and processes that were stopped for too long.

Each time the person is told what is wrong, by a typed error, and nothing that was acknowledged is lost or done twice.
"""

from __future__ import annotations

import os
import resource
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import wfnb
from processes import Processes
from unit.machine.world import Anything
from wfnb.engine.clock import SystemClock
from wfnb.errors import StoreError, StoreLostError
from wfnb.store.port import film
from wfnb.store.sqlite import SqliteStore

HOUR_US = 3_600_000_000
STEPS = 40
LOOP = {
    "id": "loop", "name": "Loop", "steps": [{
        "id": "each", "type": "control.forEach", "items": {"$expr": "payload.items"}, "itemVar": "item", "body": [{
            "id": "pay", "type": "action.call",
            "config": {"actionId": "pay", "version": 1, "inputMapping": {"n": {"$expr": "vars.item"}}},
        }],
    }],
}  # fmt: skip


def paying(ws: wfnb.Workspace, before: Callable[[int], None] = lambda _n: None) -> list[int]:
    """Publish the loop; the numbers that were paid, each key once."""
    paid: dict[str, int] = {}

    @ws.action("pay", side_effect=True, idempotency="engine")
    def _pay(data: Anything, ctx: wfnb.ActionContext) -> Anything:
        number = data.model_dump()["n"]
        before(number)
        paid.setdefault(ctx.idempotency_key, number)
        return data

    assert ws.publish(LOOP).ok
    numbers: Any = paid.values()
    return numbers


def is_sound(path: Path) -> None:
    """Every run in the file can be read, from its first macrostep to its last one."""
    with SqliteStore(path / ".wfnb" / "state.sqlite") as store:
        for number in range(1, store.last_run_no() + 1):
            run = store.run_by_no(number)
            assert run is not None
            assert len(list(film(store, run))) == run.seq


class Jumping(SystemClock):
    """Real time, and a jump now and then."""

    def __init__(self) -> None:
        self.off_us = 0

    def lease_us(self) -> int:
        """Now, as this clock sees it."""
        return super().lease_us() + self.off_us


@pytest.mark.parametrize("jumps", [(HOUR_US, -HOUR_US), (-HOUR_US, HOUR_US), (-HOUR_US, 0, HOUR_US, 0)])
def test_a_clock_that_jumps_by_an_hour(tmp_path: Path, jumps: tuple[int, ...]) -> None:
    clock = Jumping()
    with wfnb.open(tmp_path, clock=clock) as ws:

        def jump(number: int) -> None:
            clock.off_us = jumps[number % len(jumps)]

        paid = paying(ws, jump)
        run = ws.start("loop", {"items": list(range(STEPS))}).wait(60)
        assert run.status == "SUCCEEDED"
        assert sorted(paid) == list(range(STEPS))
        times = [step.started_at for step in run.steps()]
        assert times == sorted(times), "a run's time never goes back"
    is_sound(tmp_path)


@contextmanager
def disk_of(size_bytes: int) -> Iterator[None]:
    """No file of this process can grow beyond a size: what a full disk looks like to the store."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)


def test_a_disk_that_is_full_for_a_while(tmp_path: Path) -> None:
    with wfnb.open(tmp_path) as ws:
        paid = paying(ws)
        size = max(file.stat().st_size for file in (tmp_path / ".wfnb").iterdir())
        with disk_of(size + 200_000), pytest.raises(StoreError) as caught:
            fill(ws)
        assert caught.value.code in ("STORE_FULL", "STORE_ERROR"), caught.value
        runs = ws.runs(limit=500)
        for found in runs:
            persist(lambda found=found: ws.run(found.run).wait(60))
        assert {found.status for found in ws.runs(limit=500)} == {"SUCCEEDED"}
        assert len(paid) == runs.total * STEPS
    is_sound(tmp_path)


def fill(ws: wfnb.Workspace) -> None:
    """Run after run, far more than there is room for."""
    for number in range(50):
        ws.start("loop", {"items": list(range(STEPS))}, key=f"{number}").wait(60)


def persist(what: Callable[[], Any]) -> Any:
    """Try again until it works: there is room again."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return what()
        except StoreError:
            assert time.monotonic() < deadline


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError) as caught:
        wfnb.open(tmp_path / "file" / "inside")
    assert caught.value.code == "STORE_UNREACHABLE"


def test_a_file_that_cannot_be_written() -> None:
    """In a process without rights: whoever runs the tests may write everywhere."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with wfnb.open(folder) as ws:
            paying(ws)
            assert ws.start("loop", {"items": [1]}).wait(60).status == "SUCCEEDED"
        state = Path(folder) / ".wfnb"
        for file in state.iterdir():
            file.chmod(0o444)
        state.chmod(0o555)
        assert code_without_rights(folder) in ("STORE_READ_ONLY", "STORE_UNREACHABLE")
        state.chmod(0o755)
        is_sound(Path(folder))


def code_without_rights(folder: str) -> str:
    """Code of the error that a process without rights gets when it opens a workspace."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        told = b"none"
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            wfnb.open(folder).close()
        except BaseException as error:  # noqa: BLE001 - a fork must not go on as if it were its parent
            told = str(getattr(error, "code", error)).encode()
        os.write(writing, told)
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return pipe.read()


def test_a_store_that_is_deleted_while_it_is_used(tmp_path: Path) -> None:
    with wfnb.open(tmp_path) as ws:

        def delete(number: int) -> None:
            if number == STEPS // 2:
                for file in (tmp_path / ".wfnb").iterdir():
                    file.unlink()

        paid = paying(ws, delete)
        run = ws.start("loop", {"items": list(range(STEPS))})
        with pytest.raises(StoreLostError) as caught:
            run.wait(60)
        assert caught.value.code == "STORE_LOST"
        assert len(paid) == STEPS // 2 + 1, "nothing is done any more once nothing can be kept"
        with suppress(StoreError):
            ws.close()


DRIVE = """
import signal, sys, threading
from contextlib import ExitStack
from pathlib import Path
import wfnb
from wfnb.limits import LIMITS
from wfnb.store.sqlite import SqliteStore
object.__setattr__(LIMITS, "lease_ms", 300)
from proof.test_hostile import LOOP
from unit.machine.world import Anything
folder, ledger, count, fatal = sys.argv[1:]
(Path(folder) / ".wfnb").mkdir(exist_ok=True)
store = SqliteStore(Path(folder) / ".wfnb" / "state.sqlite")

def stop():
    with ExitStack() as turns:  # every connection of this process is at rest, and no new one is opened
        connections = store._connections
        turns.enter_context(connections._opening)
        for session in list(connections._sessions):
            turns.enter_context(session.lock)
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

with wfnb.open(folder, store=store) as ws:
    @ws.action("pay", side_effect=True, idempotency="engine")
    async def pay(data: Anything, ctx: wfnb.ActionContext) -> Anything:
        with open(ledger, "a") as file:
            file.write(ctx.idempotency_key + " ")
        if data.model_dump()["n"] == int(fatal):
            stop()
        return data
    ws.publish(LOOP)
    print(ws.start("loop", {"items": list(range(int(count)))}, key="once").wait(120).status)
"""


def test_a_process_that_is_stopped_for_longer_than_its_lease(tmp_path: Path) -> None:
    """Another one takes the run over; the first one wakes up, finds that out with its next commit, and writes nothing.

    It is stopped while none of its threads is in a transaction: else it would keep SQLite's lock, and others could only wait
    until it goes on or is ended. The action is on the engine's own thread; the locks of the connections hold back the others.
    """
    ledger, count = tmp_path / "ledger", 100
    with Processes() as processes:
        first = processes.python("-c", DRIVE, tmp_path, ledger, count, 20)
        _, status = os.waitpid(first.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), first.communicate()
        second = processes.python("-c", DRIVE, tmp_path, ledger, count, -1)
        taken_over = second.communicate(timeout=120)
        os.kill(first.pid, signal.SIGCONT)
        woken = first.communicate(timeout=120)
    assert (taken_over[0], woken[0]) == ("SUCCEEDED\n", "SUCCEEDED\n"), (taken_over[1], woken[1])
    keys = ledger.read_text().split()
    assert len(set(keys)) == count
    assert len(keys) == count + 1, "only the call that was under way was made again"
    is_sound(tmp_path)
    with wfnb.open(tmp_path) as ws:
        (run,) = ws.runs()
        assert sorted(call.instance for call in ws.run(run.run).invocations()) == sorted(
            f"root.steps[0].body{{{number}}}.steps[0]" for number in range(count)
        )
