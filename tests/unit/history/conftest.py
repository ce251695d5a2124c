"""A store with a published workflow, and a history beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.history.chronicle import BEGIN_US, Chronicle, publish
from wfnb.history.history import History
from wfnb.store.sqlite import SqliteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "state.sqlite") as opened:
        publish(opened)
        yield opened


@pytest.fixture
def history(store: SqliteStore, tmp_path: Path) -> Iterator[History]:
    opened = History(store, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def told(store: SqliteStore, tmp_path: Path) -> History:
    """Four runs: two straight, one that was retried, one that failed for good; and one of another workflow, next day."""
    for number, branch in enumerate(("then", "else")):
        run = Chronicle(store, f"r{number}")
        run.step("look", 0, took_ms=1, branch=branch)
        run.step("work", 1, took_ms=10 * (number + 1))
        run.succeed()
    run = Chronicle(store, "r2")
    run.step("look", 0, took_ms=1, branch="then")
    run.begin("work", 1, input={})
    run.fail(1, took_ms=30, handled_by="retry", called=True)
    run.retry("work", 1, attempt=2, waited_ms=500, input={})
    run.end(1, attempt=2, took_ms=40, called=True)
    run.succeed()
    run = Chronicle(store, "r3")
    run.step("look", 0, took_ms=1, branch="then")
    run.begin("work", 1)
    run.fail(1, took_ms=5, code="BROKEN")
    publish(store, "other", 1)
    run = Chronicle(store, "r4", workflow="other", at_us=BEGIN_US + 86_400_000_000)
    run.step("look", 0, took_ms=3)
    run.succeed()
    return History(store)
