"""Starting: clear words when there is nothing to start, and counting that goes on where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wfnb
from unit.store.story import version
from wfnb.errors import StoreError, ValidationError
from wfnb.services.listing import run_filter
from wfnb.services.starts import last_counted, unknown
from wfnb.store.memory import MemoryStore
from wfnb.store.sqlite import SqliteStore

DONE = {"id": "w", "name": "W", "steps": [{"id": "a", "type": "control.return"}]}


@pytest.fixture
def store() -> Iterator[MemoryStore]:
    with MemoryStore() as made:
        made.save_version(version())
        yield made


def test_a_mistyped_workflow_is_answered_with_the_nearest_one(store: MemoryStore) -> None:
    name = version().workflow_id
    error = unknown(store, name[:-1], None)
    assert (error.code, error.hint) == ("NO_SUCH_WORKFLOW", f"Did you mean “{name}”?")


def test_a_name_like_no_other_is_answered_with_what_to_do(store: MemoryStore) -> None:
    assert "Publish it first" in str(unknown(store, "something-else-entirely", None))


def test_an_unknown_version_is_answered_with_those_there_are(store: MemoryStore) -> None:
    error = unknown(store, version().workflow_id, 99)
    assert (error.code, error.hint) == ("NO_SUCH_VERSION", f"It has {version().version}.")


def test_a_hostile_name_is_cut_and_made_visible(store: MemoryStore) -> None:
    error = unknown(store, "\x1b[31m" + "x" * 5_000, None)
    assert "\x1b" not in error.message
    assert len(error.message) < 200


def test_counting_goes_on_behind_the_highest_number(tmp_path: Path) -> None:
    for expected in ("run-0001", "run-0002"):
        with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
            ws.publish(DONE)
            assert ws.start("w").wait(60).id == expected
    with wfnb.open(tmp_path) as ws:
        ws.start("w").wait(60)
    with SqliteStore(tmp_path / ".wfnb" / "state.sqlite") as store:
        assert last_counted(store) == 2, "an id of another kind is passed over"


def test_an_empty_store_counts_from_the_beginning(store: MemoryStore) -> None:
    assert last_counted(store) == 0


def test_a_start_that_fails_uses_up_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_run: object) -> object:
        raise StoreError("Another process keeps the state file locked.", code="STORE_BUSY")

    with MemoryStore() as store, wfnb.open(store=store, clock="2026-01-01", seed=1) as ws:
        ws.publish(DONE)
        with monkeypatch.context() as broken:
            broken.setattr(store, "create_run", busy)
            with pytest.raises(StoreError, match="locked"):
                ws.start("w")
        assert ws.start("w").wait(60).id == "run-0001"


@pytest.mark.parametrize(
    ("status", "wanted"),
    [(None, ()), ("FAILED", ("FAILED",)), (["FAILED", "FAILED", "RUNNING"], ("FAILED", "RUNNING")), ((), ())],
)
def test_statuses_are_taken_once_each(status: Any, wanted: tuple[str, ...]) -> None:
    assert run_filter(status, None, None, before=None, limit=1).status == wanted


@pytest.mark.parametrize("status", ["NOPE", "failed", 3, [None], ["FAILED", "x"], ""])
def test_a_status_that_does_not_exist_is_refused_with_those_that_do(status: Any) -> None:
    with pytest.raises(ValidationError, match="PENDING, RUNNING, WAITING"):
        run_filter(status, None, None, before=None, limit=1)
