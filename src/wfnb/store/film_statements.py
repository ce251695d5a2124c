"""The written SQL that debuggers read by, for each kind of store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wfnb.store.statements import read_statements

__all__ = ["FILM", "POSTGRES_FILM"]


@dataclass(frozen=True, slots=True)
class _Film:
    """Statements of ``sql/film.sql`` and of ``postgres_sql/film.sql``."""

    step_ends: str
    steps_at: str
    tallies: str


FILM: Final = read_statements(_Film, "film.sql")
POSTGRES_FILM: Final = read_statements(_Film, "film.sql", "postgres_sql")
