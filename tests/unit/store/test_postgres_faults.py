"""Faults of the driver as errors with codes."""

from __future__ import annotations

import json

import psycopg
import pytest
from psycopg import errors

import postgres_server
from unit.store.story import Story, version
from wfnb.errors import ValidationError
from wfnb.store.postgres import PostgresStore
from wfnb.store.postgres_faults import to_be_repeated, typed

CASES = [
    (errors.UniqueViolation("double"), "STORE_REFUSED"),
    (errors.ForeignKeyViolation("no parent"), "STORE_REFUSED"),
    (errors.LockNotAvailable("held"), "STORE_BUSY"),
    (errors.TooManyConnections("full"), "STORE_BUSY"),
    (errors.DeadlockDetected("knot"), "STORE_BUSY"),
    (errors.DiskFull("full"), "STORE_FULL"),
    (errors.ReadOnlySqlTransaction("standby"), "STORE_READ_ONLY"),
    (errors.InsufficientPrivilege("no right"), "STORE_READ_ONLY"),
    (errors.DataCorrupted("bits"), "STORE_DAMAGED"),
    (errors.AdminShutdown("bye"), "STORE_UNREACHABLE"),
    (errors.InvalidPassword("wrong"), "STORE_UNREACHABLE"),
    (psycopg.OperationalError("no route"), "STORE_UNREACHABLE"),
    (errors.NumericValueOutOfRange("large"), "NOT_JSON"),
    (psycopg.DataError("NUL"), "NOT_JSON"),
    (errors.UndefinedTable("gone"), "STORE_ERROR"),
    (json.JSONDecodeError("odd", "x", 0), "STORE_DAMAGED"),
    (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "lone"), "NOT_JSON"),
]


@pytest.mark.parametrize(
    ("error", "code"), CASES, ids=lambda case: case if isinstance(case, str) else type(case).__name__
)
def test_every_fault_has_a_code(error: Exception, code: str) -> None:
    fault = typed(error, "here")
    assert fault is not None
    assert (fault.code, fault.where) == (code, "here")


def test_what_is_no_fault_of_a_store_is_left_alone() -> None:
    assert typed(KeyError("x"), "here") is None


def test_the_server_asks_for_some_transactions_again() -> None:
    assert [to_be_repeated(error) for error, _ in CASES[:5] if isinstance(error, psycopg.Error)] == [
        False, False, False, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("label", ["a\0b", "\ud800"])
def test_a_text_that_the_server_cannot_hold_is_refused(postgres_url: str, label: str) -> None:
    with PostgresStore(postgres_url) as store:
        store.save_version(version())
        story = Story(store)
        with pytest.raises(ValidationError) as caught:
            store.claim_run(1, label, 1, 2)
        assert caught.value.code == "NOT_JSON"
        story.commit(story.start())


def test_without_the_programs_of_the_server_ci_fails_and_others_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres_server, "binaries", lambda: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install"):
        postgres_server.installed()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install"):
        postgres_server.installed()
