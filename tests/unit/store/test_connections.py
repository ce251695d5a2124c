"""Connections: private files, one for each thread, and a guard that notices when the file under them was lost."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from unit.store.story import Story, version
from wfnb.errors import StoreError, StoreLostError, WfnbError
from wfnb.store.connections import Connections
from wfnb.store.sqlite import SqliteStore


def test_only_the_owner_can_read_the_files(path: Path) -> None:
    with SqliteStore(path):
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == {"state.sqlite": 0o600, "state.sqlite-wal": 0o600, "state.sqlite-shm": 0o600}


def test_a_file_that_is_there_keeps_its_mode(path: Path) -> None:
    path.touch(0o640)
    with SqliteStore(path):
        assert path.stat().st_mode & 0o777 == 0o640


def test_every_commit_is_synced_and_foreign_keys_hold(file_store: SqliteStore) -> None:
    with file_store._connections.reading() as db:
        assert db.pragma("synchronous") == 2
        assert db.pragma("foreign_keys") == 1
        assert db.pragma("journal_mode") == "wal"


def test_a_thread_keeps_its_connection_and_takes_it_away_when_it_ends(path: Path) -> None:
    SqliteStore(path).close()
    connections = Connections(path)

    def mine() -> apsw.Connection:
        with connections.reading() as db:
            return db

    def there() -> None:
        seen.append((mine() is mine(), mine() is first))

    seen: list[tuple[bool, bool]] = []
    first = mine()
    thread = threading.Thread(target=there)
    thread.start()
    thread.join()
    assert seen == [(True, False)]
    gc.collect()
    assert len(connections._sessions) == 1
    connections.close()


def test_close_waits_for_what_another_thread_is_doing(path: Path) -> None:
    SqliteStore(path).close()
    connections = Connections(path)
    inside, let_go = threading.Event(), threading.Event()
    done: list[int] = []

    def work() -> None:
        with connections.writing() as db:
            inside.set()
            let_go.wait()
            done.append(db.execute("SELECT 7").get)

    worker = threading.Thread(target=work)
    worker.start()
    inside.wait()
    closer = threading.Thread(target=connections.close)
    closer.start()
    let_go.set()
    worker.join()
    closer.join()
    assert done == [7]
    with pytest.raises(StoreError) as caught, connections.reading():
        pass
    assert caught.value.code == "STORE_CLOSED"


def test_what_fails_half_way_is_undone(file_store: SqliteStore) -> None:
    def stumble() -> None:
        with file_store._connections.writing() as db:
            db.execute("UPDATE revision SET rev = 99")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    assert file_store.changes(0, 10).rev == 0
    file_store.save_version(version(2))


def test_a_snapshot_sees_one_moment(file_store: SqliteStore, path: Path) -> None:
    other = SqliteStore(path)
    with file_store._connections.snapshot() as db:
        before = db.execute("SELECT count(*) FROM versions").get
        other.save_version(version(2))
        assert db.execute("SELECT count(*) FROM versions").get == before
    assert len(file_store.versions()) == before + 1
    other.close()


def test_a_fork_must_open_the_store_again(file_store: SqliteStore) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answer = "nothing"
        try:
            file_store.last_run_no()
        except WfnbError as error:
            answer = error.code
        os.write(writer, answer.encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 100) == b"STORE_FORKED"
    os.close(reader)
    os.close(writer)
    file_store.save_version(version(2))


# --- the guard

VISIT = """
import sys
from unit.store.story import Story
from wfnb.store.sqlite import SqliteStore
with SqliteStore(sys.argv[1]) as store:
    for number in range(int(sys.argv[2])):
        story = Story(store, f"visit-{number}")
        story.commit(story.start(), story.pure("y" * 9_000))
"""


def visit(path: Path, *, write: bool = False) -> None:
    """Another process opens the store, perhaps writes, and closes it."""
    command = [sys.executable, "-c", VISIT, path, "8" if write else "0"]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])


def drop_with_sqlite3(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("SELECT count(*) FROM runs").fetchone()
    connection.close()


def drop_with_open(path: Path) -> None:
    path.open("rb").close()
    Path(f"{path}-shm").open("rb").close()


@pytest.mark.parametrize("drop", [drop_with_sqlite3, drop_with_open])
def test_a_store_that_lost_its_locks_stops(
    file_store: SqliteStore, path: Path, drop: Callable[[Path], None]
) -> None:
    story = Story(file_store)
    story.commit(story.start())
    drop(path)
    visit(path)
    with pytest.raises(StoreLostError):
        story.commit(story.pure())
    for call in (lambda: story.commit(story.pure()), file_store.open_runs):
        with pytest.raises(StoreLostError):
            call()
    file_store.close()
    with SqliteStore(path) as again:
        assert again.steps(1) == []
        run = again.run("run-1")
        assert run is not None
        assert run.seq == 1


def test_a_commit_into_a_log_that_is_lost_meanwhile_is_not_acknowledged(
    file_store: SqliteStore, path: Path
) -> None:
    def commit() -> None:
        with file_store._connections.writing() as db:
            db.execute("UPDATE revision SET rev = rev + 1")
            drop_with_open(path)
            visit(path)

    with pytest.raises(StoreLostError):
        commit()


def test_what_went_into_a_lost_log_is_never_copied_into_the_file(
    file_store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(file_store)
    story.commit(story.start())
    drop_with_open(path)
    visit(path)
    with monkeypatch.context() as blind:  # as if the log were lost between the look and the commit
        inodes = file_store._connections._inodes
        blind.setattr(Connections, "_look", lambda _: inodes)
        story.commit(story.pure("x" * 20_000))
    visit(path, write=True)
    file_store.close()
    with SqliteStore(path) as again:
        assert again.last_run_no() == 9
        assert again.steps(1) == []
        with again._connections.reading() as db:
            assert db.pragma("integrity_check") == "ok"


def test_a_long_log_is_copied_into_the_file_and_starts_again(file_store: SqliteStore, path: Path) -> None:
    story = Story(file_store)
    story.commit(story.start())
    for number in range(20):
        story.commit(story.pure("x" * 1_000_000, f"root.steps[{number}]"))
    assert Path(f"{path}-wal").stat().st_size < 10_000_000
    assert path.stat().st_size > 15_000_000


def test_a_closed_store_leaves_one_file(path: Path) -> None:
    with SqliteStore(path) as store:
        store.save_version(version())
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_other_processes_come_and_go_without_harm(file_store: SqliteStore, path: Path) -> None:
    story = Story(file_store)
    story.commit(story.start())
    visit(path)
    story.commit(story.pure())
    assert len(file_store.steps(1)) == 1


def test_a_file_that_was_replaced_is_noticed(file_store: SqliteStore, path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path / "copy")
    (tmp_path / "copy").replace(path)
    with pytest.raises(StoreLostError):
        file_store.save_version(version(2))


def test_files_that_were_deleted_are_noticed(file_store: SqliteStore, path: Path) -> None:
    for file in path.parent.iterdir():
        file.unlink()
    with pytest.raises(StoreLostError) as caught:
        file_store.save_version(version(2))
    assert caught.value.code == "STORE_LOST"
