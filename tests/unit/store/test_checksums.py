"""Files with checksums: begun so, kept so by everybody, and refused when a byte is not what was written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from processes import Processes
from unit.store.story import Story, version
from wfnb.errors import StoreError
from wfnb.store import checksums
from wfnb.store.sqlite import SqliteStore

RESERVED = 20  # where the header says how many bytes are kept free at the end of each page
MARK = "a text that stands in the file once"

LOOK = """
import sys
from wfnb.store.sqlite import SqliteStore
with SqliteStore(sys.argv[1]) as store:
    print(store._connections.reading().connection.pragma("checksum_verification"), store.last_run_no())
"""


@pytest.fixture
def summed(path: Path) -> Path:
    """A file with checksums that nobody has open."""
    with SqliteStore(path, checksums=True) as store:
        store.save_version(version())
        story = Story(store)
        story.commit(story.start(), story.pure(MARK))
    return path


def spoil(path: Path, at: int, bit: int = 1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= bit
    path.write_bytes(data)


def refused(path: Path) -> StoreError:
    with pytest.raises(StoreError) as caught, SqliteStore(path) as store:
        store.macrosteps(1, 0, 9)
    return caught.value


def test_a_changed_value_is_refused_and_not_told(summed: Path) -> None:
    spoil(summed, summed.read_bytes().index(MARK.encode()))
    error = refused(summed)
    assert (error.code, error.where) == ("STORE_DAMAGED", str(summed))
    assert error.hint is not None
    assert "checksum" in error.message


def test_without_checksums_a_changed_value_is_told(path: Path) -> None:
    """Which is why there are any."""
    with SqliteStore(path) as store:
        store.save_version(version())
        story = Story(store)
        story.commit(story.start(), story.pure(MARK))
    spoil(path, path.read_bytes().index(MARK.encode()))
    with SqliteStore(path) as store:
        assert len(store.macrosteps(1, 0, 9)) == 2


@pytest.mark.parametrize("bit", [1, 8, 128])
def test_a_header_that_denies_the_checksums_is_refused(summed: Path, bit: int) -> None:
    spoil(summed, RESERVED, bit)
    assert refused(summed).code == "STORE_DAMAGED"


def test_a_file_that_is_there_stays_as_it_is(path: Path, summed: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.sqlite"
    SqliteStore(plain).close()
    SqliteStore(plain, checksums=True).close()
    SqliteStore(summed).close()
    assert [plain.read_bytes()[RESERVED], summed.read_bytes()[RESERVED]] == [0, 8]


def test_a_process_that_knows_nothing_of_the_checksums_keeps_them(summed: Path) -> None:
    with Processes() as processes:
        assert processes.python("-c", LOOK, summed).communicate()[0].split() == ["1", "1"]


def test_several_can_begin_the_same_file_at_once(path: Path) -> None:
    def write(number: int) -> None:
        with SqliteStore(path, checksums=True) as store:
            if number == 0:
                store.save_version(version())

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(write, range(6)))
    with SqliteStore(path) as store:
        assert store.version("orders") == version()


def test_what_a_log_holds_after_a_crash_is_still_there(summed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    with SqliteStore(summed) as store:
        story = Story(store, "run-2")
        story.commit(story.start(), story.pure("y" * 9_000))
        for suffix in ("", "-wal"):
            Path(f"{copy}{suffix}").write_bytes(Path(f"{summed}{suffix}").read_bytes())
    with SqliteStore(copy) as store:
        run = store.run("run-2")
        assert run is not None
        assert run.seq == 2


def test_an_apsw_without_extensions_begins_no_file_with_checksums(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checksums, "_loaded", lambda: False)
    with pytest.raises(StoreError) as caught:
        SqliteStore(path, checksums=True)
    assert caught.value.code == "CHECKSUMS_MISSING"


def test_an_apsw_without_extensions_leaves_a_file_with_checksums_alone(
    summed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = summed.read_bytes()
    monkeypatch.setattr(checksums, "_loaded", lambda: False)
    # The shim is there once it was loaded; a process without it would find that its connections overlook the checksums.
    monkeypatch.setattr(checksums, "are_overlooked", lambda _connection: True)
    with pytest.raises(StoreError) as caught:
        SqliteStore(summed)
    assert caught.value.code == "CHECKSUMS_MISSING"
    assert summed.read_bytes() == before
