"""One step, tried: the real machine does it once, every expression is watched, and whatever it asks of the world is answered here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

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
    StepFailed,
    StepSucceeded,
    WaitOpened,
)
from wfnb.machine.state import State
from wfnb.model.values import DELETE, JsonValue, Path, get_path
from wfnb.simulate.stubs import Answer, Stubs, placed, without_keys
from wfnb.simulate.waits import Open, reply, wait_names
from wfnb.stand_ins.fixtures import Fixture
from wfnb.validate.program import LinkedStep, Program
from wfnb.validate.template import Scope, Template

__all__ = ["Asked", "Evaluated", "Given", "Read", "Trial", "try_step"]

Given: TypeAlias = Callable[[tuple[str, ...]], tuple[str, str, Fixture] | None]
"""Looks up a result by the keys of a call: its source, where it came from, and itself; None leaves it to a sample."""


@dataclass(frozen=True, slots=True)
class Read:
    """A place that an expression read, and what was there; `DELETE` when there was nothing."""

    path: Path
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An expression of a field: its value, or why there is none."""

    field: str
    expression: str
    value: JsonValue = DELETE
    error: str | None = None
    reads: tuple[Read, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the step asked of the world. `problem` says why a run would refuse to ask it."""

    kind: Literal["action", "workflow", "wait"]
    name: str
    input: JsonValue
    problem: str | None = None


@dataclass(slots=True)
class Trial:
    """What came of it.

    Parameters
    ----------
    evaluated
        Every expression, in the order in which it was evaluated.
    asked, source, origin, answer
        What the step asked; where the answer came from, in a word and by name; and the answer.
    waits
        Why a wait stays open.
    branch, error, handled_by
        What became of the step. `handled_by` is ``retry``, ``onError``, the block that takes the error, or None when the run would fail.
    after_retries
        Who takes the error when all attempts are used up.
    state
        What it left.
    """

    state: State
    evaluated: list[Evaluated] = field(default_factory=list)
    asked: Asked | None = None
    source: str | None = None
    origin: str = ""
    answer: Answer | None = None
    waits: str | None = None
    branch: str | None = None
    error: Error | None = None
    handled_by: str | None = None
    after_retries: str | None = None


def try_step(
    program: Program, step: LinkedStep, before: State, *, stubs: Stubs, given: Given, at_us: int
) -> Trial:
    """Do one step.

    Parameters
    ----------
    program, step, before
        The step, and the state in which it begins.
    stubs
        Makes samples where no result was given, and checks inputs.
    given
        Results that were given.
    at_us
        The moment.
    """
    known: list[tuple[str, str, Answer]] = []
    trial = _Attempt(without_keys(program), step, before, stubs, given, at_us, known).run()
    if trial.handled_by == "retry":
        # What comes after the last attempt: the same once more, with a step that is not retried.
        once = _without_retry(program, step)
        last = _Attempt(without_keys(once), step, before, stubs, given, at_us, known).run()
        trial.after_retries = last.handled_by or "nobody"
    return trial


class _Attempt:
    """One step under way."""

    def __init__(  # noqa: PLR0917 - all that an attempt needs
        self,
        program: Program,
        step: LinkedStep,
        before: State,
        stubs: Stubs,
        given: Given,
        at_us: int,
        known: list[tuple[str, str, Answer]],
    ) -> None:
        self._program = program
        self._machine = MACHINES[program.kind]
        self._step = step
        self._stubs = stubs
        self._given = given
        self._at_us = at_us
        self._known = known  # answers are looked up once: a sequence of them goes on with every look
        self._trial = Trial(before)
        self._over = False

    def run(self) -> Trial:
        """Begin the step, answer what it asks, and stop before anything else begins."""
        self._send(Advance(at_us=self._at_us))
        return self._trial

    def _send(self, command: Command) -> None:
        effects = []
        decided = self._machine.microsteps(self._program, self._trial.state, command, self._evaluate)
        for event, after in decided:
            self._trial.state = after
            self._note(event)
            if isinstance(event, InvocationScheduled | ChildScheduled | WaitOpened):
                effects.append(event)
        for effect in effects:
            if self._trial.asked is None and not self._over:
                self._ask(effect)

    def _evaluate(self, template: Template, scope: Scope) -> JsonValue:
        for one in template.expressions():
            reads = tuple(_reads(one.compiled.references, scope))
            try:
                value = one.evaluate(scope)
            except WfnbError as error:
                made = Evaluated(one.field, one.compiled.source, error=error.message, reads=reads)
            else:
                made = Evaluated(one.field, one.compiled.source, value, reads=reads)
            if made not in self._trial.evaluated:
                self._trial.evaluated.append(made)
        return template.evaluate(scope)

    def _note(self, event: Event) -> None:
        trial = self._trial
        match event:
            case StepSucceeded():
                self._over = True
                trial.branch, trial.error = event.branch, event.error or trial.error
                trial.handled_by = event.handled_by or trial.handled_by
            case StepFailed():
                self._over = True
                trial.error, trial.handled_by = event.error, event.handled_by
            case RunFailed():
                trial.error = trial.error or event.error
            case ControlMoved(move="enter") if trial.error is not None and event.instance.endswith(".catch"):
                trial.handled_by = trial.handled_by or event.instance.removesuffix(".catch") + ".try"
            case _:
                pass

    # --- the world

    def _ask(self, effect: InvocationScheduled | ChildScheduled | WaitOpened) -> None:
        if isinstance(effect, WaitOpened):
            self._wait(effect)
            return
        problem = self._problem(effect)
        self._trial.asked = _asked(self._program, effect, problem)
        if problem is not None:
            self._trial.source, answer = "refused", Answer(None, error=error_data(problem))
        else:
            source, origin, answer = self._answer(effect)
            self._trial.source, self._trial.origin = source, origin
        self._trial.answer = answer
        self._send(_command(self._at_us, effect.effect_id, answer))

    def _problem(self, effect: InvocationScheduled | ChildScheduled) -> WfnbError | None:
        shown = effect
        if isinstance(effect, InvocationScheduled):
            shown = replace(effect, input=placed(self._program, effect))
        try:
            self._stubs.check(shown)
        except WfnbError as error:
            return error
        return None

    def _answer(self, effect: InvocationScheduled | ChildScheduled) -> tuple[str, str, Answer]:
        if not self._known:
            found = self._given(_keys(self._step, effect))
            if found is not None:
                source, origin, fixture = found
                output = fixture.output
                if isinstance(effect, InvocationScheduled) and fixture.error is None and source != "recorded":
                    output = self._stubs.as_stored(effect, fixture)
                self._known.append((source, origin, Answer("fixture", output, fixture.error)))
            else:
                sampled = self._sample(effect)
                self._known.append((str(sampled.source), "", sampled))
        return self._known[0]

    def _sample(self, effect: InvocationScheduled | ChildScheduled) -> Answer:
        if isinstance(effect, ChildScheduled):
            return self._stubs.child(self._step.id, effect)
        return self._stubs.call(self._step.id, effect)

    def _wait(self, opened: WaitOpened) -> None:
        if opened.wait_type == "retry":
            return
        asked = {
            name: value
            for name, value in (
                ("event", opened.event_name),
                ("key", opened.key),
                ("filters", opened.filters),
            )
            if value
        }
        self._trial.asked = Asked("wait", opened.event_name or opened.wait_type, opened.task or asked)
        found = self._given((self._step.id, *wait_names(opened)))
        said = reply(self._step.id, opened, found[2] if found else None)
        if isinstance(said, Open):
            self._trial.waits = said.message
            return
        if found is not None:
            self._trial.source, self._trial.origin = found[0], found[1]
        self._trial.answer = Answer("fixture", said.payload)
        self._send(said.command(opened, self._at_us))


def _keys(step: LinkedStep, effect: InvocationScheduled | ChildScheduled) -> tuple[str, ...]:
    if isinstance(effect, ChildScheduled):
        name = f"workflow:{effect.workflow_id}"
        return step.id, f"{name}@{effect.workflow_version}", name
    return step.id, f"{effect.action_id}@{effect.action_version}", effect.action_id


def _asked(
    program: Program, effect: InvocationScheduled | ChildScheduled, problem: WfnbError | None
) -> Asked:
    text = None if problem is None else problem.message
    if isinstance(effect, ChildScheduled):
        return Asked("workflow", f"{effect.workflow_id}@{effect.workflow_version}", effect.payload, text)
    return Asked("action", f"{effect.action_id}@{effect.action_version}", placed(program, effect), text)


def _command(at_us: int, effect_id: str, answer: Answer) -> Command:
    if answer.error is not None:
        return Failed(at_us=at_us, effect_id=effect_id, error=answer.error)
    return Completed(at_us=at_us, effect_id=effect_id, output=answer.output)


def _without_retry(program: Program, tried: LinkedStep) -> Program:
    blocks = {
        name: tuple(replace(step, retry=None) if step.path == tried.path else step for step in steps)
        for name, steps in program.blocks.items()
    }
    return replace(program, blocks=blocks)


def _reads(references: Iterable[object], scope: Scope) -> Iterable[Read]:
    """The places that an expression names, each once, as far as they name one place."""
    seen: set[Path] = set()
    for reference in references:
        named: tuple[str | None, ...] = reference.path  # type: ignore[attr-defined]  # references of wfnb.expr
        known = named[: named.index(None)] if None in named else named
        path = tuple(part for part in known if part is not None)
        if path and path not in seen:
            seen.add(path)
            root = path[0]
            there = (
                scope.variables.get(root[1:], DELETE)
                if root.startswith("$")
                else scope.roots.get(root, DELETE)
            )
            yield Read(path, _at(there, path[1:]))


def _at(value: JsonValue, path: Path) -> JsonValue:
    for number, part in enumerate(path):
        if isinstance(value, list):  # the names behind a list are read of each of its items
            items = (_at(item, path[number:]) for item in value)
            return [item for item in items if item is not DELETE]
        value = get_path(value, (part,), DELETE) if isinstance(value, dict) else DELETE
    return value
