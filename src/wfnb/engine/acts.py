"""Acts: pending effects are performed here, after the transaction that scheduled them, and end in an output or an error."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from wfnb.engine.children import child_outcome
from wfnb.engine.recorded import Recorded
from wfnb.engine.secrets import Call, masked_error, with_secrets
from wfnb.engine.surroundings import Surroundings
from wfnb.errors import CommandError, RegistryError, StoreError, TransientError, WfnbError
from wfnb.machine.faults import error_data
from wfnb.machine.messages import Error, Event, InvocationScheduled, Source
from wfnb.machine.state import State
from wfnb.model.arguments import check_text
from wfnb.model.times import iso
from wfnb.model.values import JsonValue
from wfnb.registry.actions import Action, ActionContext
from wfnb.security.redact import redactions, scrub, secret_texts
from wfnb.security.taint import CLEAN, Taint
from wfnb.store import logs
from wfnb.store.logs import LogRow
from wfnb.store.port import state_at
from wfnb.store.records import Claim, InvocationRow, RunRow
from wfnb.validate.program import Program

__all__ = ["Acts", "Ended"]

_LINE = 100_000  # characters that are looked through for secrets before a log line is cut


@dataclass(frozen=True, slots=True)
class Ended:
    """How an effect ended: with an output or an error; `after_us` is a moment before which it cannot have been.

    `doubted` is the attempt of which only a person can say how it ended; `source` says where the answer came from instead.
    """

    output: JsonValue = None
    cached: bool = False
    error: Error | None = None
    after_us: int = 0
    doubted: int | None = None
    source: Source | None = None


class Acts:
    """Performs the effects of one run, or answers them as they were answered: `recorded`."""

    def __init__(
        self, around: Surroundings, program: Program, run: RunRow, recorded: Recorded | None = None
    ) -> None:
        self._recorded = recorded
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
        if self._recorded is not None:
            return self._answered(self._recorded, run, state, effect_id, pending)
        if pending["kind"] == "child":
            return await self._child(run, state, effect_id, pending, held=held)
        act = _Act(self._around, self._program, run)
        try:
            if effect_id in self._calls:
                return await act.call(*self._calls.pop(effect_id))
            return await self._again(act, run, effect_id, pending.get("settled"))
        except StoreError:
            raise
        except WfnbError as error:
            return Ended(error=act.masked(error, state))

    def _answered(
        self,
        recorded: Recorded,
        run: RunRow,
        state: State,
        effect_id: str,
        pending: dict[str, JsonValue],
    ) -> Ended:
        """The answer on record, or what stands in for it; nothing outside is touched."""
        if pending["kind"] == "child":
            try:
                answer = recorded.child(effect_id, pending)
            except StoreError:
                raise
            except WfnbError as error:
                fault = _Act(self._around, self._program, run).masked(error, state)
                return Ended(error=fault, source="recorded")
        else:
            known = self._calls.pop(effect_id, None)
            answer = recorded.call(_scheduled(*self._found(effect_id)) if known is None else known[0])
        return Ended(answer.output, error=answer.error, source=answer.source)

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

    async def _again(self, act: _Act, run: RunRow, effect_id: str, settled: int | None) -> Ended:
        """Perform what was pending when a process died, as its action says; `settled` is the attempt that a person gave up."""
        row, claim = self._found(effect_id)
        action = self._around.actions.get(row.action_id, row.action_version)
        if claim.mode == "perform" and action is not None and settled != claim.attempt:
            if callable(action.in_doubt):
                known = await asked(action, row.key)
                if known is not None:
                    return (
                        act.told(known, action, row)
                        if known.doubted is None
                        else Ended(doubted=claim.attempt)
                    )
            elif action.in_doubt == "hold":
                return Ended(doubted=claim.attempt)
        if claim.mode == "perform":
            attempt = self._around.store.begin_attempt(claim.invocation_no, run.updated_us)
            claim = replace(claim, attempt=attempt)
        return await act.call(_scheduled(row, claim), claim)

    def _found(self, effect_id: str) -> tuple[InvocationRow, Claim]:
        """A pending call and whose it is, read from the tables after a crash."""
        found = self._around.store.invocation(self._run_no, effect_id)
        if found is None:
            raise CommandError(
                "A pending effect has no invocation row.", code="STORE_INCONSISTENT", where=effect_id
            )
        return found


def _scheduled(row: InvocationRow, claim: Claim) -> InvocationScheduled:
    """The event that a row of the tables comes from."""
    return InvocationScheduled(
        at_us=row.scheduled_us,
        effect_id=row.effect_id,
        instance=row.instance,
        action_id=row.action_id,
        action_version=row.action_version,
        key=row.key,
        input=row.input,
        attempt=claim.attempt,
    )


async def asked(action: Action, key: str) -> Ended | None:
    """What the receiver of a call knows of a key; None when it has not heard of it. One that cannot answer leaves a doubt."""
    if not callable(action.in_doubt):
        return None  # nobody to ask
    try:
        output = await asyncio.to_thread(action.in_doubt, key)
        return None if output is None else Ended(action.dump_output(output))
    except Exception:  # noqa: BLE001 - whatever a receiver does, the call stays in doubt
        return Ended(doubted=0)


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
        now = iso(self._run.updated_us)
        data = self._whole(action, scheduled.instance, scheduled.input)
        facts = (self._run.run_id, scheduled.instance, scheduled.key, claim.attempt, now, self._taint)
        context = ActionContext(*facts, partial(self._log, scheduled.instance))
        output = await self._around.performer.perform(action, data, context)
        return Ended(output if action.may_return_secrets else self._taint.value(output))

    def told(self, ended: Ended, action: Action, row: InvocationRow) -> Ended:
        """What the receiver of a call told of it: it may quote the secrets that the call was given."""
        self._input = row.input
        self._whole(action, row.instance, row.input)
        return ended if action.may_return_secrets else replace(ended, output=self._taint.value(ended.output))

    def _whole(self, action: Action, instance: str, data: JsonValue) -> JsonValue:
        """The input with the values of its secrets, which are masked from now on."""
        self._hidden = action.redact_input
        call = Call(self._run.run_id, self._run.tenant, instance)
        whole, self._taint = with_secrets(self._program, data, call, self._around.secrets)
        return whole

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
