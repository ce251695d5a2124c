"""Supplies: what answers the steps of a replay that no record answers; plain data, so that other processes can have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wfnb.errors import WfnbError
from wfnb.machine.messages import ChildScheduled, Command, InvocationScheduled, WaitOpened
from wfnb.machine.retrace import Supplied
from wfnb.model.values import JsonValue
from wfnb.registry.actions import Action, validate_model
from wfnb.simulate.waits import Open, reply, wait_names
from wfnb.stand_ins.fixtures import Fixtures
from wfnb.stand_ins.sample import sample
from wfnb.validate.catalog import Catalog
from wfnb.validate.program import Program

__all__ = ["Supply", "samples_of"]


class Supply:
    """Answers from fixtures, else from examples and samples, else with nothing. Made anew for every run: fixtures are used up.

    Parameters
    ----------
    fixtures
        As for a simulation: outputs by step id, action, workflow or event.
    samples
        By action (``reserve@1``) its output and where that comes from.

    Examples
    --------
    >>> asked = InvocationScheduled(
    ...     at_us=0, effect_id="", instance="", action_id="hold", action_version=1, key="", input={}, attempt=1
    ... )
    >>> Supply({}, {"hold@1": ["schema", {"held": 0}]}).call("hold", asked)
    Supplied(source='schema', output={'held': 0}, error=None)
    """

    def __init__(
        self, fixtures: Mapping[str, JsonValue] | None, samples: Mapping[str, list[JsonValue]]
    ) -> None:
        self._fixtures = Fixtures(fixtures)
        self._samples = samples

    def call(self, step_id: str, asked: InvocationScheduled | ChildScheduled) -> Supplied:
        """The answer to a call."""
        if isinstance(asked, InvocationScheduled):
            names = (f"{asked.action_id}@{asked.action_version}", asked.action_id)
            nothing: JsonValue = {}
        else:
            name = f"workflow:{asked.workflow_id}"
            names = (f"{name}@{asked.workflow_version}", name)
            nothing = {"payload": {}, "vars": {}, "meta": {}}
        fixture = self._fixtures.take(step_id, *names)
        if fixture is None:
            source, output = self._samples.get(names[0], ["empty", nothing])
            return Supplied(str(source), output)
        if fixture.error is not None:
            return Supplied("fixture", error=fixture.error)
        output = fixture.output
        if isinstance(asked, ChildScheduled) and isinstance(output, dict):
            output = {**nothing, **output}
        return Supplied("fixture", output)

    def wait(self, step_id: str, opened: WaitOpened, at_us: int) -> Command | None:
        """What a fixture says to a wait; None when it stays open."""
        said = reply(step_id, opened, self._fixtures.take(step_id, *wait_names(opened)))
        if isinstance(said, Open):
            return None
        moment = max(at_us, opened.due_at_us or at_us) if said.by_time else at_us
        return said.command(opened, moment)


def samples_of(program: Program, catalog: Catalog) -> dict[str, list[JsonValue]]:
    """What the actions of a program would give, as far as that can be said without calling them."""
    found: dict[str, list[JsonValue]] = {}
    for steps in program.blocks.values():
        for step in steps:
            action = step.action and catalog.actions.get(step.action.id, step.action.version)
            if action:
                found[f"{action.id}@{action.version}"] = _sample(action)
    return found


def _sample(action: Action) -> list[JsonValue]:
    """An example that says what comes out, else a sample of the output schema, else nothing."""
    for source, output in _candidates(action):
        try:
            validate_model(action.output_model, output, what="The sample")
        except WfnbError:
            continue
        return [source, output]
    return ["empty", {}]


def _candidates(action: Action) -> Iterator[tuple[str, Any]]:
    for example in action.examples:
        if isinstance(example, dict) and example.keys() == {"input", "output"}:
            yield "example", example["output"]
    try:
        yield "schema", sample(action.output_schema())
    except Exception:  # noqa: BLE001 - models of other people may have no JSON Schema, or one of their own making
        return
