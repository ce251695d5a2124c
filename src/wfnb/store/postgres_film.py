"""What a debugger reads of a run of any length, from PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from wfnb.store import decode
from wfnb.store.film_statements import POSTGRES_FILM
from wfnb.store.postgres_base import PostgresBase
from wfnb.store.records import StepRow, StepTally

__all__ = ["PostgresFilm"]


class PostgresFilm(PostgresBase):
    """The part of the store that debuggers read."""

    def step_ends(self, run_no: int, from_seq: int, limit: int) -> list[tuple[int, int | None, int]]:
        """See `wfnb.store.port.Store.step_ends`."""
        found = self._all(tuple, POSTGRES_FILM.step_ends, (run_no, from_seq, limit))
        return cast("list[tuple[int, int | None, int]]", found)

    def steps_at(self, run_no: int, seqs: Sequence[int]) -> list[StepRow]:
        """Steps that began at these macrosteps, in that order."""
        return self._all(decode.step_row, POSTGRES_FILM.steps_at, (run_no, list(seqs)))

    def tallies(self, run_no: int, after: int, upto: int, width: int) -> list[StepTally]:
        """See `wfnb.store.port.Store.tallies`."""
        return self._all(decode.step_tally, POSTGRES_FILM.tallies, (run_no, after, upto, width))
