"""What goes in and what comes out: the closed unions of commands and events.

A *command* says what arrived, with its time; everything that is not determined by program and state enters here. An *event*
says what became true, and carries the writes that make it true in the state tree. Every workflow kind speaks this language,
so the store, the driver, history and the debugger need no other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from wfnb.model.values import JsonValue, Write

__all__ = [
    "Advance",
    "Cancel",
    "ChildScheduled",
    "Command",
    "Completed",
    "ControlMoved",
    "Doubted",
    "Edit",
    "EditKind",
    "Event",
    "Failed",
    "Fired",
    "InvocationCanceled",
    "InvocationFailed",
    "InvocationScheduled",
    "InvocationSucceeded",
    "Retry",
    "RunCanceled",
    "RunEdited",
    "RunFailed",
    "RunReopened",
    "RunStarted",
    "RunSucceeded",
    "Signaled",
    "Source",
    "Start",
    "StepCanceled",
    "StepFailed",
    "StepStarted",
    "StepSucceeded",
    "WaitOpened",
    "WaitResolved",
    "WaitType",
]

Error: TypeAlias = dict[str, JsonValue]
"""An error as data: category, code, message, and where known expression, line, column."""

WaitType: TypeAlias = Literal["retry", "time", "event", "human", "child", "doubt"]
"""What a run waits for: another attempt, a moment, an event, a person, a run that it called, or word of a lost call."""

Source: TypeAlias = Literal["recorded", "recorded-changed", "fixture", "sampled", "supplied"]
"""Where an answer came from when it was not the world: the record of the run that this one is a fork of (``recorded-changed`` when
the question was another one), a fixture, a sample of what the action gives, or a person."""

EditKind: TypeAlias = Literal["set", "skip", "supply", "jump"]
"""What a person does to a run that is under way: gives a value, passes over a step, answers for it, goes to another one."""


# --- commands -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Begin the run."""

    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Do the next step. `spread` in [0, 1) places the jitter of a retry, should the step fail."""

    at_us: int
    spread: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """An effect was performed; `output` is what it gave."""

    at_us: int
    effect_id: str
    output: JsonValue
    cached: bool = False
    source: Source | None = None
    spread: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An effect could not be performed."""

    at_us: int
    effect_id: str
    error: Error
    source: Source | None = None
    spread: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """The time of a wait has come."""

    at_us: int
    effect_id: str
    source: Source | None = None
    spread: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """An action was under way when its process died, at this attempt, and a person is to say what became of it."""

    at_us: int
    effect_id: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signaled:
    """What a wait was for has come. `override`: a person lets the run go on without it."""

    at_us: int
    effect_id: str
    name: str
    payload: JsonValue
    override: bool = False
    source: Source | None = None
    spread: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Someone wants the run to end."""

    at_us: int
    reason: str
    actor: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Someone wants a failed run to go on: `tree` is the state it had before the step that is to be done again.

    `tried` says how many attempts each instance path has used up, so that no effect gets the name of an earlier one.
    """

    at_us: int
    tree: dict[str, JsonValue]
    tried: dict[str, int]
    reason: str
    actor: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Someone changes a run that is under way.

    Parameters
    ----------
    kind
        ``set``: the value at `path` becomes `value`. ``skip``: the step at `instance` counts as done. ``supply``: it ends with
        `output`, or with `error`. ``jump``: the step `target` of the same block comes next.
    instance
        The step; for ``set`` the item of a parallel loop, or None for all of the run.
    tried
        How many attempts each instance path has used up, so that no effect gets the name of an earlier one.
    changes
        What people are told of it, with secrets masked.
    """

    at_us: int
    kind: EditKind
    instance: str | None = None
    path: str | None = None
    value: JsonValue = None
    output: JsonValue = None
    error: Error | None = None
    target: str | None = None
    tried: dict[str, int] = field(default_factory=dict)
    changes: JsonValue = None
    reason: str | None = None
    actor: str = "local"
    spread: float = 0.5


Command: TypeAlias = Start | Advance | Completed | Failed | Fired | Doubted | Signaled | Cancel | Retry | Edit


# --- events -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """Base of events: their time, and the writes they make on the state tree."""

    at_us: int
    writes: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(_Event):
    """The run began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSucceeded(_Event):
    """The run reached its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed(_Event):
    """An error found no handler."""

    error: Error


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCanceled(_Event):
    """The run was ended from outside."""

    reason: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReopened(_Event):
    """A failed run goes on before the step at `instance`."""

    instance: str
    reason: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEdited(_Event):
    """A person changed the run."""

    kind: EditKind
    instance: str | None = None
    path: str | None = None
    changes: JsonValue = None
    reason: str | None = None
    actor: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(_Event):
    """An attempt at a step began."""

    instance: str
    step_id: str
    type: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSucceeded(_Event):
    """A step is done. `error` is set when it failed and its own policy lets the run go on."""

    instance: str
    attempt: int
    branch: str | None = None
    error: Error | None = None
    handled_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed(_Event):
    """An attempt failed. `handled_by` names who goes on: a retry, an enclosing block, or nobody."""

    instance: str
    attempt: int
    error: Error
    handled_by: str | None = None
    retry_at_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCanceled(_Event):
    """The run was ended while this step was under way."""

    instance: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMoved(_Event):
    """The place of execution moved: a block was entered or left, a loop went to its next item, or a person moved it."""

    move: Literal["enter", "leave", "next-item", "unwind", "jump"]
    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationScheduled(_Event):
    """An action is to be performed."""

    effect_id: str
    instance: str
    action_id: str
    action_version: int
    key: str
    input: JsonValue
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationSucceeded(_Event):
    """An action gave its output; `cached` when it was not performed again but recognised by its key."""

    effect_id: str
    output: JsonValue
    cached: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationFailed(_Event):
    """An action failed."""

    effect_id: str
    error: Error
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationCanceled(_Event):
    """A call is not waited for any more."""

    effect_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildScheduled(_Event):
    """Another workflow is to be run as a child."""

    effect_id: str
    instance: str
    workflow_id: str
    workflow_version: int
    payload: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOpened(_Event):
    """The run waits.

    `due_at_us` is when it goes on by itself; `event_name` and `key` what answers it, and `filters` what the answer must be
    like; `task` is what a person is asked.
    """

    effect_id: str
    instance: str
    wait_type: WaitType
    due_at_us: int | None = None
    event_name: str | None = None
    key: str | None = None
    filters: list[JsonValue] | None = None
    task: dict[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitResolved(_Event):
    """A wait is over: `by` says whether its time came, an answer came, or its run was ended; `answer` what came, when no one else knows."""

    effect_id: str
    status: Literal["RESOLVED", "CANCELED"]
    by: Literal["time", "answer", "cancel"]
    source: Source | None = None
    answer: JsonValue = None


Event: TypeAlias = (
    RunStarted
    | RunSucceeded
    | RunFailed
    | RunCanceled
    | RunReopened
    | RunEdited
    | StepStarted
    | StepSucceeded
    | StepFailed
    | StepCanceled
    | ControlMoved
    | InvocationScheduled
    | InvocationSucceeded
    | InvocationFailed
    | InvocationCanceled
    | ChildScheduled
    | WaitOpened
    | WaitResolved
)
