"""The driver of one run: decide, commit, act, and again. The only loop between the machine and the world.

*Commit, then act*: an effect is performed only after the transaction that scheduled it. So a crash before the commit changed
nothing, and after it recovery finds the effect pending and performs it with the same key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from wfnb.engine.children import child_outcome
from wfnb.engine.clock import Clock
from wfnb.engine.ids import spread_of
from wfnb.engine.performers import Performer
from wfnb.engine.secrets import NO_SECRETS, Call, Secrets, masked_error, with_secrets
from wfnb.errors import CommandError, RegistryError, StoreError, TransientError, WfnbError
from wfnb.machine.faults import error_data
from wfnb.machine.messages import (
    Advance,
    Cancel,
    Command,
    Completed,
    Event,
    Failed,
    Fired,
    InvocationScheduled,
    Signaled,
    Start,
    StepCanceled,
    StepFailed,
    StepSucceeded,
)
from wfnb.machine.pipeline.waits import RESUMED
from wfnb.machine.protocol import Machine, evaluate
from wfnb.machine.state import State
from wfnb.model.paths import definition_path
from wfnb.model.times import iso
from wfnb.model.values import JsonValue
from wfnb.registry.actions import ActionContext, ActionRegistry
from wfnb.security.redact import redactions, scrub, secret_texts
from wfnb.security.taint import CLEAN, Taint
from wfnb.store.port import Store, state_at
from wfnb.store.records import Claim, Commit, Macrostep, RunRow
from wfnb.validate.program import Program

__all__ = ["Driver", "Surroundings"]

_PATIENCE_S = 5.0  # how long a debugger's step waits for a retry or a pause
_COMMITS_PER_BREATH = (
    16  # a run of pure steps lets leases, cancels and other runs in between: a few milliseconds
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a driver needs from the engine around it.

    `child` begins the child run that a pending effect asks for, unless it is there already; `standstill` waits until a run is
    over or waits itself; `committed` hears of the state after every commit, and whether the run was parked with it; `secrets`
    gives out the values that a call asks for.
    """

    store: Store
    actions: ActionRegistry
    clock: Clock
    performer: Performer
    seed: int | None
    child: Callable[[RunRow, str, dict[str, JsonValue]], RunRow]
    standstill: Callable[[RunRow], Awaitable[RunRow]]
    committed: Callable[[State, bool], None]
    secrets: Secrets = NO_SECRETS


class Driver:
    """Drives one run that this engine has claimed.

    A run that waits is *parked*: its lease is given back, and whoever sees it ready drives it on. `held` keeps a run here for a
    debugger instead.
    """

    def __init__(
        self,
        around: Surroundings,
        machine: Machine,
        program: Program,
        run: RunRow,
        state: State,
        *,
        held: bool = False,
    ) -> None:
        self.state = state
        self.held = held
        self.parked = False
        self._run = run
        self._seq = run.seq
        self._updated_us = run.updated_us
        self._around = around
        self._machine = machine
        self._program = program
        self._claims: dict[str, Claim] = {}
        self._inputs: dict[str, InvocationScheduled] = {}
        self._input: JsonValue = None
        self._taint: Taint = CLEAN
        self._step_ended = False

    @property
    def run(self) -> RunRow:
        """The run's row as the last commit left it; made when it is asked for, because most steps need only two of its fields."""
        return replace(self._run, seq=self._seq, updated_us=self._updated_us, status=self.state.status)

    async def to_end(self) -> None:
        """Drive the run until it is over or parked.

        Raises
        ------
        StaleWriterError
            When another owner has taken the run over; nothing was changed then.
        """
        commits = 0
        while not self.state.terminal and not self.parked:
            await self.once(ahead=True)
            commits += 1
            if commits % _COMMITS_PER_BREATH == 0:
                await asyncio.sleep(0)

    async def to_step_end(self) -> None:
        """Drive the run until one step has ended, and begin no further one: what a debugger calls.

        A step that waits for somebody stays as it is.
        """
        self._step_ended = False
        while not self._step_ended and not self.state.terminal:
            if not await self.once(ahead=False):
                return

    def next_step(self) -> tuple[str, str, str] | None:
        """Id, instance path and type of the step under way or next."""
        instance = self._machine.cursor(self._program, self.state)
        step = self._program.step(definition_path(instance)) if instance else None
        return (step.id, instance, step.type) if step and instance else None

    async def once(self, *, ahead: bool) -> bool:
        """One commit; False when the run has to wait instead.

        `ahead`: begin the next step in the same transaction in which the last one ended.
        """
        if self.state.status == "PENDING":
            self._commit((Start(at_us=self._now(acted=False)),), ahead=ahead)
        elif self.state.pending:
            effect_id = next(iter(self.state.pending))
            command = await self._perform(effect_id)
            if command is None:
                self._wait()
                return False
            self._commit((command,), ahead=ahead)
        else:
            self._commit((), ahead=True)
        return True

    def cancel(self, reason: str, actor: str) -> None:
        """End the run from outside."""
        self._commit((Cancel(at_us=self._now(acted=False), reason=reason, actor=actor),), ahead=False)

    # --- deciding and committing

    def _now(self, *, acted: bool) -> int:
        return self._around.clock.moment_us(self._run.run_id, self._seq + 1, self._updated_us, acted=acted)

    def _commit(self, commands: tuple[Command, ...], *, ahead: bool) -> None:
        state = self.state
        macrosteps: list[Macrostep] = []
        at_us = self._updated_us
        for command in commands:
            state, events = self._decide(state, command)
            at_us = command.at_us
            macrosteps.append(Macrostep(at_us, type(command).__name__, events))
        if ahead and state.status == "RUNNING" and not state.pending:
            seq = self._seq + len(macrosteps) + 1
            at_us = self._around.clock.moment_us(self._run.run_id, seq, at_us, acted=False)
            spread = spread_of(self._around.seed, self._run.run_id, seq)
            state, events = self._decide(state, Advance(at_us=at_us, spread=spread))
            macrosteps.append(Macrostep(at_us, "Advance", events))
        macrosteps = [step for step in macrosteps if step.events]
        if not macrosteps:
            raise CommandError("The run cannot go on from here.", where=self._run.run_id)
        self._store(macrosteps, state)

    def _decide(self, state: State, command: Command) -> tuple[State, tuple[Event, ...]]:
        events: list[Event] = []
        for event, after in self._machine.microsteps(self._program, state, command, evaluate):
            events.append(event)
            state = after
        return state, tuple(events)

    def _store(self, macrosteps: list[Macrostep], state: State) -> None:
        cursor = self._machine.cursor(self._program, state)
        events = [event for step in macrosteps for event in step.events]
        commit = Commit(
            self._run.run_no,
            self._run.epoch,
            self._seq,
            tuple(macrosteps),
            state,
            definition_path(cursor) if cursor else None,
            release=state.terminal,
            park=self._parks(state),
        )
        claims = self._around.store.commit(commit)
        self._claims.update(claims)
        self._inputs = {e.effect_id: e for e in events if isinstance(e, InvocationScheduled)}
        self._step_ended |= any(isinstance(e, StepSucceeded | StepFailed | StepCanceled) for e in events)
        self.state = state
        self._seq += len(macrosteps)
        self._updated_us = macrosteps[-1].at_us
        self.parked = commit.park
        self._around.committed(state, self.parked)

    # --- waiting

    def _parks(self, state: State) -> bool:
        """Whether nothing is left to do but to wait. A simulated pause is over at once."""
        if self.held or state.status != "WAITING":
            return False
        types = {pending.get("waitType") for pending in state.pending.values()}
        return not (self._around.clock.simulated and types <= {"retry", "time"})

    def _wait(self) -> None:
        """Give the run back until what it waits for has come; a held one stays here."""
        if not self.held:
            self._around.store.park(self._run.run_no, self._run.epoch)
            self.parked = True
            self._around.committed(self.state, True)

    async def _awaited(self, effect_id: str, pending: dict[str, JsonValue]) -> Command | None:
        """What ends a wait, when it has come."""
        found = self._around.store.wait(self._run.run_no, effect_id)
        spread = spread_of(self._around.seed, self._run.run_id, self._seq + 1)
        if found is not None and found[0].answered_us is not None and found[1] is not None:
            self._updated_us = max(self._updated_us, found[0].answered_us)
            came = found[1]
            return Signaled(
                at_us=self._now(acted=False),
                effect_id=effect_id,
                name=came.name,
                payload=came.payload,
                override=came.name == RESUMED,
                spread=spread,
            )
        due_us = pending.get("dueAt")
        now_us = None if due_us is None else await self._due(int(due_us), pending["waitType"])
        if now_us is None:
            return None
        return Fired(at_us=max(now_us, self._updated_us), effect_id=effect_id, spread=spread)

    async def _due(self, due_us: int, wait_type: str) -> int | None:
        """The moment at which a wait is over, or None when that lies ahead; a debugger has a little patience."""
        clock = self._around.clock
        if wait_type not in ("retry", "time"):
            return clock.expired_us(due_us)
        now_us = clock.due_now_us(due_us)
        ahead_s = (due_us - clock.lease_us()) / 1_000_000
        if now_us is None and self.held and ahead_s < _PATIENCE_S:
            await asyncio.sleep(max(0.0, ahead_s))
            now_us = max(due_us, clock.lease_us())
        return now_us

    # --- acting

    async def _perform(self, effect_id: str) -> Command | None:
        """Do what is pending; None when that has to be waited for."""
        pending = self.state.pending[effect_id]
        if pending["kind"] == "wait":
            return await self._awaited(effect_id, pending)
        spread = spread_of(self._around.seed, self._run.run_id, self._seq + 1)
        try:
            if pending["kind"] == "child":
                child = await self._child(effect_id, pending)
                if not child.over:
                    return None
                output, cached = child_outcome(child, state_at(self._around.store, child)), False
            else:
                output, cached = await self._call(effect_id)
        except StoreError:
            raise  # the tables failed, not the step: whoever drives the run next does this again
        except WfnbError as error:
            data = self._without_secrets(error_data(masked_error(error, self._taint)))
            return Failed(at_us=self._now(acted=True), effect_id=effect_id, error=data, spread=spread)
        return Completed(
            at_us=self._now(acted=True), effect_id=effect_id, output=output, cached=cached, spread=spread
        )

    def _without_secrets(self, error: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """An action may quote in its error what it was given: secrets of the call and of the run are masked in it."""
        envelope = self.state.envelope
        known = {*secret_texts(self._input), *secret_texts(envelope, redactions(envelope))}
        scrubbed: dict[str, JsonValue] = scrub(error, known)
        return scrubbed

    async def _child(self, effect_id: str, pending: dict[str, JsonValue]) -> RunRow:
        """The run that a step has called; it is begun unless it is there."""
        child = self._around.child(self.run, effect_id, pending)
        if self.held:
            child = await self._around.standstill(child)
        self._updated_us = max(self._updated_us, child.completed_us or 0)
        return child

    async def _call(self, effect_id: str) -> tuple[JsonValue, bool]:
        scheduled, claim = self._scheduled(effect_id)
        self._input, self._taint = scheduled.input, CLEAN
        if claim.mode == "cached":
            return claim.output, True
        if claim.mode == "busy":
            raise TransientError(
                "Another run is performing a call with the same idempotency key.", code="KEY_IN_PROGRESS"
            )
        action = self._around.actions.get(scheduled.action_id, scheduled.action_version)
        if action is None:
            raise RegistryError(
                f"The action {scheduled.action_id}@{scheduled.action_version} is not registered here."
            )
        now = iso(self._updated_us)
        call = Call(self._run.run_id, self._run.tenant, scheduled.instance)
        data, self._taint = with_secrets(self._program, scheduled.input, call, self._around.secrets)
        context = ActionContext(call.run_id, call.instance, scheduled.key, claim.attempt, now, self._taint)
        output = await self._around.performer.perform(action, data, context)
        return output if action.may_return_secrets else self._taint.value(output), False

    def _scheduled(self, effect_id: str) -> tuple[InvocationScheduled, Claim]:
        """What is to be performed: known from this driver's own commit, or read from the tables after a crash."""
        if effect_id in self._inputs:
            return self._inputs[effect_id], self._claims.pop(effect_id)
        found = self._around.store.invocation(self._run.run_no, effect_id)
        if found is None:
            raise CommandError(
                "A pending effect has no invocation row.", code="STORE_INCONSISTENT", where=effect_id
            )
        row, claim = found
        if claim.mode == "perform":
            attempt = self._around.store.begin_attempt(claim.invocation_no, self._updated_us)
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
