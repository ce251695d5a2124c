"""Connections to a state file: one for each thread, and the guard that notices when the file under them was lost.

POSIX locks belong to a process: a second SQLite library in it, or a plain open and close of the file, drops the locks that a
connection holds. When another process then closes the database, it deletes the log that this one goes on writing to. So the
files are looked at before each use and after each commit, and a store that lost them stops, before anybody is told that
something is safe.

A log that was lost must never be copied into the file, where others may have written since. So SQLite's own checkpoints are off,
after commits and on closing; the log is copied here, and only after a look at the files.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import apsw

from wfnb.errors import StoreError, StoreLostError
from wfnb.store import checksums
from wfnb.store.faults import translated
from wfnb.store.refusals import closed
from wfnb.store.sessions import Session, Writing
from wfnb.store.statements import TRANSACTION

__all__ = ["Connections"]


class Connections:
    """Connections of one process to one state file.

    A thread's connection lives as long as the thread. One more is kept open as long as the store, so that the log is not
    deleted while the store is open.

    Parameters
    ----------
    path
        The file. It is created, readable by its owner alone, when it is not there.
    summed
        A file that is created has checksums.
    """

    def __init__(self, path: Path, *, summed: bool = False) -> None:
        self.where = str(path)
        self._log = f"{path}-wal"
        self._pid = os.getpid()
        self._local = threading.local()
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._opening = threading.Lock()
        self._closed = False
        self._lost = False
        self._inodes: tuple[int, int] | None = None
        with translated(self.where):
            _create(path)
            if summed:
                checksums.begin(path)
            # The thread that opens the store uses the connection that stays.
            self._anchor = self._local.session = self._open()

    def guard(self) -> None:
        """From now on the files must stay the ones they are."""
        self._inodes = self._look()

    def reading(self) -> AbstractContextManager[apsw.Connection]:
        """The connection of the thread that asks, for one query."""
        return self._session()

    def writing(self) -> AbstractContextManager[apsw.Connection]:
        """The connection of the thread that asks in a write transaction: committed at the end, undone when the block raises.

        A `StoreLostError` at the end says that the files were lost, and what was written is not safe.
        """
        return Writing(self._session())

    @contextmanager
    def snapshot(self) -> Iterator[apsw.Connection]:
        """The connection of the thread that asks in a read transaction: all queries see one moment."""
        with self.reading() as connection:
            connection.execute(TRANSACTION.begin_read)
            try:
                yield connection
            finally:
                connection.execute(TRANSACTION.rollback)

    def close(self) -> None:
        """Close the connections of all threads, each after what it is doing."""
        with self._opening:
            self._closed = True
            sessions = sorted(self._sessions, key=lambda session: session is self._anchor)  # the anchor last
        if os.getpid() != self._pid:
            return  # they belong to the parent
        for session in sessions:
            intact = session is self._anchor and not self._lost and self._look() == self._inodes
            with translated(self.where):
                session.close(keep_log=not intact)

    def _session(self) -> Session:
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            self.check_usable()
            with translated(self.where):
                session = self._local.session = self._open()
        return session

    def _open(self) -> Session:
        with self._opening:
            if self._closed:
                raise closed(self.where)
            session = Session(self)
            if checksums.are_overlooked(session.connection):
                session.close(keep_log=True)
                checksums.use(self.where)
                session = Session(self)
            self._sessions.add(session)
        return session

    def check_usable(self) -> None:
        """Refuse when the store was closed, opened before a fork, or lost."""
        if self._closed:
            raise closed(self.where)
        if os.getpid() != self._pid:
            raise StoreError(
                "The store was opened before this process was forked.",
                code="STORE_FORKED",
                where=self.where,
                hint="Open it again in the new process.",
            )
        if self._lost:
            raise self._lost_error()

    def check_files(self) -> None:
        """Refuse when the files are not the ones that were opened; from then on always."""
        if self._inodes is not None and self._look() != self._inodes:
            self._lost = True
            raise self._lost_error()

    def _lost_error(self) -> StoreLostError:
        return StoreLostError(
            "The state file was replaced, or lost its locks, while it was open: the last commit may not be safe.",
            where=self.where,
            hint="Start again. Never open or copy the file with another library in this process; use the workspace.",
        )

    def _look(self) -> tuple[int, int]:
        """Inodes of the file and of its log; 0 for one that is not there."""
        try:
            return os.stat(self.where).st_ino, os.stat(self._log).st_ino  # noqa: PTH116 - twice for each commit: pathlib takes three times as long
        except OSError:
            return 0, 0


_creating = threading.Lock()


def _create(path: Path) -> None:
    """Create the file with the right mode. Only a file that was not there is touched: see the top of this module."""
    with _creating:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except OSError:
            return  # it is there already, or the driver will say better what is wrong
