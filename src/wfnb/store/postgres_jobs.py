"""The queue of jobs beside a PostgreSQL store: Procrastinate's tables in a schema of their own, and what connects the runs to them.

From `prepare` on, every transaction that lets a run go on puts a job into the queue, whoever makes it and whether or not it
knows Procrastinate: triggers on the runs do it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from wfnb.errors import StoreError, ValidationError
from wfnb.store.postgres_connections import Connections
from wfnb.store.postgres_sessions import Link
from wfnb.store.postgres_statements import JOBS, SCHEMA, TRANSACTION

__all__ = ["JobQueue", "Script"]

_SUFFIX = "_jobs"
_LONGEST = 63  # bytes of a name in PostgreSQL

Script = tuple[str, str]
"""Name and text of a script of Procrastinate."""


class JobQueue:
    """The jobs of one store.

    Parameters
    ----------
    connections
        Those of the store.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self.schema = connections.address.schema + _SUFFIX
        self.where = connections.where

    @property
    def conninfo(self) -> str:
        """What a driver connects by; it may hold a password."""
        return self._connections.address.conninfo

    def exists(self) -> bool:
        """Whether runs of this store are put into a queue."""
        found = self._connections.read(lambda link: link.execute(JOBS.exists, (self.schema,)).fetchall())
        return bool(found[0][0])

    def prepare(self, whole: str, scripts: Sequence[Script]) -> None:
        """Make the tables of Procrastinate when there are none, and bring older ones up to date.

        Parameters
        ----------
        whole
            The script that makes all tables.
        scripts
            Those that bring the tables of one version to the next, oldest first.

        Raises
        ------
        StoreError
            ``STORE_TOO_NEW`` when a newer Procrastinate made them.
        ValidationError
            ``INVALID_ARGUMENT`` when the name of the store's schema leaves no room for that of the jobs.
        """
        if len(self.schema) > _LONGEST:
            raise ValidationError(
                f"The schema of a store with jobs has a name of at most {_LONGEST - len(_SUFFIX)} letters.",
                code="INVALID_ARGUMENT",
                where=self.where,
            )
        while self._bring_forward(whole, scripts):
            pass

    def _bring_forward(self, whole: str, scripts: Sequence[Script]) -> bool:
        """Apply one script, in a transaction of its own: what one adds, the next one may use only then. Whether there are more."""
        newest = scripts[-1][0]
        with self._connections.block(TRANSACTION.begin_write) as link:
            link.execute(SCHEMA.lock, (self.schema,))
            link.execute(SCHEMA.name, (self.schema,))
            link.execute(SCHEMA.create)
            ((exists,),) = link.execute(JOBS.exists, (self.schema,)).fetchall()
            self._enter(link)
            if not exists:
                link.execute(whole, prepare=False)
                link.execute(JOBS.prepare)
                link.execute(JOBS.note_applied, (newest,))
                link.execute(JOBS.connect, prepare=False)
                return False
            ((applied,),) = link.execute(JOBS.applied).fetchall()
            if applied > newest:
                raise self._too_new(applied, newest)
            name, script = next(((name, text) for name, text in scripts if name > applied), ("", ""))
            if name:
                link.execute(script, prepare=False)
                link.execute(JOBS.note_applied, (name,))
            return bool(name)

    def _too_new(self, applied: str, newest: str) -> StoreError:
        return StoreError(
            f"The queue of jobs has been brought to {applied}; this Procrastinate knows up to {newest}.",
            code="STORE_TOO_NEW",
            where=f"schema {self.schema} of {self.where}",
            hint="Install a newer Procrastinate.",
        )

    def queue_lost(self, now_us: int, lease_us: int, dead: tuple[str, ...], limit: int) -> int:
        """Put runs into the queue that can go on, that nobody drives and that have no job; how many.

        Parameters
        ----------
        now_us, lease_us
            The moments by which runs are ready and leases have run out.
        dead
            Owners that have died.
        limit
            How many runs at most.
        """
        with self._reading() as link:
            asked = (now_us, lease_us, list(dead), limit)
            found = link.execute(JOBS.unqueued, asked).fetchall()
        for (run_no,) in found:  # each by itself: jobs of several runs are never locked at once
            self.queue_run(run_no)
        return len(found)

    def queue_run(self, run_no: int) -> None:
        """Put a run into the queue, to go on now."""

        def change(link: Link) -> None:
            self._enter(link)
            link.execute(JOBS.queue_run, (run_no,))

        self._connections.write(change, repeat=True)

    def counts(self) -> dict[str, tuple[int, int]]:
        """Jobs that nobody has fetched, by workflow: those that are due, and those whose moment lies ahead."""
        with self._reading() as link:
            return {row[0]: (row[1], row[2]) for row in link.execute(JOBS.count).fetchall()}

    @contextmanager
    def _reading(self) -> Iterator[Link]:
        with self._connections.block(TRANSACTION.begin_read) as link:
            self._enter(link)
            yield link

    def _enter(self, link: Link) -> None:
        link.execute(JOBS.enter, (self.schema, self._connections.address.schema))
