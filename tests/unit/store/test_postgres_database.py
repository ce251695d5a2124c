"""Plain SQL with ``?`` gives the same on every store."""

from __future__ import annotations

import threading

import pytest

from wfnb.errors import StoreError
from wfnb.store.port import Store
from wfnb.store.postgres import PostgresStore

ADD = """
    INSERT INTO audit (at_us, actor, role, source, operation, target_type, target_id, reason, changes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING audit_no
"""
PUT = """
    INSERT INTO secrets (tenant, name, ciphertext, wrapped_key, key_id, created_by, created_us, updated_by, updated_us)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
SETTINGS = "INSERT INTO workflows (workflow_id, paused, updated_by, updated_us) VALUES (?, ?, ?, ?)"


def test_values_come_back_as_they_were_given(store: Store) -> None:
    odd = "it's 100 % “odd” \\ ? -- $1\n"
    with store.database.writing() as tables:
        ((number,),) = tables.execute(ADD, (7, odd, "r", "s", "o", "t", "i", None, "{}"))
        tables.execute(PUT, ("local", odd, b"\x00\xff'\\", b"", "k", "me", 1, "me", 2**62))
    with store.database.reading() as tables:
        assert tables.execute("SELECT actor, reason FROM audit WHERE audit_no = ?", (number,)) == [
            (odd, None)
        ]
        read = "SELECT ciphertext, wrapped_key, updated_us FROM secrets WHERE name = ? AND 7 % 4 = 3"
        assert tables.execute(read, (odd,)) == [(b"\x00\xff'\\", b"", 2**62)]


def test_truth_and_sums_are_numbers(store: Store) -> None:
    with store.database.writing() as tables:
        tables.execute(SETTINGS, ("a", True, "me", 1))
        tables.execute(SETTINGS, ("b", True, "me", 2))
    with store.database.reading() as tables:
        rows = tables.execute(
            "SELECT sum(paused), count(*), failure_threshold FROM workflows GROUP BY failure_threshold"
        )
        assert rows == [(2, 2, 0.5)]
        assert [type(value) for value in rows[0]] == [int, int, float]
        optional = (
            "SELECT workflow_id FROM workflows WHERE (? IS NULL OR workflow_id = ?) ORDER BY workflow_id"
        )
        assert tables.execute(optional, (None, None)) == [("a",), ("b",)]
        assert tables.execute(optional, ("b", "b")) == [("b",)]


def test_a_block_that_raises_changes_nothing(store: Store) -> None:
    def fail() -> None:
        with store.database.writing() as tables:
            tables.execute(SETTINGS, ("a", 0, "me", 1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.database.reading() as tables:
        assert tables.execute("SELECT count(*) FROM workflows") == [(0,)]


def test_a_row_that_is_refused_is_an_error_with_a_code(postgres_url: str) -> None:
    with PostgresStore(postgres_url) as store:
        with pytest.raises(StoreError) as caught, store.database.writing() as tables:
            tables.execute("INSERT INTO workflows (workflow_id) VALUES ('b')")
        assert caught.value.code == "STORE_REFUSED"
        with store.database.reading() as tables:
            assert tables.execute("SELECT count(*) FROM workflows") == [(0,)]


def test_what_was_read_in_a_block_that_writes_stays_true(postgres_url: str) -> None:
    with PostgresStore(postgres_url) as store:
        with store.database.writing() as tables:
            tables.execute(SETTINGS, ("a", 0, "me", 0))

        def count_up() -> None:
            for _ in range(10):
                with store.database.writing() as tables:
                    ((now,),) = tables.execute("SELECT updated_us FROM workflows")
                    tables.execute("UPDATE workflows SET updated_us = ?", (now + 1,))

        threads = [threading.Thread(target=count_up) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with store.database.reading() as tables:
            assert tables.execute("SELECT updated_us FROM workflows") == [(40,)]
