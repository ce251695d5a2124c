"""Kill processes that commit to a store, at random moments, and look each time whether all that was acknowledged is there.

Run as ``python -m crash.store_killer KILLS SEED STORE`` in the folder of the tests; STORE is a path or a PostgreSQL address.
Prints one JSON object. A process of its own, because it forks: every victim is a fork that has wfnb imported already.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time

import apsw

from crash import fleet
from unit.store.story import Story, version
from wfnb.store.port import Store, film, state_at
from wfnb.store.postgres import PostgresStore
from wfnb.store.sqlite import SqliteStore

LATEST_S = 0.1  # some dozens of commits
FIRST = b"1\n"


def is_server(place: str) -> bool:
    """Whether the store is on a PostgreSQL server."""
    return place.startswith("postgresql:")


def opened(place: str) -> Store:
    """The store."""
    return PostgresStore(place) if is_server(place) else SqliteStore(place)


def commit_for_ever(place: str, name: str, wire: int) -> None:
    """Go on with a run, and note each commit only after the store has acknowledged it."""
    story = Story(opened(place), name)
    story.commit(story.start())
    os.write(wire, FIRST)
    while True:
        seq = story.row.seq
        instance = f"root.steps[{seq}]"
        if seq % 3 == 0:
            story.commit(story.call(f"{name}-{seq}", instance), story.answer("x" * 300, instance))
        else:
            story.commit(story.pure(seq, instance))
        os.write(wire, b"%d\n" % story.row.seq)


def kill_one(place: str, name: str, after_s: float) -> int:
    """Kill a process some time after its first commit; the last macrostep that it was told is safe."""
    reading, writing = os.pipe()
    pid = fleet.fork(lambda: commit_for_ever(place, name, writing))
    os.close(writing)
    with os.fdopen(reading, "rb") as wire:
        assert wire.readline() == FIRST, "the victim's traceback is above"
        time.sleep(after_s)
        assert fleet.end(pid, signal.SIGKILL) == -signal.SIGKILL
        whole = (FIRST + wire.read()).rpartition(b"\n")[0]  # a line that the kill cut off was not finished
    return int(whole.split(b"\n")[-1])


def examine(store: Store, name: str, acknowledged: int) -> None:
    """The run is there as far as it was acknowledged, whole, and others can go on with it at once."""
    run = store.run(name)
    assert run is not None
    # Of the last commit nobody may have heard, and a server may still be at work on it: it counts two macrosteps at most.
    assert acknowledged <= run.seq <= acknowledged + 2, (acknowledged, run.seq)
    run = store.claim_run(run.run_no, "heir", 1, 2)
    assert run is not None
    assert [row.seq for row in store.macrosteps(run.run_no, 0, run.seq + 9)] == list(range(1, run.seq + 1))
    assert len(list(film(store, run))) == run.seq
    assert state_at(store, run).status == run.status
    ended = sum(step.status == "SUCCEEDED" for step in store.steps(run.run_no))
    assert ended == run.seq - 1 - len(store.invocations(run.run_no))
    story = Story(store, f"after-{name}")
    story.commit(story.start(), story.succeed())


def integrity(path: str) -> str:
    """What SQLite finds out about the whole file, foreign keys included."""
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        assert list(connection.execute("PRAGMA foreign_key_check")) == []
        return str(connection.execute("PRAGMA integrity_check").get)
    finally:
        connection.close()


def main(kills: int, seed: int, place: str) -> dict[str, object]:
    """Kill and look, as often as asked."""
    chance = random.Random(seed)
    with opened(place) as store:
        store.save_version(version())
    total = 0
    for number in range(kills):
        acknowledged = kill_one(place, f"run-{number}", chance.uniform(0.0, LATEST_S))
        with opened(place) as store:
            examine(store, f"run-{number}", acknowledged)
        total += acknowledged
    found = "ok" if is_server(place) else integrity(place)
    return {"kills": kills, "acknowledged": total, "integrity": found}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])))
