"""Opening a file: made when it is empty, brought up to date when it is old, and left alone when it is something else."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from unit.store.story import Story, version
from wfnb.errors import StoreError
from wfnb.store import schema
from wfnb.store.schema import check_library
from wfnb.store.sqlite import SqliteStore
from wfnb.store.statements import migrations


def header(path: Path) -> tuple[int, int]:
    """Application id and schema version of a file that nobody has open."""
    connection = sqlite3.connect(path)
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (number,) = connection.execute("PRAGMA user_version").fetchone()
    finally:
        connection.close()
    return application, number


def test_a_new_file_has_the_newest_schema(path: Path) -> None:
    SqliteStore(path).close()
    assert header(path) == (0x77666E62, len(migrations()))


def test_a_file_that_is_there_is_opened_with_what_it_holds(path: Path) -> None:
    with SqliteStore(path) as store:
        store.save_version(version())
        story = Story(store)
        story.commit(story.start(), story.call())
        before = store.changes(0, 1000)
    with SqliteStore(path) as store:
        assert store.changes(0, 1000) == before


def test_an_old_file_is_brought_up_to_date(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SqliteStore(path) as store:
        store.save_version(version())
    newer = [*migrations(), "CREATE TABLE later (id INTEGER PRIMARY KEY); INSERT INTO later VALUES (7);"]
    monkeypatch.setattr(schema, "migrations", lambda: newer)
    for _ in range(2):
        with SqliteStore(path) as store:
            assert store.version("orders") == version()
    assert header(path) == (0x77666E62, len(newer))


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SqliteStore(path).close()
    before = header(path)
    broken = [*migrations(), "CREATE TABLE later (id INTEGER PRIMARY KEY); SELECT nothing;"]
    with monkeypatch.context() as patched:
        patched.setattr(schema, "migrations", lambda: broken)
        with pytest.raises(StoreError):
            SqliteStore(path)
    assert header(path) == before
    SqliteStore(path).close()


def test_a_file_of_a_newer_wfnb_is_refused(path: Path) -> None:
    SqliteStore(path).close()
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", len(migrations()) + 1)
    connection.close()
    with pytest.raises(StoreError) as caught:
        SqliteStore(path)
    assert caught.value.code == "STORE_TOO_NEW"


def test_a_database_of_something_else_is_left_as_it_was(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes (text)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        SqliteStore(path)
    assert caught.value.code == "STORE_FOREIGN"
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_as_it_was(path: Path) -> None:
    text = "Dear diary, " * 400
    path.write_text(text)
    with pytest.raises(StoreError) as caught:
        SqliteStore(path)
    assert caught.value.code == "STORE_FOREIGN"
    assert path.read_text() == text


def test_several_can_make_the_same_file_at_once(path: Path) -> None:
    def visit(number: int) -> None:
        with SqliteStore(path) as store:
            store.save_version(version(number + 1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(visit, range(8)))
    with SqliteStore(path) as store:
        assert len(store.versions()) == 8


@pytest.mark.parametrize("text", ["3.51.3", "3.51.10", "3.52.0", "4.0.0"])
def test_a_library_that_is_new_enough_is_taken(text: str) -> None:
    check_library(text)


@pytest.mark.parametrize("text", ["3.51.2", "3.40.1", "2.9.9"])
def test_a_library_that_can_damage_files_is_refused(text: str) -> None:
    with pytest.raises(StoreError) as caught:
        check_library(text)
    assert caught.value.code == "SQLITE_TOO_OLD"


def test_the_library_is_checked_when_a_store_is_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.40.1")
    with pytest.raises(StoreError):
        SqliteStore(path)
    assert not path.exists()
