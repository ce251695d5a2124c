"""The table of resync: what becomes of every definition, from what is known and what was found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from wfnb.resync.found import Found, Scan
from wfnb.resync.known import ERROR_PREFIX, Source

__all__ = ["NO_MATCH", "Settled", "settle"]

NO_MATCH = "The file no longer holds a workflow with this id."


@dataclass(slots=True)
class Settled:
    """What becomes of every definition.

    `load` are those whose content is to be published; `keep` those of which only facts change; `drop` placeholders that have
    healed or gone. The others are the answer for people: each definition stands in one list at most.
    """

    load: list[tuple[Source, Found]] = field(default_factory=list)
    keep: list[Source] = field(default_factory=list)
    drop: list[Source] = field(default_factory=list)
    new: list[Source] = field(default_factory=list)
    updated: list[Source] = field(default_factory=list)
    archived: list[Source] = field(default_factory=list)
    errors: list[Source] = field(default_factory=list)
    unchanged: list[Source] = field(default_factory=list)


def settle(known: Iterable[Source], scans: Sequence[Scan], now_us: int) -> Settled:
    """Decide what becomes of every definition.

    Parameters
    ----------
    known
        Definitions of earlier resyncs.
    scans
        What was found now, one for each scope.
    now_us
        When.
    """
    settled = Settled()
    everything = {source.key: source for source in known}
    for scan in scans:
        mine = [source for source in everything.values() if source.scope == scan.scope]
        if scan.unreadable is not None:
            _unreadable(settled, mine, scan.unreadable)
        else:
            _Folder(settled, mine, now_us).settle(scan.found)
    return settled


def _unreadable(settled: Settled, mine: Iterable[Source], why: str) -> None:
    """Nothing is known of a folder that cannot be read: its definitions stay as they are, and say why."""
    for source in mine:
        _failed(settled, replace(source, error=why, line=None))


def _failed(settled: Settled, source: Source) -> None:
    settled.keep.append(source)
    settled.errors.append(source)


class _Folder:
    """The definitions of one scope."""

    def __init__(self, settled: Settled, known: Sequence[Source], now_us: int) -> None:
        self._settled = settled
        self._now_us = now_us
        self._known = {source.identifier: source for source in known}
        self._by_path = {source.path: source for source in known if not source.placeholder}
        self._held: set[str] = set()  # identifiers and placeholders that a broken file keeps

    def settle(self, found: Iterable[Found]) -> None:
        ordered = sorted(found, key=lambda one: one.path)
        winners: dict[str, Found] = {}
        failed: list[Found] = []
        for one in ordered:
            if one.identifier is None or one.error is not None:
                failed.append(one)
            elif one.identifier in winners:
                failed.append(_duplicate(one, winners[one.identifier]))
            else:
                winners[one.identifier] = one
        for identifier, one in winners.items():
            self._loaded(identifier, one)
        for one in failed:
            self._broken(one, winners)
        self._gone(winners)

    def _loaded(self, identifier: str, found: Found) -> None:
        """A file that can be read."""
        name = found.name or identifier
        before = self._known.get(identifier)
        if before is None:
            source = Source(found.scope, identifier, found.path, name, found.digest)
            self._settled.load.append((source, found))
            self._settled.new.append(source)
            return
        if before.archived and before.archived_by == "user":
            kept = replace(before, path=found.path, name=name, file_exists=True, error=None, line=None)
            self._settled.keep.append(kept)
            self._settled.unchanged.append(kept)
            return
        whole = replace(
            before, path=found.path, name=name, digest=found.digest, file_exists=True, error=None, line=None,
            archived=False, archived_by=None, archived_us=None,
        )  # fmt: skip
        healthy = before.error is None and before.file_exists and not before.archived
        if healthy and before.digest == found.digest:
            self._settled.keep.append(whole)
            self._settled.unchanged.append(whole)
        else:
            self._settled.load.append((whole, found))
            self._settled.updated.append(whole)

    def _broken(self, found: Found, winners: dict[str, Found]) -> None:
        """A file that cannot be used: what is known of it stays as it is, and says why."""
        before = self._by_path.get(found.path) or self._known.get(found.identifier or "")
        if before is not None and before.identifier not in winners and before.identifier not in self._held:
            self._held.add(before.identifier)
            stuck = replace(before, path=found.path, file_exists=True, error=found.error, line=found.line)
            _failed(self._settled, stuck)
            return
        name = f"[ERROR] {found.path.rpartition('/')[2]}"
        identifier = f"{ERROR_PREFIX}{found.path}"
        self._held.add(identifier)
        source = Source(found.scope, identifier, found.path, name, error=found.error, line=found.line)
        _failed(self._settled, source)

    def _gone(self, winners: dict[str, Found]) -> None:
        """Definitions whose file is not there any more, or holds another one."""
        holders = {one.path for one in winners.values()}
        for source in self._known.values():
            if source.identifier in winners or source.identifier in self._held:
                continue
            if source.placeholder:
                self._settled.drop.append(source)
            else:
                self._archive(replace(source, error=NO_MATCH if source.path in holders else None, line=None))

    def _archive(self, source: Source) -> None:
        if source.archived:
            self._settled.keep.append(replace(source, file_exists=False))
            return
        gone = replace(
            source, file_exists=False, archived=True, archived_by="system", archived_us=self._now_us
        )
        self._settled.keep.append(gone)
        self._settled.archived.append(gone)


def _duplicate(found: Found, first: Found) -> Found:
    why = f"Duplicate id: “{found.identifier}” stands in {first.path} and in {found.path}."
    return Found(found.scope, found.path, found.digest, error=why)
