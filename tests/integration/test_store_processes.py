"""Several processes on one state file: runs are claimed once, and readers miss nothing and see nothing twice."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from processes import Processes
from unit.store.story import START_US, Story, new_run, version
from wfnb.store.sqlite import SqliteStore

CLAIM = """
import json, sys
from wfnb.store.sqlite import SqliteStore
path, owner = sys.argv[1:]
with SqliteStore(path) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    runs = [run.run_no for run in store.open_runs()]
    mine = [no for no in runs if store.claim_run(no, owner, 1_000, 2_000)]
print(json.dumps(mine))
"""

WRITE = """
import sys
from processes import Processes
from unit.store.story import Story
from wfnb.store.sqlite import SqliteStore
path, name, count = sys.argv[1:]
with SqliteStore(path) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    story = Story(store, name)
    story.commit(story.start())
    for n in range(int(count)):
        story.commit(story.call(f"{name}-{n}", f"root.steps[{n}]"))
        story.commit(story.answer(n, f"root.steps[{n}]"))
    story.commit(story.succeed())
"""


def begin(processes: Processes, script: str, *words: object) -> subprocess.Popen[str]:
    """A process that has opened the store and waits to be let go."""
    process = processes.python("-c", script, *words, stdin=subprocess.PIPE, stderr=None, bufsize=1)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.mark.behaviour(87)
@pytest.mark.defect("D-10")
def test_eight_processes_claim_each_run_once(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with Processes() as processes, SqliteStore(path) as store:
        store.save_version(version())
        for number in range(200):
            store.create_run(new_run(f"run-{number}"))
        workers = [begin(processes, CLAIM, path, f"owner-{number}") for number in range(8)]
        for worker in workers:
            let_go(worker)
        claimed = [json.loads(worker.communicate()[0]) for worker in workers]
        assert [worker.returncode for worker in workers] == [0] * 8
        assert Counter(no for mine in claimed for no in mine) == Counter(range(1, 201))
        assert {run.epoch for run in store.open_runs()} == {1}
        for number, mine in enumerate(claimed):
            assert store.renew_leases(f"owner-{number}", 3_000) == len(mine)


def test_a_reader_that_follows_writers_ends_with_exactly_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with Processes() as processes, SqliteStore(path) as store:
        store.save_version(version())
        writers = [begin(processes, WRITE, path, f"writer-{number}", 40) for number in range(3)]
        for writer in writers:
            let_go(writer)
        kept: dict[tuple[str, object], object] = {}
        mark, revisions, done = 0, [], False
        while not done:
            done = all(writer.poll() is not None for writer in writers)
            while (changes := store.changes(mark, 17)).rev > mark:
                keep(kept, changes)
                mark = changes.rev
                revisions.append(mark)
        for writer in writers:
            writer.communicate()
        assert [writer.returncode for writer in writers] == [0, 0, 0]
        whole: dict[tuple[str, object], object] = {}
        keep(whole, store.changes(0, 1_000_000))
        assert kept == whole
        assert Counter(kind for kind, _ in whole) == {
            "runs": 3,
            "steps": 120,
            "invocations": 120,
            "events": 6,
        }
        assert len(revisions) > 10


def keep(kept: dict[tuple[str, object], object], changes: object) -> None:
    """Put changed rows in the place of what they were, as the history does."""
    numbers = {
        "runs": lambda row: row.run_no,
        "steps": lambda row: (row.run_no, row.seq),
        "invocations": lambda row: row.invocation_no,
        "waits": lambda row: row.wait_no,
        "events": lambda row: row.event_no,
    }
    for kind, number in numbers.items():
        for row in getattr(changes, kind):
            kept[kind, number(row)] = row


def test_a_commit_waits_for_the_one_of_another_process(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with Processes() as processes, SqliteStore(path) as store:
        store.save_version(version())
        writer = begin(processes, WRITE, path, "other", 20)
        let_go(writer)
        story = Story(store)
        story.commit(story.start())
        for n in range(20):
            story.commit(story.pure(n, f"root.steps[{n}]"))
        writer.communicate()
        assert writer.returncode == 0
        assert [run.seq for run in (store.run("other"), store.run("run-1")) if run] == [42, 21]
        assert all(row.started_us >= START_US for row in store.steps(1))
