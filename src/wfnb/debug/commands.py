"""What a debugger can be told: one frozen value for every command. The session is what the list of them makes of a film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from wfnb.debug.breakpoints import Breakpoint

__all__ = [
    "AddBreakpoint",
    "AddWatch",
    "ClearBreakpoints",
    "Command",
    "Continue",
    "EnableBreakpoint",
    "GoTo",
    "Granularity",
    "RemoveBreakpoint",
    "RemoveWatch",
    "Restart",
    "ReverseContinue",
    "RunTo",
    "RunToEnd",
    "SelectFrame",
    "SetGranularity",
    "Setting",
    "Step",
    "StepBack",
    "StepBackInto",
    "StepInto",
    "StepOut",
    "StepOver",
]

Granularity: TypeAlias = Literal["step", "event"]
"""How far a step goes: behind the next step, or to the next thing inside it."""


@dataclass(frozen=True, slots=True)
class Step:
    """On by what the granularity says."""


@dataclass(frozen=True, slots=True)
class StepBack:
    """Back by what the granularity says."""


@dataclass(frozen=True, slots=True)
class StepInto:
    """To the next evaluation or event inside the step, and into a run that it calls."""


@dataclass(frozen=True, slots=True)
class StepBackInto:
    """Back by one evaluation or event."""


@dataclass(frozen=True, slots=True)
class StepOver:
    """Behind the next step with everything inside it: a whole loop, a whole branch."""


@dataclass(frozen=True, slots=True)
class StepOut:
    """Behind the block around: the item of a loop, a branch, a called run."""


@dataclass(frozen=True, slots=True)
class Continue:
    """On to the next breakpoint, or to the end."""


@dataclass(frozen=True, slots=True)
class ReverseContinue:
    """Back to the breakpoint before, or to the beginning."""


@dataclass(frozen=True, slots=True)
class RunToEnd:
    """To the last position."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Before the first step."""


@dataclass(frozen=True, slots=True)
class GoTo:
    """To a position, or the nearest one there is."""

    position: int


@dataclass(frozen=True, slots=True)
class RunTo:
    """Behind the next execution of a step, by id, definition path or instance path; nowhere when there is none."""

    step: str


@dataclass(frozen=True, slots=True)
class SetGranularity:
    """From now on a step goes so far."""

    granularity: Granularity


@dataclass(frozen=True, slots=True)
class SelectFrame:
    """Look at another frame of the call path; 0 is the innermost."""

    frame: int


@dataclass(frozen=True, slots=True)
class AddBreakpoint:
    """Set a breakpoint; it gets the next id."""

    breakpoint: Breakpoint


@dataclass(frozen=True, slots=True)
class RemoveBreakpoint:
    """Take a breakpoint away."""

    id: int


@dataclass(frozen=True, slots=True)
class EnableBreakpoint:
    """Turn a breakpoint on or off."""

    id: int
    enabled: bool


@dataclass(frozen=True, slots=True)
class ClearBreakpoints:
    """Take all breakpoints away."""


@dataclass(frozen=True, slots=True)
class AddWatch:
    """Show the value of an expression at every position."""

    expression: str


@dataclass(frozen=True, slots=True)
class RemoveWatch:
    """Show it no longer."""

    expression: str


Setting: TypeAlias = (
    AddBreakpoint
    | RemoveBreakpoint
    | EnableBreakpoint
    | ClearBreakpoints
    | AddWatch
    | RemoveWatch
    | SelectFrame
    | SetGranularity
)
"""Commands that change what is looked at and how, but not where."""

Command: TypeAlias = (
    Step
    | StepBack
    | StepInto
    | StepBackInto
    | StepOver
    | StepOut
    | Continue
    | ReverseContinue
    | RunToEnd
    | Restart
    | GoTo
    | RunTo
    | Setting
)
