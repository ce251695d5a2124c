"""What the front end may ask: one frozen value for every question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from wfnb.model.values import Path

__all__ = [
    "Asset",
    "Children",
    "Compare",
    "Complete",
    "Edit",
    "Evaluate",
    "Fork",
    "ForkForm",
    "Go",
    "History",
    "Inside",
    "Jump",
    "Lines",
    "Marks",
    "Move",
    "Out",
    "Question",
    "RemoveBreakpoint",
    "Replay",
    "RunTo",
    "SetBreakpoint",
    "Show",
    "Skip",
    "Steps",
    "Supply",
    "ToggleBreakpoint",
    "Unwatch",
    "Watch",
    "Why",
]


@dataclass(frozen=True, slots=True)
class Asset:
    """The front end with this key is wanted."""

    key: str


@dataclass(frozen=True, slots=True)
class Move:
    """A move by name; ``ready`` and ``look`` only ask where the run stands."""

    to: Literal[
        "ready",
        "look",
        "step",
        "step_over",
        "step_into",
        "step_out",
        "back",
        "run_to_end",
        "restart",
        "resume",
        "reverse_continue",
        "hold",
        "release",
    ]


@dataclass(frozen=True, slots=True)
class Go:
    """A move to a position."""

    position: int


@dataclass(frozen=True, slots=True)
class RunTo:
    """A move behind the next execution of a step."""

    step: str


@dataclass(frozen=True, slots=True)
class Children:
    """A page of the entries at a path of the state is wanted, as it stands at a position."""

    position: int
    path: Path
    offset: int


@dataclass(frozen=True, slots=True)
class Steps:
    """Rows of the path, from one on."""

    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks between two positions, not more than fit into so many bins."""

    start: int
    end: int
    bins: int


@dataclass(frozen=True, slots=True)
class Evaluate:
    """The value of an expression at the cursor."""

    text: str


@dataclass(frozen=True, slots=True)
class Complete:
    """What may stand in an expression at a place."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Watch:
    """An expression is to be shown at every position."""

    expression: str


@dataclass(frozen=True, slots=True)
class Unwatch:
    """It is no longer."""

    expression: str


@dataclass(frozen=True, slots=True)
class History:
    """The values of an expression over time."""

    expression: str


@dataclass(frozen=True, slots=True)
class ToggleBreakpoint:
    """A breakpoint on a step of the pipeline is set, or taken away."""

    step: str


@dataclass(frozen=True, slots=True)
class SetBreakpoint:
    """A breakpoint, in place of another one unless `breakpoint` is 0."""

    breakpoint: int
    on: str
    what: str
    condition: str | None
    hits: str | None
    log: str | None
    enabled: bool


@dataclass(frozen=True, slots=True)
class RemoveBreakpoint:
    """A breakpoint is taken away."""

    breakpoint: int


@dataclass(frozen=True, slots=True)
class Out:
    """Out of called runs, to one that called them."""

    run: str


@dataclass(frozen=True, slots=True)
class Why:
    """Where the value at a path comes from."""

    path: Path


@dataclass(frozen=True, slots=True)
class Inside:
    """What happens inside of the step that comes next."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What was logged up to the cursor."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A value of a run that is held is set; `value` is JSON."""

    place: str
    value: str


@dataclass(frozen=True, slots=True)
class Skip:
    """The next step of a run that is held counts as done."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What the next step of a run that is held was given; as JSON."""

    output: str


@dataclass(frozen=True, slots=True)
class Jump:
    """A run that is held goes on with another step."""

    step: str


@dataclass(frozen=True, slots=True)
class ForkForm:
    """What the form for a fork has to know."""


@dataclass(frozen=True, slots=True)
class Fork:
    """A fork at the cursor; `edits` are places with JSON."""

    edits: tuple[tuple[str, str], ...]
    version: int | None
    live: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Show:
    """Another one of the runs that were opened here."""

    run: str


@dataclass(frozen=True, slots=True)
class Replay:
    """The record, run against a version; None is its own."""

    version: int | None


@dataclass(frozen=True, slots=True)
class Compare:
    """Another run, laid beside this one."""

    other: str


Question: TypeAlias = (
    Asset
    | Move
    | Go
    | RunTo
    | Children
    | Steps
    | Marks
    | Evaluate
    | Complete
    | Watch
    | Unwatch
    | History
    | ToggleBreakpoint
    | SetBreakpoint
    | RemoveBreakpoint
    | Out
    | Why
    | Inside
    | Lines
    | Edit
    | Skip
    | Supply
    | Jump
    | ForkForm
    | Fork
    | Show
    | Replay
    | Compare
)
