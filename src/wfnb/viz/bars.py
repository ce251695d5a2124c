"""What a timeline is drawn of: bars, and the rows they share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from wfnb.errors import LimitExceeded, ValidationError
from wfnb.viz.fit import clean

__all__ = ["Bar", "rows_of", "worth_showing"]

_MOST_BARS = 200_000
_MOST_ROWS = 200  # more rows are a wall; how many are left out is said


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt of a step, or one wait.

    Parameters
    ----------
    label
        What is written in front of the row.
    path
        Path of the step. Bars with the same label and path share a row.
    start_ms, end_ms
        Milliseconds from any common origin; no end means: still going on.
    status
        Status of the step or wait; waits and retries are hatched.
    attempt
        Number of the attempt, from 1.
    depth
        Levels of nesting; rows are indented by it.
    """

    label: str
    path: str
    start_ms: float
    end_ms: float | None
    status: str
    attempt: int = 1
    depth: int = 0


def _checked(bars: Iterable[Bar]) -> list[Bar]:
    checked: list[Bar] = []
    for bar in bars:
        if len(checked) >= _MOST_BARS:
            raise LimitExceeded(
                f"There are more than {_MOST_BARS:,} bars, which no picture can show.",
                where="timeline",
                hint="Ask for a part of the run, or use the history queries.",
            )
        times = (bar.start_ms, bar.start_ms if bar.end_ms is None else bar.end_ms)
        if not all(math.isfinite(time) for time in times):
            raise ValidationError(
                "A bar of a timeline needs finite times.",
                where=clean(bar.path, 80),
                hint="Give start_ms and end_ms in milliseconds.",
            )
        checked.append(bar)
    return checked


def rows_of(bars: Iterable[Bar]) -> list[list[Bar]]:
    """Bars by row, rows in the order in which they began.

    Raises
    ------
    LimitExceeded
        There are too many bars (``LIMIT_EXCEEDED``).
    ValidationError
        A time is not a finite number (``VALIDATION_ERROR``).
    """
    rows: dict[tuple[str, str], list[Bar]] = {}
    for bar in sorted(_checked(bars), key=lambda bar: (bar.start_ms, bar.depth)):
        rows.setdefault((bar.path, bar.label), []).append(bar)
    return list(rows.values())


def worth_showing(rows: list[list[Bar]]) -> list[list[Bar]]:
    """All rows, or, when there are too many, those that went wrong or are open, and then the longest."""
    if len(rows) <= _MOST_ROWS:
        return rows

    def worth(row: list[Bar]) -> tuple[bool, float]:
        smooth = all(bar.status == "SUCCEEDED" for bar in row)
        return smooth, -sum((bar.end_ms or bar.start_ms) - bar.start_ms for bar in row)

    best = sorted(range(len(rows)), key=lambda index: (*worth(rows[index]), index))[:_MOST_ROWS]
    return [rows[index] for index in sorted(best)]
