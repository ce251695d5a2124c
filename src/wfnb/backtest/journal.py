"""The journal of a backtest: which spans are done, and what came of them; a file, so that it outlives the kernel.

A replay writes nothing into the tables, and neither does this: like the history it can be thrown away at any time. A journal is
deleted when its backtest has come to its end; one that was stopped goes on where it was.
"""

from __future__ import annotations

import json
from pathlib import Path

from wfnb.backtest.batch import Span
from wfnb.backtest.tally import Tally

__all__ = ["Journal"]


class Journal:
    """Spans with their tallies, one line each.

    Parameters
    ----------
    path
        The file; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> dict[Span, Tally]:
        """What was done before. A line that was cut short by a crash counts as not there."""
        done: dict[Span, Tally] = {}
        if self._path is None or not self._path.exists():
            return done
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                first, last, tally = json.loads(line)
            except ValueError:
                continue
            done[Span(first, last)] = Tally.from_text(tally)
        return done

    def add(self, span: Span, tally: Tally) -> None:
        """A span is done."""
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([*span, tally.to_text()]) + "\n")

    def close(self) -> None:
        """All of it is done."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
