"""What became of the steps of a run up to a position, for its picture: statuses, counts, branches, durations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from wfnb.debug.film import StepMark
from wfnb.model.paths import definition_path
from wfnb.model.values import JsonValue

__all__ = ["WIDTH", "Tallies", "Tally"]

WIDTH: Final = 512
"""Macrosteps that are counted as one stretch."""


@dataclass(slots=True)
class Tally:
    """Statuses, counts, durations (milliseconds) and branches by definition path."""

    status: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)
    _ends: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Tally:
        """One that can be added to."""
        return Tally(
            dict(self.status), dict(self.counts), dict(self.durations), set(self.taken), dict(self._ends)
        )

    def add(self, step: StepMark, end: int, count: int = 1) -> None:
        """An attempt that ended at macrostep `end`, or several at the same step of which it is the last."""
        path = step.path
        if end >= self._ends.get(path, 0):
            self.status[path] = step.status
            self._ends[path] = end
        self.counts[path] = self.counts.get(path, 0) + count
        self.durations[path] = self.durations.get(path, 0.0) + step.duration_us / 1000
        if step.branch:
            self.taken.add((path, step.branch))
        if step.handled_by and step.handled_by.endswith(".try"):
            self.taken.add((definition_path(step.handled_by).removesuffix(".try"), "catch"))

    def to_json(self, current: str | None) -> dict[str, JsonValue]:
        """The form of `wfnb.viz.overlay.Overlay`; `current` is the step that comes next."""
        return {
            "status": dict(self.status),
            "counts": dict(self.counts),
            "durations": dict(self.durations),
            "taken": [list(pair) for pair in sorted(self.taken)],
            "current": current,
        }


Counted: TypeAlias = Callable[[int, int], Iterable[tuple[int, StepMark, int, int]]]
"""Attempts that ended between two macrosteps: stretch, the last of them, the macrostep at which it ended, how many."""


class Tallies:
    """Tallies up to every round macrostep that a run has come to."""

    def __init__(self) -> None:
        self._upto = [Tally()]

    def extend(self, seq: int, counted: Counted) -> None:
        """Count what a run has done since, when it has come to another round macrostep."""
        known, wanted = len(self._upto) - 1, seq // WIDTH
        if wanted <= known:
            return
        stretches: dict[int, list[tuple[StepMark, int, int]]] = {}
        for stretch, last, end, count in counted(known * WIDTH, wanted * WIDTH):
            stretches.setdefault(stretch, []).append((last, end, count))
        for stretch in range(wanted - known):
            tally = self._upto[-1].copy()
            for last, end, count in stretches.get(stretch, ()):
                tally.add(last, end, count)
            self._upto.append(tally)

    def before(self, seq: int) -> tuple[int, Tally]:
        """The last round macrostep up to one, and the tally there, to be added to."""
        stretch = min(seq // WIDTH, len(self._upto) - 1)
        return stretch * WIDTH, self._upto[stretch].copy()
