"""What a run did to a definition: the data that is laid over a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wfnb.errors import ValidationError

__all__ = ["MARKS", "STATUSES", "Overlay"]

MARKS = {
    "a": "A", "b": "B", "differs": "≠", "added": "+", "removed": "−", "changed": "≠", "moved": "↕",
    "missed": "?", "warm": "!", "hot": "‼",
}  # fmt: skip
"""What sets a step apart from the others, and the sign for it: in one of two runs only, new in a version, never taken, failing often."""

STATUSES = ("FAILED", "RETRY_SCHEDULED", "WAITING", "STARTED", "CANCELED", "SUCCEEDED")
"""Statuses of a step, the one that people need to see first in front. WAITING means: it has an open wait."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a run did, by definition path.

    Parameters
    ----------
    status
        Latest status of each step that was reached: one of `STATUSES`.
    counts
        How often each step ran; shown from 2 on.
    taken
        Branches that were entered, as (path of the control step, ``then``/``else``/``try``/``catch``/``body``).
    current
        The step the reader stands at.
    findings
        What validation says, in sentences.
    durations
        Milliseconds spent in each step.
    marks
        What sets a step apart: one of `MARKS`.

    Examples
    --------
    >>> Overlay.from_json({"status": {"root.steps[0]": "FAILED"}, "taken": [["root.steps[1]", "then"]]}).taken
    frozenset({('root.steps[1]', 'then')})
    """

    status: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    taken: frozenset[tuple[str, str]] = frozenset()
    current: str | None = None
    findings: Mapping[str, list[str]] = field(default_factory=dict)
    durations: Mapping[str, float] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Overlay:
        """Overlay of its JSON form, in which `taken` is a list of pairs.

        Raises
        ------
        ValidationError
            A part has another shape (``VALIDATION_ERROR``).
        """
        try:
            return cls(
                status=dict(data.get("status") or {}),
                counts=dict(data.get("counts") or {}),
                taken=frozenset((str(path), str(branch)) for path, branch in data.get("taken") or ()),
                current=data.get("current"),
                findings={path: list(texts) for path, texts in (data.get("findings") or {}).items()},
                durations=dict(data.get("durations") or {}),
                marks=dict(data.get("marks") or {}),
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise ValidationError(
                "The overlay of a picture does not have the expected shape.",
                where="overlay",
                hint="Give status, counts, findings and durations as objects by path, and taken as a list of pairs.",
            ) from error
