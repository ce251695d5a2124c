"""Rows of the state tables as frozen values: what stores take and give. Times are microseconds since 1970 (UTC)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from wfnb.machine.messages import Event
from wfnb.machine.state import State
from wfnb.model.values import JsonValue, Write

__all__ = [
    "Changes",
    "Claim",
    "Commit",
    "Committed",
    "EventRow",
    "InboxFilter",
    "InboxRow",
    "InvocationRow",
    "Macrostep",
    "MacrostepRow",
    "NewEvent",
    "NewRun",
    "RunFilter",
    "RunRow",
    "StepRow",
    "StepTally",
    "Submitted",
    "VersionRow",
    "WaitRow",
]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A published version; never changed once it is stored."""

    workflow_id: str
    version: int
    name: str
    definition: dict[str, JsonValue]
    definition_hash: str
    payload_schema_ref: str | None
    payload_schema: dict[str, JsonValue] | None
    trigger_event: str | None
    published_by: str
    published_us: int


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be created. `key` makes it start once: a second run with the same workflow and key is not created.

    `parent_run_no` and `parent_effect` name the step that called it, and make it start once as well; `owner` and `lease_until_us` its first lease.
    `forked_from` and `forked_seq` name the run and the macrostep that its state comes from, `edits` what was changed in it; one
    that is not `live` touches nothing outside, and answers calls with `fixtures` that its origin cannot answer.
    """

    run_id: str
    workflow_id: str
    workflow_version: int
    definition_hash: str
    state: State
    started_us: int
    kind: str = "pipeline"
    key: str | None = None
    trigger: str = "manual"
    parent_run_no: int | None = None
    parent_effect: str | None = None
    depth: int = 0
    owner: str | None = None
    lease_until_us: int | None = None
    tenant: str = "local"
    forked_from: int | None = None
    forked_seq: int | None = None
    live: bool = True
    edits: dict[str, JsonValue] | None = None
    fixtures: dict[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as lists show it, and what its owner needs to drive it.

    `label` is ``meta.state``; `cursor` the definition path of the step under way; `seq` the number of the last macrostep;
    `ready_us` from when on it can go on while nobody owns it, None when only an answer can wake it. The five fields behind `rev` are
    those of a fork; what is no fork is `live`. `hold` says who holds it, as `wfnb.debug.hold` writes it down.
    """

    run_no: int
    run_id: str
    workflow_id: str
    workflow_version: int
    definition_hash: str
    kind: str
    status: str
    label: str | None
    cursor: str | None
    error: dict[str, JsonValue] | None
    key: str | None
    trigger: str
    parent_run_no: int | None
    parent_effect: str | None
    depth: int
    seq: int
    epoch: int
    owner: str | None
    lease_until_us: int | None
    started_us: int
    updated_us: int
    completed_us: int | None
    tenant: str
    ready_us: int | None
    rev: int
    forked_from: int | None = None
    forked_seq: int | None = None
    live: bool = True
    edits: dict[str, JsonValue] | None = field(default=None, repr=False)  # complete: not for people
    fixtures: dict[str, JsonValue] | None = field(default=None, repr=False)  # as above
    hold: str | None = None

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return self.completed_us is not None

    @property
    def recorded(self) -> bool:
        """Whether the run is a fork that lives on the record and touches nothing outside."""
        return not self.live


@dataclass(frozen=True, slots=True)
class StepRow:
    """One attempt at one execution of a step.

    `seq` is the macrostep that began it, `end_seq` the one that ended it; `branch` the block a control step took;
    `handled_by` who went on after an error.
    """

    run_no: int
    seq: int
    instance: str
    step_id: str
    type: str
    attempt: int
    status: str
    branch: str | None
    error: dict[str, JsonValue] | None
    handled_by: str | None
    end_seq: int | None
    started_us: int
    ended_us: int | None
    rev: int


@dataclass(frozen=True, slots=True)
class StepTally:
    """All attempts at a step that took one branch and ended in one stretch of macrosteps, as one row.

    `instance` is one of their places, `handler` a try block that took an error of one of them; `status` and `end_seq` tell of
    the attempt that ended last.
    """

    stretch: int
    step_id: str
    branch: str | None
    instance: str
    handler: str | None
    status: str
    count: int
    duration_us: int
    end_seq: int


@dataclass(frozen=True, slots=True)
class InvocationRow:
    """One call of an action. `shared_with` is the invocation whose result it took over because the key was the same.

    `source` says where the answer came from when the action was not called: see `wfnb.machine.messages.Source`.
    """

    invocation_no: int
    run_no: int
    effect_id: str
    instance: str
    action_id: str
    action_version: int
    key: str
    status: str
    attempt: int
    input: JsonValue
    output: JsonValue
    error: dict[str, JsonValue] | None
    shared_with: int | None
    scheduled_us: int
    ended_us: int | None
    rev: int
    source: str | None = None


@dataclass(frozen=True, slots=True)
class WaitRow:
    """A wait of a run.

    `due_us` is when it goes on by itself; `event_name` and `key` say what answers it, `filters` what the answer must be like,
    `task` what a person is asked; `answered_us` that an answer is there which the run has not taken yet, `inbox_no` which;
    `source` where the answer came from when it was not the world, `answer` what it was.
    """

    wait_no: int
    run_no: int
    effect_id: str
    instance: str
    wait_type: str
    status: str
    due_us: int | None
    created_us: int
    resolved_us: int | None
    event_name: str | None
    key: str | None
    filters: list[JsonValue] | None
    task: dict[str, JsonValue] | None
    answered_us: int | None
    inbox_no: int | None
    rev: int
    source: str | None = None
    answer: dict[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something to be submitted. `dedupe` makes a second submission of the same name do nothing.

    `wait_no` names the wait it answers; without it the oldest open wait with its name and key takes it. `error` says why a
    workflow that it should have started did not.
    """

    name: str
    payload: JsonValue
    received_us: int
    key: str | None = None
    dedupe: str | None = None
    source: str = "local"
    tenant: str = "local"
    wait_no: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class InboxRow:
    """Something that was submitted: the wait and the run that it woke, and the ids of the runs that it started."""

    inbox_no: int
    tenant: str
    name: str
    key: str | None
    payload: JsonValue
    dedupe: str | None
    source: str
    received_us: int
    wait_no: int | None
    run_no: int | None
    started: tuple[str, ...]
    error: str | None
    rev: int


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submission did; `new` is False when it had been submitted before, and nothing was done."""

    row: InboxRow
    new: bool
    started: tuple[RunRow, ...] = ()


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """Which submissions a list shows, newest first. `status` is matched, unmatched or error; `before` an ``inbox_no``."""

    name: str | None = None
    key: str | None = None
    status: str | None = None
    tenant: str = "local"
    before: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class EventRow:
    """Audit: something that happened to a run as a whole."""

    event_no: int
    run_no: int
    seq: int
    at_us: int
    kind: str
    data: dict[str, JsonValue]
    rev: int


@dataclass(frozen=True, slots=True)
class Macrostep:
    """What one command did, ready to be stored."""

    at_us: int
    command: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class MacrostepRow:
    """A stored macrostep: its writes on the state tree, in order."""

    seq: int
    at_us: int
    command: str
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """Macrosteps of one run that become true together, or not at all.

    It holds only when the run still has `expected_seq` and `epoch`. `state` is the state after the last macrostep; `release`
    gives the lease back for good; `park` gives it back until one of the run's waits is answered or due. `reopens`: the run has
    failed and goes on; whoever owned it before is fenced out by a new epoch, and whoever sees it first drives it. `takes_over`:
    the same for a run that is under way and that a person has changed.
    """

    run_no: int
    epoch: int
    expected_seq: int
    macrosteps: tuple[Macrostep, ...]
    state: State
    cursor: str | None
    release: bool = False
    park: bool = False
    reopens: bool = False
    takes_over: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """What a commit found out about a scheduled invocation.

    ``perform``: it is this run's to perform. ``cached``: the same key has succeeded before, with `output`. ``busy``: the same
    key is under way in another run.
    """

    mode: Literal["perform", "cached", "busy"]
    invocation_no: int
    attempt: int
    output: JsonValue = None


class Committed(NamedTuple):
    """What a commit found out: about the invocations that it scheduled, by effect id, and the hold on the run, if any."""

    claims: Mapping[str, Claim]
    hold: str | None = None


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a list shows; newest first. `before` is the ``run_no`` after which the page begins (keyset paging).

    Without a `tenant` those of all tenants: for what serves the whole store.
    """

    status: tuple[str, ...] = ()
    workflow_id: str | None = None
    workflow_version: int | None = None
    before: int | None = None
    limit: int = 50
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows that changed after a revision, and the revision they bring a reader to."""

    rev: int
    runs: tuple[RunRow, ...] = ()
    steps: tuple[StepRow, ...] = ()
    invocations: tuple[InvocationRow, ...] = ()
    waits: tuple[WaitRow, ...] = ()
    events: tuple[EventRow, ...] = ()
