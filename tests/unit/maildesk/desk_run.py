"""Run the e-mail workflow on the pure machine, with the real actions: no engine, no store, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wfnb.errors import WfnbError
from wfnb.machine import pipeline
from wfnb.machine.faults import error_data
from wfnb.machine.messages import Advance, Command, Completed, Failed, InvocationScheduled, Start, StepStarted
from wfnb.machine.protocol import evaluate
from wfnb.machine.state import State, initial_state
from wfnb.maildesk.actions import register
from wfnb.maildesk.demo import email_workflow, message_key
from wfnb.maildesk.desk import Desk
from wfnb.model.definition import Definition
from wfnb.registry.actions import ActionContext
from wfnb.registry.email_nodes import EMAIL_NODES
from wfnb.validate.catalog import Catalog
from wfnb.validate.link import link
from wfnb.validate.program import Program

AT_US = 1_794_000_000_000_000
NOW = "2026-11-06T12:00:00.000Z"


class Registries:
    """What `register` needs of a workspace, over a catalog."""

    def __init__(self) -> None:
        self.catalog = Catalog()
        for node in EMAIL_NODES:
            self.catalog.nodes.add(node)

    def action(self, name, version=1, **options):
        return lambda function: self.catalog.actions.add(function, id=name, version=version, **options)

    def schema(self, ref, model):
        self.catalog.schemas.add(ref, model)


@dataclass
class Outcome:
    """A finished run: its last state, the ids of the steps it took, and the calls it made."""

    state: State
    steps: list[str]
    calls: list[InvocationScheduled]

    @property
    def payload(self) -> dict[str, Any]:
        return self.state.envelope["payload"]

    @property
    def label(self) -> str:
        return self.state.envelope["meta"]["state"]

    @property
    def ticket_id(self) -> str | None:
        return self.payload["targetTicketId"] or (self.payload["existingTicket"] or {}).get("ticketId")


@dataclass
class DeskRuns:
    """Runs by message key: a key that was used gives the same run again, as a start with a key does."""

    desk: Desk
    runs: dict[str, Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        registries = Registries()
        register(registries, self.desk)
        self.catalog = registries.catalog
        self.program: Program = link(Definition.model_validate(email_workflow()), self.catalog)

    def start(self, payload: dict[str, Any]) -> Outcome:
        key = message_key(payload)
        if key not in self.runs:
            self.runs[key] = self.run(payload)
        return self.runs[key]

    def run(self, payload: dict[str, Any], run_id: str = "run") -> Outcome:
        state = initial_state(
            run_id,
            workflow_id="inbound-email",
            workflow_version=1,
            started_at_us=AT_US,
            payload=payload,
            meta={},
        )
        outcome = Outcome(state, [], [])
        commands: list[Command] = [Start(at_us=AT_US)]
        while not outcome.state.terminal:
            command = commands.pop() if commands else Advance(at_us=AT_US)
            commands.extend(self._apply(outcome, command))
        return outcome

    def _apply(self, outcome: Outcome, command: Command) -> list[Command]:
        answers = []
        for event, after in pipeline.microsteps(self.program, outcome.state, command, evaluate):
            outcome.state = after
            if isinstance(event, StepStarted):
                outcome.steps.append(event.step_id)
            if isinstance(event, InvocationScheduled):
                outcome.calls.append(event)
                answers.append(self._perform(event))
        return answers

    def _perform(self, call: InvocationScheduled) -> Command:
        action = self.catalog.actions.get(call.action_id, call.action_version)
        context = ActionContext("run", call.instance, call.key, call.attempt, NOW)
        try:
            data = action.parse_input(call.input)
            result = action.function(data, context) if action.takes_context else action.function(data)
            return Completed(at_us=AT_US, effect_id=call.effect_id, output=action.dump_output(result))
        except WfnbError as error:
            return Failed(at_us=AT_US, effect_id=call.effect_id, error=error_data(error))
