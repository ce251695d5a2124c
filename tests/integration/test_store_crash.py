"""What a store has acknowledged is still there after its process was killed in the middle of something."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from unit.store.story import Story, version
from wfnb.store.port import film, state_at
from wfnb.store.sqlite import SqliteStore

TESTS = Path(__file__).parents[1]
KILLS = int(os.environ.get("WFNB_KILLS", "50"))

# Goes on with the run, and notes each commit in a ledger only after the store has acknowledged it.
COMMIT = """
import os, sys
from unit.store.story import Story
from wfnb.store.sqlite import SqliteStore
path, name = sys.argv[1:]
store = SqliteStore(path)
story = Story(store, name)
story.commit(story.start())
os.write(1, b"1\\n")
while True:
    seq = story.row.seq
    if seq % 3 == 0:
        story.commit(story.call(f"{name}-{seq}", f"root.steps[{seq}]"), story.answer("x" * 300, f"root.steps[{seq}]"))
    else:
        story.commit(story.pure(seq, f"root.steps[{seq}]"))
    os.write(1, b"%d\\n" % story.row.seq)
"""


@pytest.mark.crash
@pytest.mark.timeout(900)
def test_acknowledged_commits_survive_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    chance = random.Random(7)
    with SqliteStore(path) as store:
        store.save_version(version())
    total = 0
    for number in range(KILLS):
        acknowledged = kill_one(path, f"run-{number}", chance.uniform(0.0, 0.25))
        total += acknowledged
        with SqliteStore(path) as store:
            run = store.run(f"run-{number}")
            assert run is not None
            # Of the last one it may be that nobody heard: it counts two macrosteps at most.
            assert acknowledged <= run.seq <= acknowledged + 2
            assert [row.seq for row in store.macrosteps(run.run_no, 0, run.seq + 9)] == list(
                range(1, run.seq + 1)
            )
            assert len(list(film(store, run))) == run.seq
            assert state_at(store, run).status == run.status
            ended = sum(step.status == "SUCCEEDED" for step in store.steps(run.run_no))
            assert ended == run.seq - 1 - len(store.invocations(run.run_no))
            story = Story(store, f"after-{number}")
            story.commit(story.start(), story.succeed())
    assert total > KILLS
    assert integrity(path) == "ok"


def kill_one(path: Path, name: str, after_s: float) -> int:
    """Kill a process some time after its first commit; the last macrostep that it was told is safe."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMIT, path, name], cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first == b"1\n", process.communicate()[1].decode()
    time.sleep(after_s)
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL
    whole = (first + rest).rpartition(b"\n")[0]  # a line that the kill cut off was not finished
    return int(whole.split(b"\n")[-1])


def integrity(path: Path) -> str:
    """What SQLite finds out about the whole file, foreign keys included."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        assert list(connection.execute("PRAGMA foreign_key_check")) == []
        return str(connection.execute("PRAGMA integrity_check").get)
    finally:
        connection.close()
