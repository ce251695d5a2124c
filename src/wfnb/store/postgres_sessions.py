"""A thread's connection to a PostgreSQL server: how it is told to behave, and how it is given back."""

from __future__ import annotations

import os
import threading
import weakref
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from psycopg.types.numeric import Int8Dumper

from wfnb.store.postgres_address import Address
from wfnb.store.postgres_statements import TRANSACTION

__all__ = ["Link", "Owner", "Session"]

Link: TypeAlias = psycopg.Connection[tuple[Any, ...]]

_STATEMENTS = 400  # prepared statements that a connection keeps: ours, also when a value is null


class Owner(Protocol):
    """What a session asks the connections it is one of."""

    address: Address

    def check_usable(self) -> None:
        """Refuse when the store was closed or forked."""


class Session:
    """A connection, as a context manager for one transaction.

    The lock keeps `close` from taking the connection away in the middle of something. When its thread ends, the connection
    is closed.
    """

    __slots__ = ("__weakref__", "_end", "link", "lock", "owner")

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.lock = threading.Lock()
        self.link = _connect(owner.address)
        self._end = weakref.finalize(self, _close, self.link, os.getpid())

    def __enter__(self) -> Self:
        self.lock.acquire()
        try:
            self.owner.check_usable()
        except BaseException:
            self.lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lock.release()

    def undo(self) -> None:
        """Roll back what is open; a connection that cannot even do that is given up."""
        try:
            if not self.link.closed and self.link.info.transaction_status != TransactionStatus.IDLE:
                self.link.execute(TRANSACTION.rollback)
        except psycopg.Error:
            self._end()

    def close(self) -> None:
        """Close the connection."""
        with self.lock:
            self._end()


def _connect(address: Address) -> Link:
    link = psycopg.connect(
        address.conninfo,
        autocommit=True,
        prepare_threshold=0,
        cursor_factory=psycopg.RawCursor,
        row_factory=tuple_row,
    )
    link.prepared_max = _STATEMENTS
    # One type for every number: a statement is prepared once, and not again for each size of its values.
    link.adapters.register_dumper(int, Int8Dumper)
    link.execute(TRANSACTION.settings, (address.schema,))
    return link


def _close(link: Link, pid: int) -> None:
    """Close a connection, but not in a process that was forked off: its socket belongs to the parent."""
    if os.getpid() == pid:
        link.close()
