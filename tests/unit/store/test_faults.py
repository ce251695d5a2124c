"""What goes wrong with a file comes out as typed errors that name it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from unit.store.story import Story, new_run, version
from wfnb.errors import StoreError, ValidationError
from wfnb.store import sessions
from wfnb.store.faults import translated
from wfnb.store.port import state_at
from wfnb.store.sqlite import SqliteStore


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (apsw.BusyError("locked"), "STORE_BUSY"),
        (apsw.FullError("full"), "STORE_FULL"),
        (apsw.ReadOnlyError("read only"), "STORE_READ_ONLY"),
        (apsw.CantOpenError("cannot open"), "STORE_UNREACHABLE"),
        (apsw.NotADBError("not a database"), "STORE_FOREIGN"),
        (apsw.CorruptError("malformed"), "STORE_DAMAGED"),
        (apsw.ConstraintError("UNIQUE"), "STORE_REFUSED"),
        (apsw.IOError("disk I/O error"), "STORE_ERROR"),
    ],
)
def test_every_fault_of_the_driver_has_a_code(error: apsw.Error, code: str) -> None:
    with pytest.raises(StoreError) as caught, translated("state.sqlite"):
        raise error
    assert (caught.value.code, caught.value.where) == (code, "state.sqlite")
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("column", ["tree", "writes"])
@pytest.mark.parametrize("spoiled", ["'{'", "cast(x'7bff7d' as text)"])
def test_a_text_that_cannot_be_read_is_damage(tmp_path: Path, column: str, spoiled: str) -> None:
    path = tmp_path / "state.sqlite"
    fill(path)
    table = {"tree": "checkpoints", "writes": "macrosteps"}[column]
    connection = apsw.Connection(str(path))
    connection.execute(f"UPDATE {table} SET {column} = {spoiled}")
    connection.close()
    with SqliteStore(path) as store:
        run = store.run_by_no(1)
        assert run is not None
        with pytest.raises(StoreError) as caught:
            state_at(store, run)
    assert caught.value.code == "STORE_DAMAGED"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        SqliteStore(tmp_path / "no" / "state.sqlite")
    assert caught.value.code == "STORE_UNREACHABLE"
    assert not (tmp_path / "no").exists()


def test_a_path_that_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        SqliteStore(tmp_path)
    assert caught.value.code == "STORE_UNREACHABLE"


OPEN = """
import os, sys
from wfnb.errors import StoreError
from wfnb.store.sqlite import SqliteStore
if os.geteuid() == 0:
    os.setuid(65534)
try:
    SqliteStore(sys.argv[1])
except StoreError as error:
    print(error.code)
"""


@pytest.mark.parametrize(("there", "code"), [(True, "STORE_READ_ONLY"), (False, "STORE_UNREACHABLE")])
def test_a_folder_that_may_not_be_written(path: Path, there: bool, code: str) -> None:
    if there:
        SqliteStore(path).close()
        path.chmod(0o444)
    path.parent.chmod(0o555)
    for folder in path.parents[1:]:
        if os.geteuid() == 0 and folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(0o755)  # the other user must be able to come here
    try:
        asked = subprocess.run([sys.executable, "-c", OPEN, path], capture_output=True, text=True, check=True)
    finally:
        path.parent.chmod(0o755)
    assert asked.stdout.strip() == code


def test_a_full_disk_changes_nothing_and_can_be_gone_on_from(file_store: SqliteStore) -> None:
    story = Story(file_store)
    story.commit(story.start())
    with file_store._connections.reading() as db:
        pages = db.pragma("page_count")
        db.pragma("max_page_count", pages)
    plan = story.plan(story.pure("x" * 100_000))
    with pytest.raises(StoreError) as caught:
        file_store.commit(plan)
    assert caught.value.code == "STORE_FULL"
    assert file_store.steps(1) == []
    with file_store._connections.reading() as db:
        db.pragma("max_page_count", pages + 1000)
    file_store.commit(plan)
    assert len(file_store.steps(1)) == 1


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_a_file_that_was_cut_off(path: Path, keep: float) -> None:
    fill(path)
    os.truncate(path, int(path.stat().st_size * keep) // 4096 * 4096)
    assert codes_of_use(path) <= {"STORE_DAMAGED", "STORE_FOREIGN"}
    assert codes_of_use(path)


def test_a_file_with_pages_that_were_overwritten(path: Path) -> None:
    fill(path)
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\xa5" * (len(content) - 4096 * 2)
    path.write_bytes(content)
    assert codes_of_use(path) == {"STORE_DAMAGED"}


def test_a_file_whose_header_was_overwritten(path: Path) -> None:
    fill(path)
    content = bytearray(path.read_bytes())
    content[:100] = b"\xa5" * 100
    path.write_bytes(content)
    assert codes_of_use(path) == {"STORE_FOREIGN"}


def test_a_stored_text_that_is_not_json(file_store: SqliteStore) -> None:
    story = Story(file_store)
    story.commit(story.start())
    with file_store._connections.writing() as db:
        db.execute("UPDATE macrosteps SET writes = '[[['")
        db.execute("UPDATE events SET data = '{'")
    for read in (lambda: file_store.macrosteps(1, 0, 9), lambda: file_store.events(1)):
        with pytest.raises(StoreError) as caught:
            read()
        assert caught.value.code == "STORE_DAMAGED"


def test_a_file_that_stays_locked(
    file_store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_BUSY_MS", 20)
    with SqliteStore(path) as other, file_store._connections.writing():
        with pytest.raises(StoreError) as caught:
            other.save_version(version(2))
        assert caught.value.code == "STORE_BUSY"
        assert other.version("orders") == version()


def test_texts_and_numbers_that_no_file_holds(file_store: SqliteStore) -> None:
    for run in (new_run(key="\ud800"), new_run(started_us=2**63)):
        with pytest.raises(ValidationError) as caught:
            file_store.create_run(run)
        assert caught.value.code == "NOT_JSON"


def fill(path: Path) -> None:
    """A store with enough in it to be damaged."""
    with SqliteStore(path) as store:
        store.save_version(version())
        for number in range(20):
            story = Story(store, f"run-{number}")
            story.commit(story.start(), story.call(key=story.row.run_id))
            story.commit(story.answer("x" * 1000), story.succeed())


def codes_of_use(path: Path) -> set[str]:
    """Codes of the errors that using a damaged file gives; every other kind of error is a failure of the test."""
    codes = set()
    try:
        store = SqliteStore(path)
    except StoreError as error:
        return {error.code}
    for use in (
        lambda: store.changes(0, 10_000),
        lambda: store.macrosteps(20, 0, 9),
        lambda: store.create_run(new_run("new")),
        store.open_runs,
    ):
        try:
            use()
        except StoreError as error:
            codes.add(error.code)
    store.close()
    return codes
