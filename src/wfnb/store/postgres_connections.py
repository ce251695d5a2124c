"""Connections to a PostgreSQL server, one for each thread, and what is done when one is lost.

A server is restarted and networks break, so what was asked is asked again for a while, but only when that cannot do it twice.
Until its commit was sent, nothing of a transaction is true. After that, whoever began it says how to find out: by the fence,
by an id, or because doing it once more changes nothing.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg

from wfnb.errors import StaleWriterError, StoreError, WfnbError
from wfnb.store.postgres_address import Address
from wfnb.store.postgres_faults import fenced_off, not_known, to_be_repeated, typed
from wfnb.store.postgres_sessions import Link, Session
from wfnb.store.postgres_statements import TRANSACTION
from wfnb.store.refusals import closed

__all__ = ["Connections", "LostRaceError"]

T = TypeVar("T")

_PAUSES_S = (0.0, 0.05, 0.1, 0.2, 0.5)


class LostRaceError(Exception):
    """Another transaction was faster: this one is undone and done again, on what is true now."""


class Connections:
    """Connections of one process to one server. A thread's connection lives as long as the thread.

    Parameters
    ----------
    address
        The server, the database and the schema.
    patience_s
        How long a server that was there is waited for.
    """

    def __init__(self, address: Address, patience_s: float) -> None:
        self.address = address
        self._patience_s = patience_s
        self.where = address.where
        self._pid = os.getpid()
        self._local = threading.local()
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._opening = threading.Lock()
        self._closed = False
        self._known = False

    def read(self, work: Callable[[Link], T]) -> T:
        """Ask one question."""
        return self._persist(lambda session: work(session.link))

    def snapshot(self, work: Callable[[Link], T]) -> T:
        """Ask several questions about one moment."""

        def attempt(session: Session) -> T:
            session.link.execute(TRANSACTION.begin_read)
            answer = work(session.link)
            session.link.execute(TRANSACTION.rollback)
            return answer

        return self._persist(attempt)

    def write(
        self,
        work: Callable[[Link], T],
        *,
        settle: Callable[[Link], T | None] | None = None,
        repeat: bool = False,
        stale: Callable[[], StaleWriterError] | None = None,
    ) -> T:
        """Change something in one transaction.

        Parameters
        ----------
        work
            Executes the statements. They are sent without waiting, except where it fetches rows.
        settle
            Tells, after the connection broke in the middle of the commit, what `work` would have given when the commit was
            made, and None when it was not.
        repeat
            Whether it may then simply be done again.
        stale
            What is raised when the fence refuses it.
        """
        doubt = _Doubt()

        def attempt(session: Session) -> T:
            if doubt.open:
                if settle is not None and (found := settle(session.link)) is not None:
                    return found
                if settle is None and not repeat:
                    raise not_known(self.where)
                doubt.open = False
            try:
                result = _transact(session.link, work, doubt, stale)
            except WfnbError:
                session.undo()
                if not (doubt.earlier and settle and (found := settle(session.link)) is not None):
                    raise
                return found
            # The lost commit may have been made a moment after it was looked for, in the way of this one.
            found = settle(session.link) if doubt.earlier and settle else None
            return result if found is None else found

        return self._persist(attempt, doubt)

    @contextmanager
    def block(self, begin: str) -> Iterator[Link]:
        """A transaction that the caller fills: committed at the end of the block, undone when the block raises."""

        def attempt(session: Session) -> Session:
            session.link.execute(begin)
            return session

        with self._persist(attempt) as session:
            doubt = _Doubt()
            try:
                yield session.link
                doubt.committing = True
                session.link.execute(TRANSACTION.commit)
            except BaseException as error:
                session.undo()
                doubt.judge(lost=session.link.closed)
                fault = not_known(self.where) if doubt.open else typed(error, self.where)
                if fault is not None:
                    raise fault from error
                raise

    def close(self) -> None:
        """Close the connections of all threads, each after what it is doing."""
        with self._opening:
            self._closed = True
            sessions = list(self._sessions)
        if os.getpid() == self._pid:
            for session in sessions:
                session.close()

    def check_usable(self) -> None:
        """Refuse when the store was closed, or opened before a fork."""
        if self._closed:
            raise closed(self.where)
        if os.getpid() != self._pid:
            raise StoreError(
                "The store was opened before this process was forked.",
                code="STORE_FORKED",
                where=self.where,
                hint="Open it again in the new process.",
            )

    def _session(self) -> Session:
        session: Session | None = getattr(self._local, "session", None)
        if session is None or session.link.closed:
            self.check_usable()
            session = self._local.session = self._open()
        return session

    def _open(self) -> Session:
        with self._opening:
            if self._closed:
                raise closed(self.where)
            try:
                session = Session(self)
            except psycopg.Error as error:
                # The frames below hold the password.
                raise error.with_traceback(None) from None
            self._sessions.add(session)
            self._known = True
        return session

    def _persist(self, attempt: Callable[[Session], T], doubt: _Doubt | None = None) -> T:
        """Do it; again for a while when the connection is lost, and at once when another transaction was in the way."""
        doubt = doubt or _Doubt()
        trouble = _Trouble(self._patience_s if self._known else 0.0)
        while True:
            lost = True
            try:
                with self._session() as session:
                    try:
                        return attempt(session)
                    except BaseException:
                        session.undo()
                        lost = session.link.closed
                        doubt.judge(lost=lost)
                        raise
            except (psycopg.Error, LostRaceError, UnicodeEncodeError, ValueError) as error:
                again = isinstance(error, LostRaceError) or lost or _is_conflict(error)
                if again and trouble.worth_another_try(pausing=lost):
                    continue
                fault = not_known(self.where) if doubt.open else typed(error, self.where)
                if fault is None:
                    raise
                raise fault from error


class _Doubt:
    """Whether a commit was sent of which nothing was heard."""

    def __init__(self) -> None:
        self.committing = False
        self.open = False
        self.earlier = False

    def judge(self, *, lost: bool) -> None:
        """Something went wrong: with the connection, or the server has said that nothing was changed."""
        if self.committing and lost:
            self.open = self.earlier = True
        self.committing = False


class _Trouble:
    """How long it has been going on."""

    def __init__(self, patience_s: float) -> None:
        self._until = time.monotonic() + patience_s
        self._tries = 0

    def worth_another_try(self, *, pausing: bool) -> bool:
        """Whether there is still hope; after a pause when the server needs one."""
        if time.monotonic() >= self._until:
            return False
        if pausing:
            time.sleep(_PAUSES_S[min(self._tries, len(_PAUSES_S) - 1)])
        self._tries += 1
        return True


def _is_conflict(error: BaseException) -> bool:
    return isinstance(error, psycopg.Error) and to_be_repeated(error)


def _transact(
    link: Link, work: Callable[[Link], T], doubt: _Doubt, stale: Callable[[], StaleWriterError] | None
) -> T:
    """One transaction, sent in one go as far as `work` waits for nothing."""
    try:
        with link.pipeline():
            link.execute(TRANSACTION.begin_write)
            result = work(link)
            doubt.committing = True
            end = link.execute(TRANSACTION.commit)
    except psycopg.Error as error:
        if stale is not None and fenced_off(error):
            raise stale() from None
        raise
    doubt.committing = False
    if end.statusmessage != "COMMIT":  # a server says ROLLBACK to the commit of what has failed
        raise psycopg.InternalError("the server did not commit")
    return result
