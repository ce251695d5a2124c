"""A store that can only be read: what a packed run is looked at through."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, NoReturn, cast

from wfnb.errors import StoreError
from wfnb.store.database import Database, Session
from wfnb.store.port import Store

__all__ = ["frozen"]

_WRITING = frozenset(
    {
        "begin_attempt", "change_hold", "claim_run", "commit", "create_run", "park", "save_version",
        "save_versions", "stand", "submit",
    }
)  # fmt: skip


def frozen(store: Store) -> Store:
    """The same store, without anything that writes; its methods that do raise `StoreError` with the code ``PACK_READ_ONLY``."""
    return cast("Store", _Frozen(store))


class _Frozen:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.database: Database = _FrozenDatabase(store.database)

    def __getattr__(self, name: str) -> Any:
        return _refuse if name in _WRITING else getattr(self._store, name)

    def release_leases(self, _owner: str) -> int:
        """There are none."""
        return 0

    def renew_leases(self, _owner: str, _until_us: int) -> int:
        """There are none."""
        return 0

    def held_runs(self, *_args: Any, **_facts: Any) -> list[Any]:
        """Nobody holds a run of a pack."""
        return []

    def owners(self) -> list[str]:
        """Nobody drives a run of a pack."""
        return []

    def ready_runs(self, *_args: Any, **_facts: Any) -> list[Any]:
        """Nobody will."""
        return []

    def next_ready_us(self, _after_us: int) -> int | None:
        """Never."""
        return None


class _FrozenDatabase:
    def __init__(self, database: Database) -> None:
        self._database = database

    def reading(self) -> AbstractContextManager[Session]:
        """As ever."""
        return self._database.reading()

    def writing(self) -> AbstractContextManager[Session]:
        """Refused."""
        _refuse()


def _refuse(*_args: Any, **_facts: Any) -> NoReturn:
    raise StoreError(
        "A packed run can be looked at, debugged, compared and replayed, and nothing more.",
        code="PACK_READ_ONLY",
        hint="Publish its definition in a workspace of your own and start a run there.",
    )
