"""The driver of one run: decide, commit, act, and again. The only loop between the machine and the world.

*Commit, then act*: an effect is performed only after the transaction that scheduled it. So a crash before the commit changed
nothing, and after it recovery finds the effect pending and performs it with the same key.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

from wfnb.engine.acts import Acts, Ended
from wfnb.engine.ids import spread_of
from wfnb.engine.leash import Leash
from wfnb.engine.recorded import Recorded
from wfnb.engine.surroundings import Surroundings
from wfnb.errors import CommandError
from wfnb.machine.messages import (
    Advance,
    Cancel,
    Command,
    Completed,
    Doubted,
    Event,
    Failed,
    Fired,
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
from wfnb.model.values import JsonValue
from wfnb.store.records import Commit, Macrostep, RunRow
from wfnb.validate.program import Program

__all__ = ["Driver"]

_PATIENCE_S = 5.0  # how long a debugger's step waits for a retry or a pause
_LOOK_S = 0.25  # how often a run that both acts and waits looks for answers
_COMMITS_PER_BREATH = (
    16  # a run of pure steps lets leases, cancels and other runs in between: a few milliseconds
)


class Driver:
    """Drives one run that this engine has claimed.

    A run that waits is *parked*: its lease is given back, and whoever sees it ready drives it on. So is one that somebody holds,
    wherever they are (`wfnb.engine.leash`). `held` keeps a run here for a debugger instead.
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
        record = (around.store, around.programs, around.actions, run, program)
        self._recorded = Recorded(*record) if run.recorded else None
        self._acts = Acts(around, program, run, self._recorded)
        self._under_way: dict[str, asyncio.Task[Ended | None]] = {}
        self._step_ended = False
        self._leaving = False
        self._leash = Leash(around, program, run)
        self._stopping = False

    @property
    def left(self) -> bool:
        """Whether the run was left at the end of a step, and can go on elsewhere."""
        return self._leaving and not self.state.terminal and not self.parked

    @property
    def run(self) -> RunRow:
        """The run's row as the last commit left it; made when it is asked for, because most steps need only two of its fields."""
        return replace(self._run, seq=self._seq, updated_us=self._updated_us, status=self.state.status)

    async def to_end(self) -> None:
        """Drive the run until it is over, parked, left or held.

        Raises
        ------
        StaleWriterError
            When another owner has taken the run over; nothing was changed then.
        """
        commits = 0
        try:
            while not self._is_done():
                await self.once(ahead=True)
                commits += 1
                if commits % _COMMITS_PER_BREATH == 0:
                    await asyncio.sleep(0)
            if self.parked and not self._stopping:
                self._leash.rest(self._waits_for())
        finally:
            for act in self._under_way.values():
                act.cancel()

    def _is_done(self) -> bool:
        """Whether nothing more is to be done here. A held run is given back when its calls have ended."""
        if self.state.terminal or self.parked:
            return True
        self._stopping = self._leash.stops(self._seq)
        if self._under_way:
            return False
        if self._stopping and all(what["kind"] != "action" for what in self.state.pending.values()):
            self.parked = self._leash.stand(waits=self.state.status == "WAITING")
            if not self.parked:
                return self._is_done()
            self._around.committed(self.state, True)
        return self.parked or self._leaving

    def hear(self, hold: str | None) -> None:
        """Somebody may hold the run: what the row says. The next commit says it too, but may have begun another step by then."""
        self._leash.hear(hold)

    def leave(self) -> None:
        """Begin nothing more: `to_end` returns as soon as what is under way has ended."""
        self._leaving = True

    async def to_step_end(self) -> None:
        """Drive the run until one step has ended, and begin no further one: what a debugger calls.

        A step that waits for somebody stays as it is.
        """
        self._step_ended = False
        while not self._step_ended and not self.state.terminal:
            if not await self.once(ahead=False):
                return

    def next_step(self, state: State | None = None) -> tuple[str, str, str] | None:
        """Id, instance path and type of the step under way or next, here or in another state of the run."""
        instance = self._machine.cursor(self._program, self.state if state is None else state)
        step = self._program.step(definition_path(instance)) if instance else None
        return (step.id, instance, step.type) if step and instance else None

    async def once(self, *, ahead: bool) -> bool:
        """One commit; False when the run has to wait instead.

        `ahead`: begin the next step in the same transaction in which the last one ended, unless somebody holds the run.
        """
        if self.state.status == "PENDING":
            self._commit((Start(at_us=self._now(acted=False)),), ahead=ahead and not self._leash.held)
        elif self.state.pending and (self._leaving or self._stopping or not self.state.can_advance):
            command = await self._next_command()
            if command is None:
                if not self.state.can_advance:
                    self._wait()
                return False
            self._commit((command,), ahead=ahead and not (self._leaving or self._leash.held))
        else:
            self._commit((), ahead=True)
        return True

    def cancel(self, reason: str, actor: str) -> None:
        """End the run from outside."""
        self._commit((Cancel(at_us=self._now(acted=False), reason=reason, actor=actor),), ahead=False)

    def give(self, command: Command) -> None:
        """Take in what a person does to the run."""
        self._commit((command,), ahead=False)

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
        if ahead and state.can_advance:
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
        committed = self._around.store.commit(commit)
        self._acts.scheduled(events, committed.claims)
        ahead = partial(self.next_step, state)
        self._leash.heard(committed.hold, self._seq, macrosteps, self.state, state, ahead)
        self._step_ended |= any(isinstance(e, StepSucceeded | StepFailed | StepCanceled) for e in events)
        self.state = state
        self._seq += len(macrosteps)
        self._updated_us = macrosteps[-1].at_us
        self.parked = commit.park
        self._around.committed(state, self.parked)

    # --- what comes next

    async def _next_command(self) -> Command | None:
        """What has come for one of the pending effects; None when all of them have to be waited for.

        Calls of several items are performed at once, but for a debugger and in simulated time: there one after the other.
        """
        pending = self.state.pending
        several = len(pending) > 1 and not (self.held or self._around.clock.simulated)
        if several or self._under_way:
            return await self._first_command(pending)
        for effect_id, what in pending.items():
            command = await self._command(effect_id, what)
            if command is not None:
                return command
        return None

    async def _command(self, effect_id: str, pending: dict[str, JsonValue]) -> Command | None:
        if pending["kind"] == "wait":
            return await self._awaited(effect_id, pending)
        ended = await self._acts.perform(self.run, self.state, effect_id, held=self.held)
        return None if ended is None else self._ended(effect_id, ended)

    async def _first_command(self, pending: dict[str, dict[str, JsonValue]]) -> Command | None:
        """The first answer among effects that are performed at once."""
        waits = {effect_id: what for effect_id, what in pending.items() if what["kind"] == "wait"}
        for effect_id in pending.keys() - waits.keys() - self._under_way.keys():
            act = self._acts.perform(self.run, self.state, effect_id, held=False)
            self._under_way[effect_id] = asyncio.create_task(act)
        while True:
            for effect_id, what in waits.items():
                command = await self._awaited(effect_id, what)
                if command is not None:
                    return command
            for effect_id in [known for known, act in self._under_way.items() if act.done()]:
                ended = self._under_way.pop(effect_id).result()
                if ended is not None:
                    return self._ended(effect_id, ended)
            if not self._under_way:
                return None
            await asyncio.wait(
                self._under_way.values(),
                return_when=asyncio.FIRST_COMPLETED,
                timeout=_LOOK_S if waits else None,
            )

    def _ended(self, effect_id: str, ended: Ended) -> Command:
        self._updated_us = max(self._updated_us, ended.after_us)
        spread = spread_of(self._around.seed, self._run.run_id, self._seq + 1)
        at_us = self._now(acted=True)
        if ended.doubted is not None:
            return Doubted(at_us=at_us, effect_id=effect_id, attempt=ended.doubted)
        if ended.error is not None:
            return Failed(
                at_us=at_us, effect_id=effect_id, error=ended.error, source=ended.source, spread=spread
            )
        return Completed(
            at_us=at_us,
            effect_id=effect_id,
            output=ended.output,
            cached=ended.cached,
            source=ended.source,
            spread=spread,
        )

    # --- waiting

    def _parks(self, state: State) -> bool:
        """Whether nothing is left to do but to wait. A simulated pause is over at once."""
        if self.held or state.status != "WAITING":
            return False
        recorded = self._recorded
        if recorded and any(recorded.answers(known, what) for known, what in _waits(state)):
            return False
        return not (self._around.clock.simulated and self._waits_for(state) <= {"retry", "time"})

    def _waits_for(self, state: State | None = None) -> set[str]:
        """Types of the waits of a state."""
        pending = (state or self.state).pending.values()
        return {str(what.get("waitType", what["kind"])) for what in pending}

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
        if self._recorded is not None:
            soon_us = due_us if due_us is not None and self._around.clock.simulated else self._updated_us
            at_us = max(self._now(acted=False), int(soon_us))
            told = self._recorded.awaited(effect_id, pending, at_us=at_us, spread=spread)
            if told is not None:
                return told
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


def _waits(state: State) -> list[tuple[str, dict[str, JsonValue]]]:
    return [(known, what) for known, what in state.pending.items() if what["kind"] == "wait"]
