"""The log is turned on although somebody is in the way just then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from wfnb.store import write_ahead


@pytest.fixture
def reader(path: Path) -> Iterator[apsw.Connection]:
    """Somebody who is reading in a file without a log."""
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE anything (id); BEGIN; SELECT * FROM anything")
    yield connection
    connection.close()


def test_who_is_given_up_tries_again(path: Path, reader: apsw.Connection) -> None:
    connection = apsw.Connection(str(path))

    def give_up(_times: int) -> bool:
        reader.execute("COMMIT")
        return False

    connection.set_busy_handler(give_up)
    write_ahead.turn_on(connection)
    assert connection.pragma("journal_mode") == "wal"
    connection.close()


def test_patience_ends(path: Path, reader: apsw.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_ahead, "_PATIENCE_S", 0.0)
    connection = apsw.Connection(str(path))
    with pytest.raises(apsw.BusyError):
        write_ahead.turn_on(connection)
    connection.close()
