"""Causes: what made a value, as a tree; what lineage finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from wfnb.machine.writers import Attempt, Point
from wfnb.model.values import JsonValue, Path

__all__ = ["COMMANDS", "Cause", "Reading", "Source"]

Source: TypeAlias = Literal[
    "expression", "literal", "secret", "action", "answer", "time", "item", "index", "error", "child", "payload",
    "clock", "edit", "parts", "start", "step", "absent", "further",
]  # fmt: skip
"""What made a value: see `wfnb.origin.Origin`."""

COMMANDS: Final = frozenset(
    {"Start", "Advance", "Completed", "Failed", "Fired", "Doubted", "Signaled", "Cancel", "Retry"}
)
"""Commands of a run that goes its way. Any other one is a person's edit."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An expression that made a value: its text and the field it stands in."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Cause:
    """What made a value, with the causes of what that read.

    Parameters
    ----------
    run_id, path, value
        The value; `DELETE` when there is none.
    source
        What made it.
    point
        The write; None when it was there before the first step.
    attempt
        The attempt at the step that wrote it.
    detail
        The action, event, workflow or run that it came from.
    readings
        The expressions that made it.
    inputs
        What they read.
    """

    run_id: str
    path: Path
    value: JsonValue
    source: Source
    point: Point | None = None
    attempt: Attempt | None = None
    detail: str = ""
    readings: tuple[Reading, ...] = ()
    inputs: tuple[Cause, ...] = ()
