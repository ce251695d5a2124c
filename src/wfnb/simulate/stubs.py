"""Stubs: the answers that stand for actions and child workflows, and the program they are called by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wfnb.engine.programs import Programs
from wfnb.engine.secrets import Call, with_secrets
from wfnb.errors import ValidationError, WfnbError
from wfnb.machine.messages import ChildScheduled, Error, InvocationScheduled
from wfnb.model.values import JsonValue
from wfnb.registry.actions import Action, validate_model
from wfnb.simulate.trace import Source
from wfnb.stand_ins.fixtures import Fixture, Fixtures
from wfnb.stand_ins.sample import sample
from wfnb.validate.catalog import Catalog
from wfnb.validate.program import LinkedStep, Program

__all__ = ["Answer", "Stubs", "placed", "without_effects", "without_keys"]


def without_effects(program: Program) -> Program:
    """The program without retries, and without keys that an action's own function would make: nobody's code is called.

    Explicit idempotency keys stay, because their expressions can fail.
    """
    blocks = {name: tuple(map(_tamed, steps)) for name, steps in program.blocks.items()}
    return replace(program, blocks=blocks)


def without_keys(program: Program) -> Program:
    """The program without keys that an action's own function would make; retries stay."""
    blocks = {name: tuple(map(_keyless, steps)) for name, steps in program.blocks.items()}
    return replace(program, blocks=blocks)


def _tamed(step: LinkedStep) -> LinkedStep:
    return replace(_keyless(step), retry=None)


def _keyless(step: LinkedStep) -> LinkedStep:
    return replace(step, action=replace(step.action, key_of=_no_key)) if step.action else step


def _no_key(_data: JsonValue) -> None:
    return None


class _Placeholders:
    """Instead of a vault: a text that says which secret would stand there."""

    def reveal(self, names: Sequence[str], call: Call) -> Mapping[str, str]:  # noqa: ARG002 - every call gets the same
        return {name: f"[SECRET:{name}]" for name in names}


def placed(program: Program, scheduled: InvocationScheduled) -> JsonValue:
    """The input of a call with placeholders where a run would put secrets."""
    call = Call("", "", scheduled.instance)
    return with_secrets(program, scheduled.input, call, _Placeholders())[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one call, and where it came from; None when it was refused."""

    source: Source | None
    output: JsonValue = None
    error: Error | None = None


class Stubs:
    """Answers calls: from fixtures, else from the output schema, else with nothing and a warning.

    Parameters
    ----------
    catalog, programs
        The registered actions, and the published workflows.
    fixtures
        What was given; a simulation uses it up.
    """

    def __init__(self, catalog: Catalog, programs: Programs, fixtures: Fixtures) -> None:
        self._catalog = catalog
        self._programs = programs
        self._fixtures = fixtures
        self._sampled: dict[tuple[str, int], Answer] = {}
        self._warned: dict[str, None] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the answers leave in doubt, each sentence once."""
        return tuple(self._warned)

    def warn(self, message: str) -> None:
        """Say something, unless it was said before."""
        self._warned[message] = None

    def check(self, scheduled: InvocationScheduled | ChildScheduled) -> None:
        """Check what a call is given, as a run would.

        Raises
        ------
        WfnbError
            When the input does not fit the action, or the payload the workflow.
        """
        if isinstance(scheduled, InvocationScheduled):
            self._action(scheduled).parse_input(scheduled.input)
        else:
            program = self._programs.get(scheduled.workflow_id, scheduled.workflow_version)
            self._programs.payload(program, scheduled.payload)

    def call(self, step_id: str, scheduled: InvocationScheduled) -> Answer:
        """The answer to a call of an action."""
        action = self._action(scheduled)
        fixture = self.fixture(step_id, f"{action.id}@{action.version}", action.id)
        if fixture is None:
            return self._sample(action)
        if fixture.error is not None:
            return Answer("fixture", error=fixture.error)
        return Answer("fixture", self._as_given(action, fixture))

    def child(self, step_id: str, scheduled: ChildScheduled) -> Answer:
        """The answer of another workflow.

        Raises
        ------
        ValidationError
            ``INVALID_FIXTURE`` when its fixture is no object of payload and vars.
        """
        name = f"workflow:{scheduled.workflow_id}"
        fixture = self.fixture(step_id, f"{name}@{scheduled.workflow_version}", name)
        if fixture is None:
            self.warn(f"There is no fixture “{name}”: its payload and vars are empty.")
            return Answer("empty", {"payload": {}, "vars": {}, "meta": {}})
        if fixture.error is not None:
            return Answer("fixture", error=fixture.error)
        return Answer("fixture", _envelope(fixture))

    def _action(self, scheduled: InvocationScheduled) -> Action:
        action = self._catalog.actions.get(scheduled.action_id, scheduled.action_version)
        if action is None:
            raise AssertionError("a call is linked with its action")
        return action

    def fixture(self, *keys: str) -> Fixture | None:
        """The next entry of the first of these keys that has a fixture; None when none has."""
        fixture = self._fixtures.take(*keys)
        if fixture is not None and fixture.beyond:
            self.warn(
                f"The fixture “{fixture.key}” has fewer entries than there are calls; the last one is repeated."
            )
        return fixture

    def as_stored(self, scheduled: InvocationScheduled, fixture: Fixture) -> JsonValue:
        """A given output as a run would store it: with the defaults of the model."""
        return self._as_given(self._action(scheduled), fixture)

    def _as_given(self, action: Action, fixture: Fixture) -> JsonValue:
        """What a run would store: with the defaults of the model. What does not fit is taken as it is, with a warning."""
        try:
            return action.dump_output(fixture.output)
        except WfnbError as error:
            self.warn(f"The fixture “{fixture.key}” is not what the action gives. {error.message}")
            return fixture.output

    def _sample(self, action: Action) -> Answer:
        known = self._sampled.get((action.id, action.version))
        if known is None:
            known = self._sampled[action.id, action.version] = self._first_sample(action)
        return known

    def _first_sample(self, action: Action) -> Answer:
        name = f"{action.id}@{action.version}"
        try:
            output = sample(action.output_schema())
        except Exception:  # noqa: BLE001 - models of other people may have no JSON Schema, or one of their own making
            output = {}
        if output is None or output == {}:
            self.warn(f"{name} has no fixture, and its output schema names no fields: its output is {{}}.")
            return Answer("empty", {})
        try:
            validate_model(action.output_model, output, what=f"The sample for {name}")
        except ValidationError as error:
            self.warn(f"{error.message} Give a fixture.")
        return Answer("schema", output)


def _envelope(fixture: Fixture) -> JsonValue:
    given = fixture.output
    if not isinstance(given, dict) or not given.keys() <= {"payload", "vars", "meta"}:
        raise ValidationError(
            "The fixture of a workflow is an object of payload and vars.",
            code="INVALID_FIXTURE",
            where=f"fixtures.{fixture.key}",
        )
    return {"payload": {}, "vars": {}, "meta": {}, **given}
