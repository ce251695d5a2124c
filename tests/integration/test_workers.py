"""A kernel that only starts, and workers that are processes of their own, on one file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import wfnb
from processes import Processes

PATIENCE_S = 60
SHOP = """
import time
from pathlib import Path
from pydantic import BaseModel

class Order(BaseModel):
    folder: str

def connect(ws):
    @ws.action("serve")
    def serve(data: Order) -> Order:
        folder = Path(data.folder)
        (folder / "begun").touch()
        while not (folder / "door").exists():
            time.sleep(0.01)
        return data

    mapping = {"folder": {"$expr": "payload.folder"}}
    steps = [
        {"id": name, "type": "action.call", "config": {"actionId": "serve", "version": 1, "inputMapping": mapping}}
        for name in ("first", "second")
    ]
    assert ws.publish({"id": "shop", "name": "Shop", "steps": steps}).ok
"""
PLANTED = ("json.py", "sitecustomize.py", "typer.py", "shop.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "shop.py").write_text(SHOP)
    (tmp_path / "here").mkdir()
    return tmp_path


@pytest.fixture
def processes() -> Iterator[Processes]:
    with Processes() as started:
        yield started


def worker(processes: Processes, folder: Path, *words: str) -> subprocess.Popen[str]:
    """A worker that has said that it is running."""
    command = ["-m", "wfnb", "worker", folder, "--app", "shop:connect", "--app-dir", folder / "apps"]
    process = processes.python(
        *command, "--poll", "20", *words, cwd=folder / "here", stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    said = ""
    while ": running" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return process


def kernel(folder: Path) -> wfnb.Workspace:
    """A workspace that leaves the driving to workers."""
    scope: dict[str, object] = {}
    exec(compile(SHOP, "shop.py", "exec"), scope)  # noqa: S102 - our own text, above
    ws = wfnb.open(folder, drive=False)
    scope["connect"](ws)  # type: ignore[operator]  # what exec has defined has no type
    return ws


def await_file(path: Path, process: subprocess.Popen[str]) -> None:
    while not path.exists():
        assert process.poll() is None


@pytest.mark.timeout(180)
def test_a_worker_drives_what_a_kernel_starts_and_ends_in_good_order(
    folder: Path, processes: Processes
) -> None:
    process = worker(processes, folder, "--name", "ann", "--concurrency", "2")
    with kernel(folder) as ws:
        run = ws.start("shop", {"folder": str(folder)})
        await_file(folder / "begun", process)
        (seen,) = ws.workers()
        assert (seen.pid, seen.state, seen.capacity) == (process.pid, "running", 2)
        assert seen.worker.startswith("ann-")
        assert run.row.owner is not None
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert "stopping, 1 runs under way" in process.stdout.readline()
        (folder / "door").touch()
        said, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, said
        assert said.splitlines()[-1].endswith("stopped, 0 runs ended here")
        assert ([step.status for step in run.steps()], run.row.owner) == (["SUCCEEDED"], None)
        other = worker(processes, folder)
        assert run.wait(PATIENCE_S).status == "SUCCEEDED"
        assert [call.attempt for call in run.invocations()] == [1, 1]
        other.terminate()
        said, _ = other.communicate(timeout=PATIENCE_S)
        assert (other.returncode, said.splitlines()[-1].partition(", ")[2]) == (0, "1 runs ended here")
        assert [row.state for row in ws.workers()] == ["stopped", "stopped"]


@pytest.mark.timeout(180)
def test_a_second_signal_ends_a_worker_at_once_and_another_one_goes_on(
    folder: Path, processes: Processes
) -> None:
    process = worker(processes, folder)
    with kernel(folder) as ws:
        run = ws.start("shop", {"folder": str(folder)})
        await_file(folder / "begun", process)
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert "stopping" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 128 + signal.SIGINT
        process.stdout.close()
        (folder / "door").touch()
        other = worker(processes, folder)
        assert run.wait(PATIENCE_S).status == "SUCCEEDED"
        assert [call.attempt for call in run.invocations()] == [2, 1]
        other.terminate()
        other.communicate(timeout=PATIENCE_S)


@pytest.mark.timeout(180)
def test_a_step_that_outlasts_the_stop_does_not_keep_the_process(folder: Path, processes: Processes) -> None:
    process = worker(processes, folder, "--stop-within", "0")
    with kernel(folder) as ws:
        run = ws.start("shop", {"folder": str(folder)})
        await_file(folder / "begun", process)
        process.terminate()
        said, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        assert "1 left in the middle of a step" in said
        assert (run.status, run.row.owner) == ("RUNNING", None)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("way", [["-m", "wfnb"], ["-I", "-m", "wfnb"]])
def test_nothing_that_lies_in_the_current_folder_is_imported(folder: Path, way: list[str]) -> None:
    for name in PLANTED:
        (folder / "here" / name).write_text(
            "import pathlib; pathlib.Path(__file__).with_suffix('.ran').touch()\n"
        )
    command = [sys.executable, *way, "worker", str(folder), "--app", "shop:connect"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder / "here", capture_output=True, text=True, check=False, timeout=PATIENCE_S, env=env
    )
    assert (done.returncode, "NO_SUCH_APP" in done.stderr) == (1, True), done.stderr
    assert sorted(path.name for path in (folder / "here").glob("*.ran")) == []
