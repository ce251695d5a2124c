"""Tallies: what came of many replays, counted by cause. They add up, and travel as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self, TypeAlias

from wfnb.machine.divergence import Divergence
from wfnb.machine.retrace import Retraced

__all__ = ["CATEGORIES", "Category", "Cause", "Tally", "category_of", "cause_of"]

Category: TypeAlias = Literal["new errors", "other outcome", "other path", "other values", "not replayable"]

CATEGORIES: tuple[Category, ...] = (
    "new errors", "other outcome", "other path", "other values", "not replayable",
)  # fmt: skip
"""What becomes of runs that do not go the same way, what matters most first."""

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason for which runs go another way: the first thing that is different in them.

    Parameters
    ----------
    category
        What becomes of them.
    kind, step, path, fields
        What is different, where, and in which fields.
    because
        What was changed in the step, as “old → new”; empty when it reads other data.
    runs, examples
        How many, and the first of them.
    """

    category: Category
    kind: str
    step: str = ""
    path: str = ""
    fields: tuple[str, ...] = ()
    because: str = ""
    runs: int = 0
    examples: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[Any, ...]:
        """The same for the same cause."""
        return (self.category, self.kind, self.path, self.fields, self.because)

    @property
    def example(self) -> str:
        """A run that it is so in."""
        return self.examples[0] if self.examples else ""

    def __add__(self, other: Cause) -> Cause:
        examples = (*self.examples, *other.examples)[:_EXAMPLES]
        return replace(self, runs=self.runs + other.runs, examples=examples)


@dataclass(slots=True)
class Tally:
    """What came of some replays."""

    runs: int = 0
    same: int = 0
    causes: dict[tuple[Any, ...], Cause] = field(default_factory=dict)

    def went_the_same_way(self) -> None:
        """One more run goes as it went."""
        self.runs += 1
        self.same += 1

    def add(self, cause: Cause) -> None:
        """One more run goes another way, or cannot be replayed."""
        self.runs += cause.runs
        known = self.causes.get(cause.key)
        self.causes[cause.key] = cause if known is None else known + cause

    def __iadd__(self, other: Tally) -> Self:
        self.runs += other.same
        self.same += other.same
        for cause in other.causes.values():
            self.add(cause)
        return self

    def to_text(self) -> str:
        """The tally as text."""
        causes = [asdict(cause) for cause in self.causes.values()]
        return json.dumps({"same": self.same, "causes": causes}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Tally:
        """The tally that a text stands for."""
        data = json.loads(text)
        tally = cls(data["same"], data["same"])
        for row in data["causes"]:
            row["fields"], row["examples"] = tuple(row["fields"]), tuple(row["examples"])
            tally.add(Cause(**row))
        return tally


def category_of(retraced: Retraced, recorded: str) -> Category:
    """What became of a run that went another way, by how it ended before."""
    ended = retraced.state.status
    if ended != recorded:
        return "new errors" if ended == "FAILED" else "other outcome"
    for pair in retraced.pairs:
        one, other = pair.recorded, pair.now
        if (
            one is None
            or other is None
            or (one.branch, one.type, one.action) != (other.branch, other.type, other.action)
        ):
            return "other path"
    return "other values"


def cause_of(run_id: str, category: Category, divergence: Divergence) -> Cause:
    """The cause that a divergence is one case of."""
    fields = tuple(sorted({row.field for row in divergence.fields}))[:10]
    texts = [f"{t.field}: {_said(t.old)} → {_said(t.new)}" for t in divergence.texts if t.decisive]
    because = "; ".join(texts)
    place = (divergence.step_id, divergence.path)
    return Cause(category, divergence.kind, *place, fields, because, 1, (run_id,))


def _said(text: str | None) -> str:
    return "(nothing)" if text is None else text
