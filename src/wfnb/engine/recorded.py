"""Answers on record: what a fork that touches nothing outside is given instead of the world.

The answer to an effect is that of the run it is a fork of, to the same attempt at the same step; else that of a fixture; else a
sample of what the action gives. A wait is answered as it was answered behind the point of the fork; otherwise somebody has to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from wfnb.engine.children import child_outcome
from wfnb.engine.programs import Programs
from wfnb.errors import CommandError, WfnbError
from wfnb.machine.faults import error_data
from wfnb.machine.messages import Error, Fired, InvocationScheduled, Signaled, Source
from wfnb.machine.pipeline.remap import translate
from wfnb.machine.pipeline.waits import RESUMED
from wfnb.model.paths import definition_path
from wfnb.model.values import JsonValue
from wfnb.registry.actions import Action, ActionRegistry
from wfnb.stand_ins.fixtures import Fixture, Fixtures
from wfnb.stand_ins.sample import sample
from wfnb.store.port import Store, state_at
from wfnb.store.records import InboxRow, InvocationRow, RunRow, StepRow, WaitRow
from wfnb.validate.program import LinkedStep, Program

__all__ = ["Answer", "Recorded"]

_EMPTY: JsonValue = {"payload": {}, "vars": {}, "meta": {}}


@dataclass(frozen=True, slots=True)
class Answer:
    """An output or an error, and where it came from."""

    source: Source
    output: JsonValue = None
    error: Error | None = None


@dataclass(frozen=True, slots=True)
class _Coming:
    """How a wait ends: with what came, or because its time has come."""

    source: Source
    came: InboxRow | None = None
    payload: JsonValue = None
    name: str | None = None


@dataclass(slots=True)
class _Origin:
    """A run that a fork comes from, directly or over other forks, the macrostep it was left at, and its program."""

    row: RunRow
    left_at: int
    program: Program
    attempts: dict[tuple[str, int], StepRow] | None = None


class Recorded:
    """Answers the effects of one fork.

    Parameters
    ----------
    store, programs, actions
        The tables, the versions, and what is registered here; no function of it is called.
    run, program
        The fork, and what it runs.
    """

    def __init__(
        self, store: Store, programs: Programs, actions: ActionRegistry, run: RunRow, program: Program
    ) -> None:
        self._store = store
        self._programs = programs
        self._actions = actions
        self._run = run
        self._program = program
        self._coming: dict[str, _Coming | None] = {}

    # --- calls

    def call(self, scheduled: InvocationScheduled) -> Answer:
        """The answer to a call of an action."""
        known = self._recorded_call(scheduled)
        if known is not None:
            return known
        name = f"{scheduled.action_id}@{scheduled.action_version}"
        fixture = self._fixtures.take(self._step(scheduled.instance).id, name, scheduled.action_id)
        action = self._actions.get(scheduled.action_id, scheduled.action_version)
        if fixture is None:
            return Answer("sampled", {} if action is None else _sample(action))
        output = fixture.output
        if action is not None and fixture.error is None:
            try:
                output = action.dump_output(output)  # with the defaults of its model
            except WfnbError as error:
                return Answer("fixture", error=error_data(error))
        return Answer("fixture", output, fixture.error)

    def _recorded_call(self, scheduled: InvocationScheduled) -> Answer | None:
        wanted = (scheduled.action_id, scheduled.action_version)
        for origin, instance in self._places(scheduled.instance):
            suffix = scheduled.effect_id.rpartition("#")[2]
            row = self._store.call_of(origin.row.run_no, f"{instance}#{suffix}")
            if row is not None and (row.action_id, row.action_version) != wanted:
                return None  # the step has called something else then
            if row is not None and row.status in ("SUCCEEDED", "FAILED"):
                return Answer(_source(row.input, scheduled.input), row.output, row.error)
            failed = self._failed_attempt(origin, instance, int(suffix), wanted)
            if failed is not None:
                return Answer(_source(failed[1].input, scheduled.input), error=failed[0])
        return None

    def _failed_attempt(
        self, origin: _Origin, instance: str, attempt: int, wanted: tuple[str, int]
    ) -> tuple[Error, InvocationRow] | None:
        """How an attempt failed that was followed by another one: that one has taken its row, its error stands with the step."""
        step = self._attempts(origin).get((instance, attempt))
        if step is None or step.error is None or step.status != "RETRY_SCHEDULED":
            return None
        calls = (row for row in self._store.invocations(origin.row.run_no) if row.instance == instance)
        call = next((row for row in calls if (row.action_id, row.action_version) == wanted), None)
        return None if call is None else (step.error, call)

    # --- other workflows

    def child(self, effect_id: str, pending: dict[str, JsonValue]) -> Answer:
        """What another workflow gave.

        Raises
        ------
        WfnbError
            ``CHILD_FAILED`` when it did not succeed then.
        """
        workflow, version = str(pending["workflowId"]), int(pending["workflowVersion"])
        for origin, instance in self._places(pending["instance"]):
            place = (origin.row.run_no, f"{instance}#{effect_id.rpartition('#')[2]}")
            kept = self._store.wait(*place)
            if kept is not None and "output" in (kept[0].answer or {}):
                return Answer("recorded", (kept[0].answer or {})["output"])
            child = self._store.child(*place)
            if child is None or not child.over or (child.workflow_id, child.workflow_version) != (
                workflow, version,
            ):  # fmt: skip
                continue
            given = state_at(self._store, child, 0).envelope["payload"]
            asked = self._programs.payload(self._programs.get(workflow, version), pending["payload"])
            return Answer(_source(given, asked), child_outcome(child, state_at(self._store, child)))
        name = f"workflow:{workflow}"
        fixture = self._fixtures.take(self._step(pending["instance"]).id, f"{name}@{version}", name)
        if fixture is None:
            return Answer("sampled", _EMPTY)
        output = {**_EMPTY, **fixture.output} if isinstance(fixture.output, dict) else _EMPTY
        return Answer("fixture", output, fixture.error)

    # --- waits

    def answers(self, effect_id: str, pending: dict[str, JsonValue]) -> bool:
        """Whether a wait need not be waited for."""
        return self._what_comes(effect_id, pending) is not None

    def awaited(
        self, effect_id: str, pending: dict[str, JsonValue], *, at_us: int, spread: float
    ) -> Signaled | Fired | None:
        """The command that ends a wait, or None when somebody has to answer it."""
        coming = self._what_comes(effect_id, pending)
        if coming is None:
            return None
        if coming.came is None and coming.name is None:
            return Fired(at_us=at_us, effect_id=effect_id, source=coming.source, spread=spread)
        came = coming.came
        return Signaled(
            at_us=at_us,
            effect_id=effect_id,
            name=str(coming.name) if came is None else came.name,
            payload=coming.payload if came is None else came.payload,
            override=came is not None and came.name == RESUMED,
            source=coming.source,
            spread=spread,
        )

    def _what_comes(self, effect_id: str, pending: dict[str, JsonValue]) -> _Coming | None:
        """How a wait ends; found out once, because a fixture is given once."""
        if effect_id not in self._coming:
            self._coming[effect_id] = self._find_answer(effect_id, pending)
        return self._coming[effect_id]

    def _find_answer(self, effect_id: str, pending: dict[str, JsonValue]) -> _Coming | None:
        if pending["waitType"] == "retry":
            return _Coming("recorded" if self._recorded_wait(effect_id, pending) else "sampled")
        if pending["waitType"] not in ("time", "event", "human"):
            return None
        found = self._recorded_wait(effect_id, pending)
        if found is not None:
            kept = found[0].answer or {}
            return _Coming("recorded", found[1], kept.get("payload"), kept.get("name"))
        fixture = self._wait_fixture(pending["instance"])
        if fixture is None:
            return None
        return _Coming("fixture", None, fixture.output, fixture.key)

    def _recorded_wait(
        self, effect_id: str, pending: dict[str, JsonValue]
    ) -> tuple[WaitRow, InboxRow | None] | None:
        """A wait that ended behind the point of the fork, and what answered it."""
        suffix = effect_id.rpartition("#")[2]
        for origin, instance in self._places(pending["instance"]):
            found = self._store.wait(origin.row.run_no, f"{instance}#{suffix}")
            if found is None:
                continue
            row, came = found
            if row.status != "RESOLVED" or (row.inbox_no is not None and came is None):
                return None
            if pending["waitType"] == "retry":
                return found
            step = self._attempts(origin).get((instance, int(suffix)))
            over = step is not None and step.end_seq is not None and step.end_seq > origin.left_at
            return found if over else None
        return None

    def _wait_fixture(self, instance: str) -> Fixture | None:
        step = self._step(instance)
        names = [step.id]
        if step.wait is not None:
            names += [name for name in (step.wait.event_name, step.wait.task_type) if name]
        return self._fixtures.take(*names)

    # --- where the fork comes from

    def _places(self, instance: str) -> Iterator[tuple[_Origin, str]]:
        """The same place in every run that this one comes from, the nearest first."""
        here, program = instance, self._program
        for origin in self._origins:
            try:
                here = translate(here, program, origin.program)
            except CommandError:
                return  # it had no such step
            program = origin.program
            yield origin, here

    @cached_property
    def _origins(self) -> list[_Origin]:
        found: list[_Origin] = []
        run = self._run
        while run.forked_from is not None:
            before = self._store.run_by_no(run.forked_from)
            if before is None:
                break  # it was deleted for its age
            program = self._program
            if before.definition_hash != program.hash:
                program = self._programs.get(before.workflow_id, before.workflow_version)
            found.append(_Origin(before, run.forked_seq or 0, program))
            run = before
        return found

    def _attempts(self, origin: _Origin) -> dict[tuple[str, int], StepRow]:
        if origin.attempts is None:
            origin.attempts = {
                (row.instance, row.attempt): row for row in self._store.steps(origin.row.run_no)
            }
        return origin.attempts

    def _step(self, instance: str) -> LinkedStep:
        step = self._program.step(definition_path(instance))
        if step is None:
            raise AssertionError("an effect belongs to a step")
        return step

    @cached_property
    def _fixtures(self) -> Fixtures:
        """What was given with the fork, without the entries that it has used up."""
        fixtures = Fixtures(self._run.fixtures)
        if not self._run.fixtures:
            return fixtures
        for call in self._store.invocations(self._run.run_no):
            if call.source == "fixture":
                name = f"{call.action_id}@{call.action_version}"
                for _ in range(call.attempt):
                    fixtures.take(self._step(call.instance).id, name, call.action_id)
        return fixtures


def _source(then: JsonValue, now: JsonValue) -> Source:
    return "recorded" if then == now else "recorded-changed"


def _sample(action: Action) -> JsonValue:
    """A sample of what an action gives; models of other people may have no JSON Schema, or one of their own making."""
    try:
        output = sample(action.output_schema())
    except Exception:  # noqa: BLE001 - as above
        return {}
    return {} if output is None else output
