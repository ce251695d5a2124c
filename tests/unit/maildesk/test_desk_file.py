"""The desk's file: errors get types, processes share it, and a transaction is all or nothing."""

from __future__ import annotations

import sqlite3

import pytest

from processes import Processes
from wfnb.errors import ActionError, TransientError
from wfnb.maildesk import desk_file
from wfnb.maildesk.desk_file import DeskFile

OPEN_AND_WRITE = """
import sys
from wfnb.maildesk.demo import open_desk
from wfnb.maildesk.action_models import TicketInput
desk = open_desk(sys.argv[1])
for n in range(10):
    data = TicketInput(title="x", description="", email_metadata={"id": f"{n}@example.com"})
    desk.create_ticket(data, key=f"shared-{n}", now="2026-11-06T12:00:00.000Z")
"""


def test_a_busy_file_is_worth_another_try(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(desk_file, "_BUSY_MS", 10)
    file = DeskFile(tmp_path / "desk.sqlite")
    other = sqlite3.connect(tmp_path / "desk.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TransientError) as caught:
        file.once("kind", "key", lambda _: {})
    assert caught.value.code == "DESK_BUSY"
    other.execute("ROLLBACK")
    other.close()
    assert file.once("kind", "key", lambda _: {"done": True}) == {"done": True}
    file.close()


def test_an_error_inside_undoes_everything(tmp_path) -> None:
    file = DeskFile(tmp_path / "desk.sqlite")

    def work(connection: sqlite3.Connection) -> dict:
        connection.execute("INSERT INTO clients VALUES ('a', 'A')")
        raise ActionError("No.")

    with pytest.raises(ActionError):
        file.once("kind", "key", work)
    assert file.all("SELECT * FROM clients") == []
    assert file.one("SELECT * FROM operations") is None
    file.close()


def test_a_commit_that_fails_leaves_the_connection_usable(tmp_path) -> None:
    file = DeskFile(tmp_path / "desk.sqlite")

    def work(connection: sqlite3.Connection) -> dict:
        # A deferred constraint is checked by COMMIT itself.
        connection.execute("PRAGMA defer_foreign_keys = ON")
        connection.execute("INSERT INTO contacts VALUES ('c', 'nobody', 'C', 'c@example.com', NULL, NULL, 0)")
        return {}

    with pytest.raises(ActionError) as caught:
        file.once("kind", "key", work)
    assert caught.value.code == "DESK_REFUSED"
    assert file.once("kind", "key", lambda _: {"done": True}) == {"done": True}
    assert file.all("SELECT * FROM contacts") == []
    file.close()


def test_a_senseless_query_has_a_type(tmp_path) -> None:
    file = DeskFile(tmp_path / "desk.sqlite")
    with pytest.raises(ActionError) as caught:
        file.all("SELECT * FROM nothing")
    assert caught.value.code == "DESK_UNREADABLE"
    file.close()


def test_the_file_uses_the_write_ahead_log_and_foreign_keys(tmp_path) -> None:
    file = DeskFile(tmp_path / "desk.sqlite")
    assert file.one("PRAGMA journal_mode") == {"journal_mode": "wal"}
    assert file.one("PRAGMA synchronous") == {"synchronous": 2}
    assert file.one("PRAGMA foreign_keys") == {"foreign_keys": 1}
    file.close()


def test_processes_that_open_and_write_at_once_agree(tmp_path) -> None:
    folder = str(tmp_path / "desk")
    with Processes() as processes:
        started = [processes.python("-c", OPEN_AND_WRITE, folder) for _ in range(3)]
        errors = [process.communicate(timeout=60)[1] for process in started]
    assert errors == ["", "", ""]
    file = DeskFile(tmp_path / "desk" / "desk.sqlite")
    assert file.one("SELECT count(*) AS n FROM tickets") == {"n": 10}
    file.close()
