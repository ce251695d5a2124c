"""The part of a workspace that simulates: definitions run without any effect, and the coverage of several such runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from wfnb.engine.clock import Clock
from wfnb.engine.programs import Programs
from wfnb.errors import NotAllowedError, ValidationError
from wfnb.model.values import JsonValue
from wfnb.roles import may
from wfnb.services import definitions
from wfnb.services.audit import Actor
from wfnb.services.pins import of_workflow
from wfnb.simulate.budget import Bounds, Budget
from wfnb.simulate.prepare import draft, fixture_keys, is_name, start_payload, story_clock
from wfnb.simulate.simulator import Outcome, first_state, simulate
from wfnb.simulate.stubs import Stubs
from wfnb.simulation import Coverage, Simulation, coverage_of
from wfnb.stand_ins.fixtures import Fixtures
from wfnb.store.port import Store
from wfnb.store.records import VersionRow
from wfnb.validate.catalog import Catalog
from wfnb.validate.program import Program

__all__ = ["Simulating"]


class Simulating:
    """The part of a workspace that simulates."""

    _catalog: Catalog
    _clock: Clock
    _by: Actor
    _programs: Programs
    _store: Store
    tenant: str

    def _known(self, workflow: str, version: int | None) -> VersionRow:
        """A published version; a workspace knows them."""
        raise NotImplementedError

    def simulate(
        self,
        definition: dict[str, JsonValue] | str | os.PathLike[str],
        payload: JsonValue = None,
        *,
        fixtures: Mapping[str, JsonValue] | None = None,
        version: int | None = None,
        limits: Mapping[str, int] | None = None,
        pins: bool = False,
    ) -> Simulation:
        """Run a definition without any effect: the real steps and expressions, with stubs instead of actions.

        Nothing is stored and no action is called. Retries are not simulated: an error counts at once.

        Parameters
        ----------
        definition
            Id of a published workflow; or a definition that need not be published: a dict, the path of a file, or text.
        payload
            An object, checked as for a run. Without one, a sample of the workflow's payload schema.
        fixtures
            Outputs by step id, else by action (``reserve@1`` or ``reserve``) or child workflow (``workflow:invoice``, an object
            of payload and vars), event name or task type. ``{"$error": {"message": ..., "category": ...}}`` makes a call fail, ``{"$each": [...]}`` gives
            one output per call. An action without a fixture gives a sample of its output schema; a wait without one pauses the
            simulation.
        version
            A version of a published workflow, or the latest one.
        limits
            ``steps`` (500, at most 5,000), ``iterations`` of a loop (100, at most 1,000), ``time_ms`` of CPU time (5,000, at
            most 30,000). A simulation that goes beyond one has failed, whatever handles errors.
        pins
            Whether the pinned results of the workflow count as fixtures, too; `warnings` names each with where it came from.
            What is given as a fixture goes before them.

        Raises
        ------
        DefinitionError
            ``NOT_SIMULATED`` when the definition has errors.
        NotFoundError
            ``NO_SUCH_WORKFLOW`` or ``NO_SUCH_VERSION``.
        ValidationError, LimitExceeded
            When the payload, a fixture (``INVALID_FIXTURE``) or a limit cannot be.

        Examples
        --------
        >>> import wfnb
        >>> ws = wfnb.open(store="memory")
        >>> double = {"id": "double", "type": "transform.assign", "config": {"assign": {"vars.n": {"$expr": "payload.n * 2"}}}}
        >>> ws.simulate({"id": "twice", "name": "Twice", "steps": [double]}, {"n": 4}).vars
        {'n': 8}
        """
        program, number = self._program(definition, version)
        given, notes = self._with_pins(program, fixtures) if pins else (fixtures, ())
        outcome = self._simulated(program, number, payload, given, limits, notes=notes)
        return Simulation.of(program, number, outcome)

    def _with_pins(
        self, program: Program, fixtures: Mapping[str, JsonValue] | None
    ) -> tuple[dict[str, JsonValue], tuple[str, ...]]:
        """Fixtures with the pins that they leave room for, and a sentence for each of those."""
        if not may(self._by.role, "inspect"):
            raise NotAllowedError(f"The role {self._by.role} may not inspect.", where="pins")
        rows = of_workflow(self._store.database, self.tenant, program.definition.id)
        used = [row for row in rows if row.step_id not in (fixtures or {})]
        merged = {**{row.step_id: row.result for row in used}, **(fixtures or {})}
        return merged, tuple(f"“{row.step_id}” is pinned ({row.source})." for row in used)

    def coverage(
        self,
        definition: dict[str, JsonValue] | str | os.PathLike[str],
        cases: Iterable[Mapping[str, JsonValue]],
        *,
        version: int | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> Coverage:
        """Which steps and branches several simulations take together, and which none does.

        Parameters
        ----------
        definition, version, limits
            As for `simulate`; the limits count for each simulation.
        cases
            One object of ``payload`` and ``fixtures`` for each simulation; both may be left out.

        Raises
        ------
        WfnbError
            As `simulate`; ``INVALID_ARGUMENT`` for a case that is something else.
        """
        program, number = self._program(definition, version)
        outcomes = [
            self._simulated(program, number, case.get("payload"), case.get("fixtures"), limits)
            for case in map(_case, cases)
        ]
        simulations = (Simulation.of(program, number, outcome) for outcome in outcomes)
        return coverage_of(program, outcomes, simulations)

    def _program(
        self, definition: dict[str, JsonValue] | str | os.PathLike[str], version: int | None
    ) -> tuple[Program, int]:
        if isinstance(definition, str) and is_name(definition):
            known = self._known(definition, version)
            return self._programs.get(definition, known.version), known.version
        if version is not None:
            raise ValidationError(
                "A version belongs to the id of a published workflow.",
                code="INVALID_ARGUMENT",
                where="version",
            )
        program = draft(definitions.written(definition), self._catalog)
        return program, program.definition.version or 1

    def _simulated(
        self,
        program: Program,
        version: int,
        payload: JsonValue,
        fixtures: Mapping[str, JsonValue] | None,
        limits: Mapping[str, int] | None,
        *,
        notes: tuple[str, ...] = (),
    ) -> Outcome:
        bounds, given = Bounds.of(limits), Fixtures(fixtures)
        begun, note = start_payload(program, payload, programs=self._programs, catalog=self._catalog)
        stubs = Stubs(self._catalog, self._programs, given)
        for warning in (*notes, *([note] if note else ()), *given.strange(fixture_keys(program))):
            stubs.warn(warning)
        clock = story_clock(self._clock)
        first = first_state(program, version, begun, clock=clock, tenant=self.tenant)
        return simulate(program, first, stubs=stubs, budget=Budget(bounds), clock=clock)


def _case(case: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    if not isinstance(case, Mapping) or not case.keys() <= {"payload", "fixtures"}:
        raise ValidationError(
            "A case is an object of payload and fixtures.", code="INVALID_ARGUMENT", where="cases"
        )
    return case
