"""Rows of definitions that come from files, and the number of their generation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from wfnb.resync.known import Source
from wfnb.store.database import Database, Session
from wfnb.store.statements import SOURCES

__all__ = ["drop", "every", "generation", "next_generation", "put"]


def every(database: Database, project: str) -> tuple[list[Source], int]:
    """The definitions of a project and of the global folder, and the generation they belong to."""
    with database.reading() as session:
        found = session.execute(SOURCES.every, (project,))
        return [_source(row) for row in found], generation(session, project)


def generation(session: Session, project: str) -> int:
    """How often the definitions of a project have changed."""
    found = session.execute(SOURCES.generation, (project,))
    return int(found[0][0]) if found else 0


def next_generation(session: Session, project: str, seen: int) -> int | None:
    """The number of the next generation; None when another resync came first since `seen`."""
    session.execute(SOURCES.first_generation, (project,))
    found = session.execute(SOURCES.next_generation, (project, seen))
    return int(found[0][0]) if found else None


def put(session: Session, project: str, sources: Iterable[Source]) -> None:
    """Write definitions down."""
    for source in sources:
        session.execute(
            SOURCES.put,
            (
                *_key(source, project), source.path, source.name, source.digest, source.archived_by, source.archived_us,
                int(source.file_exists), source.error, source.line, source.version,
            ),
        )  # fmt: skip


def drop(session: Session, project: str, sources: Iterable[Source]) -> None:
    """Forget placeholders."""
    for source in sources:
        session.execute(SOURCES.drop, _key(source, project))


def _key(source: Source, project: str) -> tuple[str, str, str]:
    return source.scope, "" if source.scope == "global" else project, source.identifier


def _source(row: tuple[Any, ...]) -> Source:
    scope, identifier, path, name, digest, status, by, archived_us, exists, error, line, version = row
    archived = status == "archived"
    # What was not archived by a resync was archived by a person.
    who: Literal["user", "system"] | None = None if not archived else "system" if by == "system" else "user"
    return Source(
        scope, identifier, path, name, digest, archived, who, archived_us if archived else None, bool(exists),
        error, line, version,
    )  # fmt: skip
