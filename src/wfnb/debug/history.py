"""How the value of an expression changed along a film: evaluated only where something it reads was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from wfnb.debug.conditions import value_of
from wfnb.debug.film import Film
from wfnb.errors import ExpressionError
from wfnb.expr import ROOTS, Compiled
from wfnb.model.values import JsonValue, Path

__all__ = ["Reading", "history"]

_WHOLE: Final = re.compile(
    r"\$(?!\w)|\*"
)  # the whole context, or any member: what is read is not known by its name


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that an expression has from a position on; `step` and `instance` name the step that made it so.

    `there` is False while the expression gives nothing, `error` says why it cannot be evaluated.
    """

    position: int
    value: JsonValue
    there: bool = True
    step: str | None = None
    instance: str | None = None
    error: str | None = None


def history(film: Film, compiled: Compiled, first: int, last: int) -> Iterator[Reading]:
    """The value at position `first`, and every other one up to `last`, as it is asked for."""
    reads = [_known(reference.path) for reference in compiled.references if reference.path[0] in ROOTS]
    known_reads = (
        bool(reads) and len(reads) == len(compiled.references) and not _WHOLE.search(compiled.source)
    )
    timeless = known_reads and "nowIso" not in compiled.functions
    known: tuple[object, ...] | None = None
    for position in range(first, last + 1):
        if known is not None and timeless and not _touches(film.written(position), reads):
            continue
        reading = _read(film, compiled.source, position)
        seen = (reading.there, reading.error, type(reading.value), reading.value)
        if seen != known:
            known = seen
            yield reading


def _read(film: Film, source: str, position: int) -> Reading:
    step = film.step(position)
    at_us = film.frame(position).at_us if position else 0
    reading = Reading(
        position, None, step=step.id if step else None, instance=step.instance if step else None
    )
    try:
        there, value = value_of(source, film.masked(position), at_us)
    except ExpressionError as error:
        return replace(reading, there=False, error=error.message)
    return replace(reading, value=value, there=there)


def _known(path: tuple[str | None, ...]) -> tuple[str, ...]:
    """The part of a path in front of the first item of a list."""
    known: list[str] = []
    for part in path:
        if part is None:
            break
        known.append(part)
    return tuple(known)


def _touches(written: tuple[Path, ...], reads: list[tuple[str, ...]]) -> bool:
    return any(path[: len(read)] == read[: len(path)] for path in written for read in reads)
