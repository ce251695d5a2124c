"""Secrets are kept encrypted, given out to calls only, and every use and change of one is in the audit."""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from unit.store.conftest import KINDS
from wfnb.engine.secrets import Call
from wfnb.errors import StoreError, WfnbError
from wfnb.security.vault import VARIABLE, MasterKey
from wfnb.services.audit import Actor, AuditFilter, entries
from wfnb.services.secrets import Keeper
from wfnb.store.port import Store
from wfnb.store.records import VersionRow

ANN = Actor("ann")
CALL = Call("run-0001", "local", "root.steps[0]")
DAY_US = 86_400_000_000


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    text = new_key()
    monkeypatch.setenv(VARIABLE, text)
    return text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


@pytest.fixture(params=sorted(KINDS))
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    made = KINDS[request.param](request)
    yield made
    made.close()


class Time:
    now_us = 1_767_225_600_000_000

    def __call__(self) -> int:
        return self.now_us


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def keeper(store: Store, time: Time) -> Keeper:
    return Keeper(store, time, "local")


def code_of(call: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(WfnbError) as caught:
        call(*args, **options)
    return caught.value.code


def publish(store: Store, workflow: str, version: int, inputs: Any) -> None:
    config = {"actionId": "send", "version": 1, "inputMapping": inputs}
    definition = {
        "id": workflow,
        "name": workflow,
        "steps": [{"id": "c", "type": "action.call", "config": config}],
    }
    store.save_version(
        VersionRow(workflow, version, workflow, definition, f"{workflow}{version}", None, None, None, "local", 0)
    )  # fmt: skip


def test_a_value_is_given_to_a_call_and_to_nobody_else(keeper: Keeper) -> None:
    keeper.put("SMTP", "hunter2", "for mail", ANN)
    assert keeper.reveal(["SMTP"], CALL) == {"SMTP": "hunter2"}
    assert "hunter2" not in repr(keeper.every())


def test_what_is_stored_is_not_the_value(store: Store, keeper: Keeper, tmp_path: Path) -> None:
    keeper.put("SMTP", "hunter2-hunter2", None, ANN)
    with store.database.reading() as session:
        rows = session.execute("SELECT * FROM secrets")
    assert "hunter2" not in repr(rows)
    assert all(b"hunter2" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_the_list_tells_everything_but_the_value(keeper: Keeper, time: Time, key: str) -> None:
    keeper.put("B", "x", "first", ANN)
    keeper.put("A", "y", None, ANN)
    time.now_us += DAY_US
    keeper.put("B", "z", None, Actor("bob"))
    row = keeper.every()[1]
    assert [row.name for row in keeper.every()] == ["A", "B"]
    assert (row.description, row.created_by, row.updated_by, row.key_id) == (
        "first",
        "ann",
        "bob",
        MasterKey(key).id,
    )
    assert (row.updated_us - row.created_us, row.accessed_us) == (DAY_US, None)
    keeper.reveal(["B"], CALL)
    assert keeper.every()[1].accessed_us == time.now_us


@pytest.mark.parametrize("name", ["", "smtp", "A-B", "A" * 256, 5, None])
def test_a_bad_name_is_refused(keeper: Keeper, name: Any) -> None:
    assert code_of(keeper.put, name, "value", None, ANN) == "INVALID_SECRET_NAME"


@pytest.mark.parametrize(
    ("value", "code"),
    [("", "INVALID_ARGUMENT"), (5, "INVALID_ARGUMENT"), (None, "INVALID_ARGUMENT"), (b"x", "INVALID_ARGUMENT"),
     ("\ud800", "INVALID_ARGUMENT"), ("x" * 65_537, "TOO_LARGE"), ("ü" * 32_769, "TOO_LARGE")],
)  # fmt: skip
def test_a_bad_value_is_refused_without_being_quoted(keeper: Keeper, value: Any, code: str) -> None:
    with pytest.raises(WfnbError) as caught:
        keeper.put("A", value, None, ANN)
    assert caught.value.code == code
    assert "xxxx" not in str(caught.value)
    assert keeper.every() == []


def test_a_value_may_have_64_kilobytes(keeper: Keeper) -> None:
    keeper.put("A", "ü" * 32_768, None, ANN)
    assert keeper.reveal(["A"], CALL)["A"] == "ü" * 32_768


def test_without_a_master_key_nothing_is_stored(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    assert code_of(keeper.put, "A", "x", None, ANN) == "MASTER_KEY_MISSING"
    assert keeper.every() == []


def test_another_master_key_gives_nothing_out(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper.put("A", "x", None, ANN)
    monkeypatch.setenv(VARIABLE, new_key())
    assert code_of(keeper.reveal, ["A"], CALL) == "MASTER_KEY_WRONG"


def test_a_secret_that_is_not_there_is_named(keeper: Keeper) -> None:
    keeper.put("A", "x", None, ANN)
    with pytest.raises(WfnbError, match="There is no secret B") as caught:
        keeper.reveal(["A", "B"], CALL)
    assert caught.value.code == "SECRET_NOT_FOUND"


def test_tenants_do_not_see_each_other(store: Store, time: Time, keeper: Keeper) -> None:
    other = Keeper(store, time, "acme")
    keeper.put("A", "ours", None, ANN)
    other.put("A", "theirs", None, ANN)
    assert keeper.reveal(["A"], CALL) == {"A": "ours"}
    assert keeper.reveal(["A"], Call("run-0002", "acme", "root.steps[0]")) == {"A": "theirs"}
    other.delete("A", ANN, force=False)
    assert [row.name for row in keeper.every()] == ["A"]


def test_every_change_and_use_is_in_the_audit(store: Store, keeper: Keeper) -> None:
    keeper.put("A", "hunter2-1", None, ANN)
    keeper.put("A", "hunter2-2", None, ANN)
    keeper.reveal(["A"], CALL)
    keeper.delete("A", ANN, force=False)
    rows = entries(store.database, AuditFilter(target_type="secret"))
    assert [(row.operation, row.actor, row.target_id) for row in reversed(rows)] == [
        ("secret.created", "ann", "A"),
        ("secret.updated", "ann", "A"),
        ("secret.accessed", "engine", "A"),
        ("secret.deleted", "ann", "A"),
    ]
    assert rows[1].changes == {"run": "run-0001", "instance": "root.steps[0]"}
    assert "hunter2" not in repr(rows)


def test_a_use_that_cannot_be_recorded_fails_nothing(
    store: Store, keeper: Keeper, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    keeper.put("A", "hunter2", None, ANN)

    def full() -> Any:
        raise StoreError("There is no room left.", code="STORE_FULL")

    monkeypatch.setattr(store.database, "writing", full)
    caplog.set_level(logging.WARNING)
    assert keeper.reveal(["A"], CALL) == {"A": "hunter2"}
    assert "The use of a secret by run-0001 could not be recorded: STORE_FULL" in caplog.text


def test_a_secret_in_use_is_not_deleted_unless_forced(store: Store, keeper: Keeper) -> None:
    keeper.put("A", "x", None, ANN)
    publish(store, "mail", 1, {"password": {"$secret": "A"}})
    publish(store, "other", 1, {"password": {"$secret": "B"}})
    with pytest.raises(WfnbError, match="used by mail") as caught:
        keeper.delete("A", ANN, force=False)
    assert caught.value.code == "SECRET_IN_USE"
    keeper.delete("A", ANN, force=True)
    assert keeper.every() == []


def test_uses_are_those_of_the_latest_versions(store: Store, keeper: Keeper) -> None:
    keeper.put("A", "x", None, ANN)
    publish(store, "mail", 1, {"password": {"$secret": "A"}})
    publish(store, "mail", 2, {"password": "none"})
    publish(store, "post", 1, {"list": [1, {"$secret": "A"}]})
    assert [(use.workflow_id, use.version, use.step_id, use.path, use.field) for use in keeper.uses("A")] == [
        ("post", 1, "c", "root.steps[0]", "config.inputMapping.list[1]")
    ]


def test_what_is_not_there_has_no_uses_and_cannot_be_deleted(keeper: Keeper) -> None:
    keeper.put("SMTP_PASSWORD", "x", None, ANN)
    assert code_of(keeper.uses, "OTHER") == "NO_SUCH_SECRET"
    with pytest.raises(WfnbError, match="Did you mean “SMTP_PASSWORD”"):
        keeper.delete("SMTP_PASSWRD", ANN, force=True)


def test_a_new_master_key_is_used_at_once_and_the_old_one_no_more(
    store: Store, time: Time, keeper: Keeper, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Keeper(store, time, "acme")
    keeper.put("A", "a", None, ANN)
    other.put("B", "b", None, ANN)
    second, third = new_key(), new_key()
    assert keeper.rotate(MasterKey(second), ANN) == 2
    assert keeper.rotate(MasterKey(third), ANN) == 2
    assert keeper.rotate(MasterKey(third), ANN) == 0
    assert keeper.reveal(["A"], CALL) == {"A": "a"}
    keeper.put("C", "c", None, ANN)
    assert {row.key_id for row in keeper.every()} == {MasterKey(third).id}
    fresh = Keeper(store, time, "local")
    assert code_of(fresh.reveal, ["A"], CALL) == "MASTER_KEY_WRONG"
    monkeypatch.setenv(VARIABLE, third)
    assert fresh.reveal(["A", "C"], CALL) == {"A": "a", "C": "c"}


def test_a_rotation_that_fails_changes_nothing(
    store: Store, keeper: Keeper, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.put("A", "a", None, ANN)
    monkeypatch.setenv(VARIABLE, new_key())
    keeper.put("B", "b", None, ANN)
    assert code_of(keeper.rotate, MasterKey(new_key()), ANN) == "MASTER_KEY_WRONG"
    assert keeper.reveal(["B"], CALL) == {"B": "b"}
    monkeypatch.setenv(VARIABLE, key)
    assert keeper.reveal(["A"], CALL) == {"A": "a"}


def test_a_row_that_was_put_in_the_place_of_another_is_refused(store: Store, keeper: Keeper) -> None:
    keeper.put("A", "a", None, ANN)
    with store.database.writing() as session:
        session.execute("UPDATE secrets SET name = 'B'")
    assert code_of(keeper.reveal, ["B"], CALL) == "SECRET_DAMAGED"


def test_how_a_secret_is_used_is_told(keeper: Keeper, time: Time) -> None:
    for name in ("NEVER", "OLD", "NEW", "RENEWED"):
        keeper.put(name, "x", None, ANN)
    keeper.reveal(["OLD", "NEW", "RENEWED"], CALL)
    time.now_us += 91 * DAY_US
    keeper.reveal(["NEW"], CALL)
    keeper.put("RENEWED", "y", None, ANN)
    assert keeper.usage() == {"NEVER": "never", "OLD": "stale", "NEW": "used", "RENEWED": "used"}
