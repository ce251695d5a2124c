"""Every store there is, empty but for one published version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from unit.store.story import version
from wfnb.store.memory import MemoryStore
from wfnb.store.port import Store
from wfnb.store.postgres import PostgresStore
from wfnb.store.sqlite import SqliteStore

KINDS: dict[str, Callable[[pytest.FixtureRequest], Store]] = {
    "memory": lambda _: MemoryStore(),
    "postgres": lambda request: PostgresStore(request.getfixturevalue("postgres_url")),
    "sqlite": lambda request: SqliteStore(request.getfixturevalue("path")),
}


@pytest.fixture(params=sorted(KINDS))
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    store = KINDS[request.param](request)
    store.save_version(version())
    yield store
    store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


@pytest.fixture
def file_store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path)
    store.save_version(version())
    yield store
    store.close()
