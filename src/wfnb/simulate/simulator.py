"""The simulator: drives the real machine over stubs, in simulated time, within a budget. It performs nothing and stores nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from wfnb.engine.clock import Clock
from wfnb.errors import WfnbError
from wfnb.machine.faults import error_data
from wfnb.machine.kinds import MACHINES
from wfnb.machine.messages import (
    Advance,
    ChildScheduled,
    Command,
    Completed,
    ControlMoved,
    Error,
    Event,
    Failed,
    InvocationScheduled,
    RunFailed,
    Start,
    StepStarted,
    WaitOpened,
)
from wfnb.machine.state import State, initial_state
from wfnb.model.paths import definition_path
from wfnb.model.values import JsonValue
from wfnb.security.redact import redactions, scrub, secret_texts
from wfnb.simulate.budget import Budget, OutOfBudgetError
from wfnb.simulate.masked import Mask
from wfnb.simulate.stubs import Answer, Stubs, placed, without_effects
from wfnb.simulate.trace import StubbedCall, Trace, TraceEntry
from wfnb.simulate.waits import Open, reply, wait_names
from wfnb.validate.program import Program
from wfnb.validate.template import Scope, Template

__all__ = ["Outcome", "Status", "first_state", "simulate"]

Status = Literal["completed", "paused", "failed"]

_ITEM = re.compile(r"\.body\{(\d+)\}$")
_RUN = "simulation"  # the id that expressions would read as the run's


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a simulation gave, secrets masked; see `wfnb.simulation.Simulation`."""

    status: Status
    payload: JsonValue
    vars: JsonValue
    trace: tuple[TraceEntry, ...]
    invocations: tuple[StubbedCall, ...]
    errors: tuple[Error, ...]
    warnings: tuple[str, ...]
    taken: frozenset[tuple[str, str]]


def simulate(program: Program, first: State, *, stubs: Stubs, budget: Budget, clock: Clock) -> Outcome:
    """Run a program to its end, to a wait that nothing answers, or to the end of the budget.

    Parameters
    ----------
    program
        What is run.
    first
        Where it begins; see `first_state`.
    stubs
        Answers to its calls; they are used up.
    budget
        How much it may do.
    clock
        Simulated time: the same in every simulation.
    """
    return _Simulator(program, first, stubs, budget, clock).to_end()


def first_state(
    program: Program, version: int, payload: JsonValue, *, clock: Clock, tenant: str = "local"
) -> State:
    """The state a simulation begins with."""
    return initial_state(
        _RUN,
        workflow_id=program.definition.id,
        workflow_version=version,
        started_at_us=clock.start_us(_RUN, 1),
        payload=payload,
        meta={},
        tenant=tenant,
    )


class _Simulator:
    """One simulation under way."""

    def __init__(self, program: Program, first: State, stubs: Stubs, budget: Budget, clock: Clock) -> None:
        self._program = without_effects(program)
        self._machine = MACHINES[program.kind]
        self._stubs = stubs
        self._budget = budget
        self._clock = clock
        self._now_us = clock.start_us(_RUN, 1)
        self._seq = 0
        self._first = self._state = first
        self._trace = Trace(self._program)
        self._effects: dict[str, InvocationScheduled | ChildScheduled | WaitOpened] = {}
        self._open: set[str] = set()  # waits that nothing answers
        self._calls: list[StubbedCall] = []
        self._errors: list[Error] = []

    def to_end(self) -> Outcome:
        """Run until it cannot go on."""
        try:
            status = self._run()
        except OutOfBudgetError as spent:
            status = "failed"
            place = self._machine.cursor(self._program, self._state)
            error = {**error_data(spent.error), "category": "LimitExceeded", "nodePath": place}
            self._errors.append(error)
        return self._outcome(status)

    def _run(self) -> Status:
        self._send(lambda at_us: Start(at_us=at_us))
        while not self._state.terminal:
            effect_id = next((known for known in self._state.pending if known not in self._open), None)
            if effect_id is not None:
                self._answer(self._effects[effect_id])
            elif not self._send(lambda at_us: Advance(at_us=at_us)):
                return "paused"
        return "completed" if self._state.status == "SUCCEEDED" else "failed"

    # --- deciding

    def _send(self, command: Callable[[int], Command], *, acted: bool = False) -> bool:
        """Give the machine a command; whether anything came of it."""
        self._budget.time()
        self._seq += 1
        self._now_us = self._clock.moment_us(_RUN, self._seq, self._now_us, acted=acted)
        before = self._state
        decided = self._machine.microsteps(self._program, before, command(self._now_us), self._evaluate)
        for event, after in decided:
            self._state = after
            self._note(event)
        return self._state is not before

    def _evaluate(self, template: Template, scope: Scope) -> JsonValue:
        self._budget.time()
        return template.evaluate(scope)

    def _note(self, event: Event) -> None:
        if isinstance(event, InvocationScheduled):
            event = replace(event, input=placed(self._program, event))
        match event:
            case StepStarted():
                self._budget.step()
            case InvocationScheduled() | ChildScheduled() | WaitOpened(wait_type="time" | "event" | "human"):
                self._effects[event.effect_id] = event
            case ControlMoved():
                self._moved(event)
            case RunFailed():
                self._errors.append(event.error)
            case _:
                pass
        self._trace.note(event)

    def _moved(self, event: ControlMoved) -> None:
        """A loop goes to another item: after this one, or beside others."""
        item = _ITEM.search(event.instance)
        if item is not None and event.move in ("enter", "next-item"):
            self._budget.iteration(int(item[1]) + (event.move == "next-item"), event.instance)

    # --- answering

    def _answer(self, effect: InvocationScheduled | ChildScheduled | WaitOpened) -> None:
        if isinstance(effect, WaitOpened):
            self._resume(effect)
        else:
            self._respond(effect)

    def _respond(self, scheduled: InvocationScheduled | ChildScheduled) -> None:
        try:
            self._stubs.check(scheduled)
        except WfnbError as error:
            answer = Answer(None, error=error_data(error))
        else:
            answer = self._stub(scheduled)
        if answer.error is not None:
            answer = replace(answer, error=self._without_secrets(answer.error, scheduled))
        self._record(scheduled, answer)
        self._send(lambda at_us: _command(at_us, scheduled.effect_id, answer), acted=True)

    def _resume(self, opened: WaitOpened) -> None:
        """Go on from a wait when a fixture says so."""
        step_id = self._step_id(opened)
        said = reply(step_id, opened, self._stubs.fixture(step_id, *wait_names(opened)))
        if isinstance(said, Open):
            self._trace.would_wait(opened.instance, said.message)
            self._open.add(opened.effect_id)
            return
        if opened.wait_type == "event" and not opened.key:
            self._stubs.warn(
                f"The wait “{step_id}” has an empty key: in a run only an event without a key answers it."
            )
        if said.by_time and opened.due_at_us is not None:
            self._now_us = max(self._now_us, opened.due_at_us)
        self._send(lambda at_us: said.command(opened, at_us))

    def _stub(self, scheduled: InvocationScheduled | ChildScheduled) -> Answer:
        step_id = self._step_id(scheduled)
        if isinstance(scheduled, ChildScheduled):
            return self._stubs.child(step_id, scheduled)
        return self._stubs.call(step_id, scheduled)

    def _step_id(self, event: InvocationScheduled | ChildScheduled | WaitOpened) -> str:
        step = self._program.step(definition_path(event.instance))
        return step.id if step else ""

    def _without_secrets(self, error: Error, scheduled: InvocationScheduled | ChildScheduled) -> Error:
        """Secrets of the call and of the run are masked in an error that may quote them, as a driver does."""
        given = scheduled.input if isinstance(scheduled, InvocationScheduled) else scheduled.payload
        envelope = self._state.envelope
        scrubbed: Error = scrub(error, {*secret_texts(given), *secret_texts(envelope, redactions(envelope))})
        return scrubbed

    def _record(self, scheduled: InvocationScheduled | ChildScheduled, answer: Answer) -> None:
        if isinstance(scheduled, ChildScheduled):
            return
        call = StubbedCall(
            self._step_id(scheduled),
            definition_path(scheduled.instance),
            scheduled.instance,
            scheduled.action_id,
            scheduled.action_version,
            scheduled.input,
            answer.output,
            answer.source,
            answer.error,
        )
        self._calls.append(call)

    # --- what people get

    def _outcome(self, status: Status) -> Outcome:
        mask = Mask(self._first.envelope, self._state.envelope)
        envelope = mask.envelope()
        return Outcome(
            status,
            envelope.get("payload"),
            envelope.get("vars"),
            tuple(map(mask.entry, self._trace.entries)),
            tuple(map(mask.call, self._calls)),
            tuple(map(mask.error, self._errors)),
            self._stubs.warnings,
            frozenset(self._trace.taken),
        )


def _command(at_us: int, effect_id: str, answer: Answer) -> Command:
    if answer.error is not None:
        return Failed(at_us=at_us, effect_id=effect_id, error=answer.error)
    return Completed(at_us=at_us, effect_id=effect_id, output=answer.output)
