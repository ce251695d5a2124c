"""The projection: one file for many processes, never in anybody's way, and disposable."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from processes import Processes
from unit.history.chronicle import Chronicle
from unit.history.contents import contents
from wfnb.errors import QueryError
from wfnb.history import projection as module
from wfnb.history.history import History
from wfnb.history.projection import Projection
from wfnb.store.sqlite import SqliteStore

HOLDER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reader")
print("held", flush=True)
sys.stdin.read()
"""

ASKER = """
import sys
from wfnb.history.history import History
from wfnb.store.sqlite import SqliteStore
folder = sys.argv[1]
with SqliteStore(folder + "/state.sqlite") as store:
    history = History(store, folder)
    last = 0
    for _ in range(40):
        now = int(history.sql("SELECT count(*) AS n FROM steps")["n"][0])
        assert now >= last, (now, last)
        last = now
    print(history.refresh().place)
"""


@contextmanager
def held(path: Path, how: str = "writer") -> Iterator[None]:
    """Another process has the file open."""
    with Processes() as processes:
        process = processes.python("-c", HOLDER, path, how, stdin=subprocess.PIPE, stderr=None)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.0)


def test_the_file_is_readable_by_its_owner_alone(
    store: SqliteStore, history: History, tmp_path: Path
) -> None:
    history.refresh()
    assert (tmp_path / "history.duckdb").stat().st_mode & 0o777 == 0o600


def test_the_file_is_never_left_open(store: SqliteStore, history: History, tmp_path: Path) -> None:
    Chronicle(store, "r1")
    history.refresh()
    with held(tmp_path / "history.duckdb"):
        pass  # another process can take it at once


def test_progress_says_what_was_done(store: SqliteStore, history: History) -> None:
    Chronicle(store, "r1").step("a")
    first, second = history.refresh(), history.refresh()
    assert (first.rows, first.place, first.rebuilt) == (3, "file", True)
    assert (second.rows, second.place, second.rebuilt) == (0, "file", False)
    assert first.rev == second.rev > 0


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", ["writer", "reader"])
def test_a_file_in_use_elsewhere_is_answered_from_memory(
    store: SqliteStore, history: History, tmp_path: Path, how: str
) -> None:
    run = Chronicle(store, "r1")
    history.refresh()
    with held(tmp_path / "history.duckdb", how):
        run.step("a")
        assert history.refresh().place == "memory"
        run.step("b", 1)
        assert history.sql("SELECT step_id FROM steps ORDER BY seq")["step_id"].tolist() == ["a", "b"]
    assert history.refresh().place == "file"
    assert history.sql("SELECT count(*) AS n FROM steps")["n"][0] == 2


@pytest.mark.usefixtures("impatient")
def test_memory_catches_up_from_where_it_was(store: SqliteStore, history: History, tmp_path: Path) -> None:
    history.refresh()
    run = Chronicle(store, "r1")
    with held(tmp_path / "history.duckdb"):
        assert history.refresh().rebuilt
        run.step("a")
        progress = history.refresh()
    assert (progress.rebuilt, progress.rows) == (False, 2)


def test_a_reader_elsewhere_does_not_keep_others_from_reading(
    store: SqliteStore, history: History, tmp_path: Path
) -> None:
    history.refresh()
    with held(tmp_path / "history.duckdb", "reader"):
        assert history.refresh().place == "file"


def test_other_code_of_this_process_may_have_the_file_open(
    store: SqliteStore, history: History, tmp_path: Path, impatient: None
) -> None:
    Chronicle(store, "r1")
    history.refresh()
    with duckdb.connect(str(tmp_path / "history.duckdb")):
        assert history.sql("SELECT run_id FROM runs")["run_id"].tolist() == ["r1"]


def test_two_processes_that_ask_at_once_never_see_a_lock(store: SqliteStore, tmp_path: Path) -> None:
    run = Chronicle(store, "r1")
    index = 0
    with Processes() as processes:
        askers = [processes.python("-W", "error", "-c", ASKER, tmp_path) for _ in range(2)]
        while any(asker.poll() is None for asker in askers):
            run.step("a", index)
            index += 1
        for asker in askers:
            out, err = asker.communicate()
            assert (asker.returncode, out.strip() in ("file", "memory")) == (0, True), err
    assert contents(Projection(store, tmp_path / "history.duckdb")) == contents(Projection(store, None))


def test_threads_of_one_process_share_the_file(store: SqliteStore, tmp_path: Path) -> None:
    run = Chronicle(store, "r1")
    faults: list[BaseException] = []

    def ask() -> None:
        history = History(store, tmp_path)
        try:
            for _ in range(10):
                history.sql("SELECT count(*) FROM steps")
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test shows it
            faults.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for index in range(50):
        run.step("a", index)
    for thread in threads:
        thread.join()
    assert faults == []


def _damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    if how == "zeros":
        path.write_bytes(bytes(len(data)))
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("this is no database")
    elif how == "half":
        path.write_bytes(data[: len(data) // 2])
    elif how == "block":
        path.write_bytes(data[:12_288] + os.urandom(len(data) - 12_288))
    elif how == "foreign":
        path.unlink()
        with duckdb.connect(str(path)) as connection:
            connection.execute("CREATE TABLE something AS SELECT 1 AS n")
    elif how == "log":
        Path(f"{path}.wal").write_bytes(os.urandom(5_000))
    else:
        with duckdb.connect(str(path)) as connection:
            connection.execute("UPDATE base.meta SET fingerprint = 'older'")


@pytest.mark.parametrize(
    "how", ["zeros", "empty", "text", "half", "block", "foreign", "log", "older version"]
)
def test_a_file_that_cannot_be_used_is_built_again(
    store: SqliteStore, history: History, tmp_path: Path, how: str
) -> None:
    Chronicle(store, "r1").step("a")
    history.refresh()
    _damage(tmp_path / "history.duckdb", how)
    assert history.sql("SELECT step_id FROM steps")["step_id"].tolist() == ["a"]
    assert history.refresh() == module.Progress(0, history.refresh().rev, "file", rebuilt=False)


def test_a_file_damaged_where_only_the_question_reads_is_built_again(
    store: SqliteStore, history: History, tmp_path: Path
) -> None:
    run = Chronicle(store, "r1")
    for index in range(200):
        run.begin("a", index, input={"text": os.urandom(300).hex()})
        run.end(index, called=True, output={"text": os.urandom(300).hex()})
    history.refresh()
    path = tmp_path / "history.duckdb"
    data = bytearray(path.read_bytes())
    expected = history.sql("SELECT sum(length(input) + length(output)) AS n FROM invocations")["n"][0]
    for offset in range(12_388, len(data), 65_536):  # one bit at a time, all over the file
        damaged = bytearray(data)
        damaged[offset] ^= 1
        path.write_bytes(damaged)
        found = history.sql("SELECT sum(length(input) + length(output)) AS n FROM invocations")["n"][0]
        assert found == expected


def test_a_folder_that_cannot_be_written_is_answered_from_memory(store: SqliteStore, tmp_path: Path) -> None:
    Chronicle(store, "r1")
    history = History(store, tmp_path / "missing")
    assert history.refresh().place == "memory"
    assert history.sql("SELECT run_id FROM runs")["run_id"].tolist() == ["r1"]


def test_a_failure_of_duckdb_that_stays_is_a_typed_error(store: SqliteStore) -> None:
    def question(_: duckdb.DuckDBPyConnection) -> None:
        raise duckdb.InternalException("value 'geheim' went wrong")

    with pytest.raises(QueryError) as caught:
        Projection(store, None).ask(question)
    assert caught.value.code == "QUERY_FAILED"
    assert "geheim" not in str(caught.value)


def test_an_error_of_the_question_does_not_rebuild(store: SqliteStore, history: History) -> None:
    history.refresh()
    with pytest.raises(QueryError):
        history.sql("SELECT nothing FROM runs")
    assert not history.refresh().rebuilt


def test_a_closed_history_gives_its_memory_back_and_can_be_asked_again(store: SqliteStore) -> None:
    history = History(store)
    history.refresh()
    history.close()
    assert history.refresh().rebuilt
