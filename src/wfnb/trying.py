"""The part of a workspace that tries one step at a time, and keeps pinned results for that."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wfnb.engine.clock import Clock
from wfnb.engine.programs import Programs
from wfnb.errors import NotFoundError, ValidationError, WfnbError
from wfnb.machine.kinds import MACHINES
from wfnb.machine.state import State
from wfnb.model.arguments import check_text, check_whole
from wfnb.model.paths import definition_path
from wfnb.model.values import DELETE, JsonValue, check_json, diff
from wfnb.pins import Pins
from wfnb.services import attempts, comparisons
from wfnb.services import pins as pinned
from wfnb.services.attempts import Recorded
from wfnb.services.audit import Actor
from wfnb.services.masks import RunMask
from wfnb.services.named_step import step_of
from wfnb.simulate.place import loops_around, state_before
from wfnb.simulate.prepare import start_payload, story_clock
from wfnb.simulate.stubs import Stubs
from wfnb.simulate.trial import Trial, try_step
from wfnb.stand_ins.fixtures import Fixture, Fixtures
from wfnb.step_test import FieldValue, StepCall, StepResult, StepTest, StepWrite, names_of
from wfnb.store.port import Store
from wfnb.store.records import VersionRow
from wfnb.tables import Rows
from wfnb.validate.catalog import Catalog
from wfnb.validate.program import LinkedStep, Program
from wfnb.validate.template import Scope

__all__ = ["Trying"]

_ROOTS = ("payload", "vars", "meta", "error")


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a step begins: the state, the moment, and where both came from."""

    state: State
    at_us: int
    begins: str
    recorded: Recorded | None = None


class Trying:
    """The part of a workspace that tries one step at a time."""

    _by: Actor
    _catalog: Catalog
    _clock: Clock
    _programs: Programs
    _store: Store
    tenant: str

    def _known(self, workflow: str, version: int | None) -> VersionRow:
        """A published version; a workspace knows them."""
        raise NotImplementedError

    def _program(
        self, definition: dict[str, JsonValue] | str | os.PathLike[str], version: int | None
    ) -> tuple[Program, int]:
        """The program of a definition; the part that simulates knows it."""
        raise NotImplementedError

    def pins(self, workflow: str) -> Pins:
        """The pinned results of a workflow: what its steps get when they are tried, and in simulations that ask for them.

        Parameters
        ----------
        workflow
            Id of a published workflow.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_WORKFLOW``.
        """
        known = self._known(workflow, None)
        return Pins(self._store, self._clock, self._by, self.tenant, known.workflow_id, known.definition)

    def test_step(
        self,
        definition: dict[str, JsonValue] | str | os.PathLike[str],
        step: str,
        *,
        envelope: Mapping[str, JsonValue] | None = None,
        results: Mapping[str, JsonValue] | None = None,
        run: Any = None,
        at: int | None = None,
        item: JsonValue = None,
        version: int | None = None,
    ) -> StepTest:
        """Do one step and nothing else, stage by stage. No action is called, nothing is stored.

        What the step asks of the world is answered by `results`; else by what it got in `run`; else by a pinned result (`pins`); else
        by a sample of the output schema. The answer says which.

        Parameters
        ----------
        definition, version
            As for `simulate`: a published workflow, or a definition that need not be published.
        step
            Id or definition path of the step.
        envelope
            What its expressions read: ``payload``, ``vars``, ``meta`` and ``error``, each of which may be left out.
        results
            As ``fixtures`` of `simulate`: by step id, action, event name and so on; ``$error`` makes the call fail.
        run, at
            A recorded run, or its id: the step begins with the state it had there. Its last execution, or the one under way at
            the macrostep `at`. The run may be of another version.
        item
            Item of the innermost loop around the step; without it, the first one that the loop would have.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_STEP``, also when the run did not come to it; ``NO_SUCH_RUN``, ``NO_SUCH_WORKFLOW``, ``NO_SUCH_VERSION``.
        DefinitionError
            ``NOT_SIMULATED`` when the definition has errors.
        ValidationError
            ``INVALID_FIXTURE``, ``INVALID_ARGUMENT``, ``NOT_JSON``.

        Examples
        --------
        >>> import wfnb
        >>> ws = wfnb.open(store="memory")
        >>> double = {"id": "double", "type": "transform.assign", "config": {"assign": {"vars.n": {"$expr": "payload.n * 2"}}}}
        >>> ws.test_step({"id": "twice", "name": "Twice", "steps": [double]}, "double", envelope={"payload": {"n": 4}})
        double (transform.assign) of twice v1: done
          begins with given
          reads       payload.n = 4
          fields      assign.vars.n: payload.n * 2  →  8
          writes      vars.n: (nothing) → 8
        """
        program, number = self._program(definition, version)
        linked = step_of(program, check_text(step, "step"))
        given = Fixtures(results)
        stubs = Stubs(self._catalog, self._programs, Fixtures(None))
        start = self._start_of(program, number, linked, stubs, envelope=envelope, run=run, at=at, item=item)
        pins = {row.step_id: (row.result, row.source) for row in self._pins_of(program)}

        def look(keys: tuple[str, ...]) -> tuple[str, str, Fixture] | None:
            return _look(keys, given, start.recorded, pins)

        trial = try_step(program, linked, start.state, stubs=stubs, given=look, at_us=start.at_us)
        return _told(program, number, linked, start, trial, stubs.warnings)

    def _pins_of(self, program: Program) -> list[pinned.PinRow]:
        return pinned.of_workflow(self._store.database, self.tenant, program.definition.id)

    def _start_of(
        self,
        program: Program,
        version: int,
        step: LinkedStep,
        stubs: Stubs,
        *,
        envelope: Mapping[str, JsonValue] | None,
        run: Any,
        at: int | None,
        item: JsonValue,
    ) -> _Start:
        if run is not None:
            if envelope is not None:
                raise ValidationError(
                    "A step begins with a recorded state or with a given one.",
                    code="INVALID_ARGUMENT",
                    where="envelope",
                )
            return self._recorded(program, step, run, at)
        clock = story_clock(self._clock)
        at_us = clock.start_us("test", 1)
        tree, begins = self._envelope(program, version, stubs, envelope)
        scope = Scope(tree, at_us)
        items: dict[str, tuple[int, list[JsonValue]]] = {}
        loops = loops_around(program, step)
        for loop in loops:
            chosen = item if loop is loops[-1] and item is not None else _first_item(loop, scope, stubs)
            items[loop.id] = (0, [chosen])
            tree["vars"] = {**tree["vars"], loop.item_var: chosen}
            scope = Scope(tree, at_us, {"item": chosen, "index": 0})
        state = state_before(program, step, tree, run_id="test", items=items)
        return _Start(state, at_us, begins)

    def _envelope(
        self, program: Program, version: int, stubs: Stubs, given: Mapping[str, JsonValue] | None
    ) -> tuple[dict[str, JsonValue], str]:
        checked = check_json(dict(given or {}), where="envelope")
        odd = next((name for name in checked if name not in _ROOTS), None)
        if odd is not None:
            raise ValidationError(
                "An envelope has payload, vars, meta and error.",
                code="INVALID_ARGUMENT",
                where="envelope",
                hint="Put other values into vars.",
            )
        facts = {"id": "test", "workflowId": program.definition.id, "workflowVersion": version}
        if "payload" not in checked:
            made, note = start_payload(program, None, programs=self._programs, catalog=self._catalog)
            checked["payload"] = made
            if note:
                stubs.warn(note)
        tree = {"v": 1, "run": facts, "meta": {}, "vars": {}, **checked}
        return tree, "given" if given else "sample"

    def _recorded(self, program: Program, step: LinkedStep, run: Any, at: int | None) -> _Start:
        row, _ = comparisons.point_of(self._store, run, "run", self.tenant)
        seq = None if at is None else check_whole(at, "at")
        known = attempts.recorded(self._store, row, step.id, seq)
        if known is None:
            raise NotFoundError(
                f"The run {row.run_id} did not come to {step.id}.",
                code="NO_SUCH_STEP",
                hint="Give the envelope yourself: envelope={'payload': {...}, 'vars': {...}}.",
            )
        items = dict(known.items)
        for loop in loops_around(program, step):
            items.setdefault(loop.id, (0, [known.envelope["vars"].get(loop.item_var)]))
        state = state_before(program, step, known.envelope, run_id=row.run_id, items=items)
        return _Start(state, known.at_us, f"run {row.run_id} at {known.seq}", known)


def _first_item(loop: LinkedStep, scope: Scope, stubs: Stubs) -> JsonValue:
    try:
        items = loop.condition.evaluate(scope) if loop.condition is not None else []
    except WfnbError as error:
        stubs.warn(f"The items of “{loop.id}” cannot be made, so its item is null: {error.message}")
        return None
    if isinstance(items, list) and items:
        return items[0]
    stubs.warn(f"The loop “{loop.id}” has no items here, so its item is null.")
    return None


def _look(
    keys: tuple[str, ...],
    given: Fixtures,
    recorded: Recorded | None,
    pins: Mapping[str, tuple[JsonValue, str]],
) -> tuple[str, str, Fixture] | None:
    """The result of a call: given, else recorded in the run that was named, else pinned."""
    said = given.take(*keys)
    if said is not None:
        return "given", "", said
    if recorded is not None and recorded.result is not None:
        output, error = recorded.result
        return "recorded", f"run {recorded.run_id}", Fixture(keys[0], output, error)
    pin = pins.get(keys[0])
    if pin is None:
        return None
    found = Fixtures({keys[0]: pin[0]}).take(keys[0])
    return None if found is None else ("pinned", pin[1], found)


def _told(  # noqa: PLR0917 - all that is told of
    program: Program, version: int, step: LinkedStep, start: _Start, trial: Trial, warnings: tuple[str, ...]
) -> StepTest:
    before, after = start.state.envelope, trial.state.envelope
    mask = RunMask(before, after)
    fields = [
        FieldValue(
            one.field,
            one.expression,
            one.value if one.value is DELETE else mask.data(one.value),
            None if one.error is None else mask.text(one.error),
            {".".join(map(str, read.path)): mask.value(read.path, read.value) for read in one.reads},
        )
        for one in trial.evaluated
    ]
    writes = [
        StepWrite(".".join(map(str, path)), mask.value(path, old), mask.value(path, new))
        for path, old, new in diff(_roots(before), _roots(after))
    ]
    asked, answer = trial.asked, trial.answer
    place = MACHINES[program.kind].cursor(program, trial.state) if trial.waits is None else None
    following = program.step(definition_path(place)) if place else None
    over = trial.handled_by == "retry" or following is None
    return StepTest(
        program.definition.id, version, step.id, step.type, step.path, start.begins,
        Rows(fields, columns=names_of(FieldValue)),
        None if asked is None else StepCall(asked.kind, asked.name, mask.data(asked.input), _masked(mask, asked.problem)),
        None if answer is None else StepResult(trial.source or "", trial.origin, mask.data(answer.output), _error(mask, answer.error)),
        Rows(writes, columns=names_of(StepWrite)),
        {root: mask.value((root,), after[root]) for root in _ROOTS if root in after},
        trial.branch, _error(mask, trial.error), trial.handled_by, trial.after_retries,
        _masked(mask, trial.waits), None if over or following is None else following.id, warnings, program.definition.to_json(),
    )  # fmt: skip


def _roots(envelope: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {root: envelope[root] for root in _ROOTS if root in envelope}


def _masked(mask: RunMask, text: str | None) -> str | None:
    return None if text is None else mask.text(text)


def _error(mask: RunMask, error: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
    if error is None:
        return None
    told: dict[str, JsonValue] = mask.data(error)
    return told
