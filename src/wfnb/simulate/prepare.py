"""What a simulation begins with: the program of a draft, a payload, and which fixtures could ever be asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from wfnb.engine.clock import Clock, SimulatedClock
from wfnb.engine.programs import Programs
from wfnb.errors import DefinitionError, ValidationError
from wfnb.model.values import JsonValue
from wfnb.stand_ins.sample import sample
from wfnb.validate.catalog import Catalog
from wfnb.validate.check import check
from wfnb.validate.link import link
from wfnb.validate.program import LinkedStep, Program

__all__ = ["draft", "fixture_keys", "is_name", "start_payload", "story_clock"]

_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._:-]*")


def is_name(definition: object) -> bool:
    """Whether this is the id of a workflow, and neither a definition nor the path of one.

    Examples
    --------
    >>> is_name("orders"), is_name("orders.yaml"), is_name("id: orders")
    (True, False, False)
    """
    if not isinstance(definition, str) or definition.endswith((".json", ".yaml", ".yml")):
        return False
    return _NAME.fullmatch(definition) is not None


def draft(written: JsonValue, catalog: Catalog) -> Program:
    """The program of a definition that need not be published. Its secrets need not be there either: nobody asks for their values.

    Raises
    ------
    DefinitionError
        ``NOT_SIMULATED`` with the first of its errors.
    """
    checked = check(written, replace(catalog, secret_names=None))
    if checked.definition is not None:
        return link(checked.definition, catalog)
    errors = [finding for finding in checked.findings if finding.severity == "error"]
    more = f" There are {len(errors) - 1} more errors." if len(errors) > 1 else ""
    raise DefinitionError(
        f"The definition has an error: {errors[0].message}{more}",
        code="NOT_SIMULATED",
        where=errors[0].path,
        hint=errors[0].hint or "ws.validate(definition) tells everything.",
    )


def start_payload(
    program: Program, payload: JsonValue, *, programs: Programs, catalog: Catalog
) -> tuple[JsonValue, str | None]:
    """The payload, checked as for a run; when there is none a sample of the payload schema, with a warning.

    Raises
    ------
    ValidationError, LimitExceeded
        When the payload that was given does not fit.
    """
    ref = program.definition.payload_schema_ref
    if payload is not None or ref is None or catalog.schemas.get(ref) is None:
        return programs.payload(program, payload), None
    made = sample(catalog.schemas.json_schema(ref))
    warning = f"No payload was given: a sample of {ref} was used."
    try:
        return programs.payload(program, made), warning
    except ValidationError as error:
        return made if isinstance(made, dict) else {}, f"{warning} {error.message}"


def fixture_keys(program: Program) -> Iterator[str]:
    """Every key that a fixture for this program may have."""
    for steps in program.blocks.values():
        for step in steps:
            yield from _keys(step)


def _keys(step: LinkedStep) -> Iterator[str]:
    if step.action is not None:
        yield from (step.id, step.action.id, f"{step.action.id}@{step.action.version}")
    if step.wait is not None:
        names = (step.id, step.wait.event_name, step.wait.task_type)
        yield from (name for name in names if name)
    if step.child is not None:
        workflow, version = step.child
        yield from (step.id, f"workflow:{workflow}", f"workflow:{workflow}@{version}")


def story_clock(clock: Clock) -> Clock:
    """The time simulations go by: the workspace's own when it is simulated, else always the same day."""
    return clock if clock.simulated else SimulatedClock("2026-01-01")
