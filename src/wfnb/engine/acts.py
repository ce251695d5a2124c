"""Acts: pending effects are performed here, after the transaction that scheduled them, and end in an output or an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from wfnb.engine.children import child_outcome
from wfnb.engine.secrets import Call, masked_error, with_secrets
from wfnb.engine.surroundings import Surroundings
from wfnb.errors import CommandError, RegistryError, StoreError, TransientError, WfnbError
from wfnb.machine.faults import error_data
from wfnb.machine.messages import Error, Event, InvocationScheduled
from wfnb.machine.state import State
from wfnb.model.arguments import check_text
from wfnb.model.times import iso
from wfnb.model.values import JsonValue
from wfnb.registry.actions import ActionContext
from wfnb.security.redact import redactions, scrub, secret_texts
from wfnb.security.taint import CLEAN, Taint
from wfnb.store import logs
from wfnb.store.logs import LogRow
from wfnb.store.port import state_at
from wfnb.store.records import Claim, RunRow
from wfnb.validate.program import Program

__all__ = ["Acts", "Ended"]

_LINE = 100_000  # characters that are looked through for secrets before a log line is cut


@dataclass(frozen=True, slots=True)
class Ended:
    """How an effect ended: with an output or an error; `after_us` is a moment before which it cannot have been."""

    output: JsonValue = None
    cached: bool = False
    error: Error | None = None
    after_us: int = 0


class Acts:
    """Performs the effects of one run."""

    def __init__(self, around: Surroundings, program: Program, run: RunRow) -> None:
        self._around = around
        self._program = program
        self._run_no = run.run_no
        self._calls: dict[str, tuple[InvocationScheduled, Claim]] = {}

    def scheduled(self, events: Iterable[Event], claims: Mapping[str, Claim]) -> None:
        """Effects were committed: what they are, and whose their keys are."""
        for event in events:
            if isinstance(event, InvocationScheduled):
                self._calls[event.effect_id] = (event, claims[event.effect_id])

    async def perform(self, run: RunRow, state: State, effect_id: str, *, held: bool) -> Ended | None:
        """Perform an effect; None when it is a run that has not ended yet.

        Raises
        ------
        StoreError
            When the tables fail: that says nothing about the step, and whoever drives the run next does it again.
        """
        pending = state.pending[effect_id]
        if pending["kind"] == "child":
            return await self._child(run, state, effect_id, pending, held=held)
        act = _Act(self._around, self._program, run)
        try:
            known = effect_id in self._calls
            scheduled, claim = self._calls.pop(effect_id) if known else self._recovered(run, effect_id)
            return await act.call(scheduled, claim)
        except StoreError:
            raise
        except WfnbError as error:
            return Ended(error=act.masked(error, state))

    async def _child(
        self, run: RunRow, state: State, effect_id: str, pending: dict[str, JsonValue], *, held: bool
    ) -> Ended | None:
        try:
            child = self._around.child(run, effect_id, pending)
            if held:
                child = await self._around.standstill(child)
            if not child.over:
                return None
            output = child_outcome(child, state_at(self._around.store, child))
        except StoreError:
            raise
        except WfnbError as error:
            fault = _Act(self._around, self._program, run).masked(error, state)
            ended = self._around.store.child(run.run_no, effect_id)
            return Ended(error=fault, after_us=(ended.completed_us or 0) if ended is not None else 0)
        return Ended(output, after_us=child.completed_us or 0)

    def _recovered(self, run: RunRow, effect_id: str) -> tuple[InvocationScheduled, Claim]:
        """What is to be performed, read from the tables after a crash."""
        found = self._around.store.invocation(self._run_no, effect_id)
        if found is None:
            raise CommandError(
                "A pending effect has no invocation row.", code="STORE_INCONSISTENT", where=effect_id
            )
        row, claim = found
        if claim.mode == "perform":
            attempt = self._around.store.begin_attempt(claim.invocation_no, run.updated_us)
            claim = replace(claim, attempt=attempt)
        event = InvocationScheduled(
            at_us=row.scheduled_us,
            effect_id=effect_id,
            instance=row.instance,
            action_id=row.action_id,
            action_version=row.action_version,
            key=row.key,
            input=row.input,
            attempt=claim.attempt,
        )
        return event, claim


class _Act:
    """One call, and what it must not tell."""

    def __init__(self, around: Surroundings, program: Program, run: RunRow) -> None:
        self._around = around
        self._program = program
        self._run = run
        self._run_no = run.run_no
        self._input: JsonValue = None
        self._taint: Taint = CLEAN
        self._hidden: tuple[str, ...] = ()

    async def call(self, scheduled: InvocationScheduled, claim: Claim) -> Ended:
        """Call the action, unless its key has an answer."""
        self._input = scheduled.input
        if claim.mode == "cached":
            return Ended(claim.output, cached=True)
        if claim.mode == "busy":
            raise TransientError(
                "Another run is performing a call with the same idempotency key.", code="KEY_IN_PROGRESS"
            )
        action = self._around.actions.get(scheduled.action_id, scheduled.action_version)
        if action is None:
            raise RegistryError(
                f"The action {scheduled.action_id}@{scheduled.action_version} is not registered here."
            )
        self._hidden = action.redact_input
        now = iso(self._run.updated_us)
        call = Call(self._run.run_id, self._run.tenant, scheduled.instance)
        data, self._taint = with_secrets(self._program, scheduled.input, call, self._around.secrets)
        facts = (call.run_id, call.instance, scheduled.key, claim.attempt, now, self._taint)
        context = ActionContext(*facts, partial(self._log, call.instance))
        output = await self._around.performer.perform(action, data, context)
        return Ended(output if action.may_return_secrets else self._taint.value(output))

    def _log(self, instance: str, level: str, message: str, context: dict[str, JsonValue]) -> None:
        """Keep a line of the action. Only what is wrong with the line is the action's fault, never what is wrong with the store."""
        clock = self._around.clock
        at_us = self._run.updated_us if clock.simulated else clock.lease_us()
        known = secret_texts(self._input, self._hidden)
        said: str = scrub(self._taint.text(check_text(message, "message", longest=_LINE)), known)
        facts: dict[str, JsonValue] = scrub(self._taint.value(context), known)
        with suppress(StoreError):
            logs.add(
                self._around.store.database,
                LogRow(0, self._run_no, instance, at_us, level, "action", said, facts),
            )

    def masked(self, error: WfnbError, state: State) -> Error:
        """An error as data. An action may quote in it what it was given: secrets of the call and of the run are masked."""
        envelope = state.envelope
        known = {*secret_texts(self._input, self._hidden), *secret_texts(envelope, redactions(envelope))}
        scrubbed: Error = scrub(error_data(masked_error(error, self._taint)), known)
        return scrubbed
