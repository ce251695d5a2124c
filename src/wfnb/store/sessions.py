"""A thread's connection to the state file, and its transactions.

Context managers are classes here, and not generators: they stand around every commit.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType
from typing import Protocol

import apsw

from wfnb.store.faults import typed
from wfnb.store.statements import TRANSACTION

__all__ = ["Owner", "Session", "Writing"]

_BUSY_MS = 30_000  # under saturation by eight processes a commit was seen to wait 6 s
_LOG_PAGES = 1_000  # SQLite's own rule: a log of 4 MB is copied into the file
_STATEMENTS = 128  # prepared statements that a connection keeps; there are fewer


class Owner(Protocol):
    """What a session asks the connections it is one of."""

    where: str

    def check_usable(self) -> None:
        """Refuse when the store was closed, forked or lost."""

    def check_files(self) -> None:
        """Refuse when the files are not the ones that were opened."""


class Session:
    """A connection, as a context manager for one query.

    The lock keeps `close` from taking the connection away in the middle of something.
    """

    __slots__ = ("__weakref__", "_log_pages", "connection", "lock", "owner")

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.lock = threading.Lock()
        self.connection = connection = apsw.Connection(owner.where, statementcachesize=_STATEMENTS)
        connection.set_busy_timeout(_BUSY_MS)
        connection.execute(TRANSACTION.durable)
        connection.execute(TRANSACTION.keep_foreign_keys)
        connection.execute(TRANSACTION.distrust_schema)
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        # In the place of SQLite's own checkpoints. The hook knows the list and not the session, so that the session goes
        # when its thread ends.
        self._log_pages = log_pages = [0]

        def committed(_: apsw.Connection, __: str, pages: int) -> int:
            log_pages[0] = pages
            return apsw.SQLITE_OK

        connection.set_wal_hook(committed)

    def __enter__(self) -> apsw.Connection:
        self.lock.acquire()
        try:
            self.owner.check_usable()
            self.owner.check_files()
        except BaseException:
            self.lock.release()
            raise
        return self.connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lock.release()
        if error is not None:
            fault = typed(error, self.owner.where)
            if fault is not None:
                raise fault from error

    def checkpoint_when_long(self) -> None:
        """Copy a long log into the file; what readers still need of it stays."""
        if self._log_pages[0] >= _LOG_PAGES:
            self._log_pages[0] = 0
            # Busy: another connection is just doing it. What was committed stays so either way.
            with suppress(apsw.BusyError):
                self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def close(self, *, keep_log: bool) -> None:
        """Close the connection; the log stays, or is copied and deleted by the last connection of all processes."""
        with self.lock:
            if not keep_log:
                self.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
            self.connection.close()


class Writing:
    """A write transaction: committed at the end of the block, undone when the block raises."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> apsw.Connection:
        session = self._session
        session.lock.acquire()
        try:
            # The files are looked at after the commit: what goes into a lost log until then does no harm.
            session.owner.check_usable()
            session.connection.execute(TRANSACTION.begin_write)
        except BaseException as error:
            session.__exit__(type(error), error, None)
            raise
        return session.connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session = self._session
        try:
            if error is None:
                session.connection.execute(TRANSACTION.commit)
            else:
                self._undo()
            session.owner.check_files()  # also after a fault: a lost file may have caused it
            session.checkpoint_when_long()
        except BaseException as fault:
            self._undo()
            session.__exit__(type(fault), fault, None)
            raise
        session.__exit__(kind, error, trace)

    def _undo(self) -> None:
        """Roll back, unless the fault has ended the transaction by itself."""
        if self._session.connection.in_transaction:
            self._session.connection.execute(TRANSACTION.rollback)
