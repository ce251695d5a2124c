"""The resync itself: scan, decide, publish what is new in one transaction, and write down what is known now.

An error before the last transaction leaves everything as it was. Two resyncs at once come one after the other: in one process
by a lock, between processes by the number of the generation, which only one of them can raise.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from wfnb.errors import StoreError
from wfnb.model.values import JsonValue
from wfnb.resync import sources
from wfnb.resync.found import Found, Scope
from wfnb.resync.known import Source, workflow_id_of
from wfnb.resync.scan import scan
from wfnb.resync.settle import Settled, settle
from wfnb.services import definitions, workflow_settings
from wfnb.services.audit import Actor
from wfnb.services.definitions import Prepared
from wfnb.store.database import Session
from wfnb.store.port import Store
from wfnb.store.records import VersionRow
from wfnb.validate.catalog import Catalog

__all__ = ["Outcome", "Resyncs"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a resync did, and the generation of definitions that is there now."""

    settled: Settled
    generation: int


class Resyncs:
    """Brings the definitions of a project up to date with its folder and with the global one.

    Parameters
    ----------
    store, catalog
        Where versions are kept, and what definitions may refer to.
    folder, home
        The project's folder, and the one that all projects share.
    project
        Whose definitions these are.
    """

    def __init__(
        self, store: Store, catalog: Catalog, folder: Path, home: Path, *, project: str = "local"
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._folder = folder
        self._home = home
        self._project = project
        self._one_at_a_time = threading.Lock()

    def known(self) -> list[Source]:
        """Definitions that come from files, as the last resync left them."""
        return sources.every(self._store.database, self._project)[0]

    def resync(self, by: Actor, *, now_us: int, from_us: int, progress: Callable[[str], None]) -> Outcome:
        """Bring the definitions up to date.

        Parameters
        ----------
        by
            Who asked for it.
        now_us, from_us
            The moment, and the one from which triggers by time count.
        progress
            Told in a word what is done now.
        """
        with self._one_at_a_time:
            while True:
                outcome = self._try(by, now_us, from_us, progress)
                if outcome is not None:
                    return outcome

    def _try(self, by: Actor, now_us: int, from_us: int, progress: Callable[[str], None]) -> Outcome | None:
        """One attempt; None when another process has changed the definitions meanwhile."""
        database = self._store.database
        progress("reading")
        scans = (scan(self._home, "global", self._catalog), scan(self._folder, "project", self._catalog))
        known, generation = sources.every(database, self._project)
        settled = settle(known, scans, now_us)
        progress("publishing")
        prepared = [(source, self._prepared(source, found, by, now_us)) for source, found in settled.load]
        if not self._saved(tuple(one.row for _, one in prepared if one.row is not None)):
            return None
        versions = {source.key: one.version for source, one in prepared}
        settled = _with_versions(settled, versions)
        with database.writing() as session:
            following = sources.next_generation(session, self._project, generation)
            if following is None:
                return None
            for source, one in prepared:
                # One that was stored before a crash, and not written down here, is concluded now.
                if one.row is not None or source.version != one.version:
                    definitions.conclude(session, one, by, now_us=now_us, from_us=from_us)
            _archive(session, settled, known, by, now_us)
            written = [source for source, _ in settled.load] + settled.keep
            sources.put(session, self._project, written)
            sources.drop(session, self._project, settled.drop)
        return Outcome(settled, following)

    def _saved(self, rows: tuple[VersionRow, ...]) -> bool:
        """Store new versions; False when another process has just stored one of them."""
        try:
            self._store.save_versions(rows)
        except StoreError as error:
            if error.code != "VERSION_EXISTS":
                raise
            return False
        return True

    def _prepared(self, source: Source, found: Found, by: Actor, now_us: int) -> Prepared:
        raw: JsonValue = {**found.definition, "id": workflow_id_of(source.scope, source.identifier)}
        return definitions.prepare(self._store, self._catalog, raw, by=by, now_us=now_us, current=True)


def _with_versions(settled: Settled, versions: Mapping[tuple[Scope, str], int | None]) -> Settled:
    """The same with the versions that were published."""

    def told(source: Source) -> Source:
        return replace(source, version=versions[source.key]) if source.key in versions else source

    return replace(
        settled,
        load=[(told(source), found) for source, found in settled.load],
        new=[told(source) for source in settled.new],
        updated=[told(source) for source in settled.updated],
    )


def _archive(session: Session, settled: Settled, known: list[Source], by: Actor, now_us: int) -> None:
    """Workflows follow their files into the archive, and out of it when nobody else has put them there."""
    before = {source.key: source.archived for source in known}
    for source in (*settled.archived, *settled.updated):
        if before.get(source.key, False) != source.archived:
            workflow_settings.follow_file(
                session, source.workflow, by, archived=source.archived, at_us=now_us
            )
