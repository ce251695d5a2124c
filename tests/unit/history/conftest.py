"""A store with a published workflow, and a history beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.history.chronicle import publish
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
