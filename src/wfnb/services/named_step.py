"""The step of a program that a person means: by its id, or by its definition path."""

from __future__ import annotations

from wfnb.errors import NotFoundError
from wfnb.security.escape import visible
from wfnb.validate.findings import nearest
from wfnb.validate.program import LinkedStep, Program

__all__ = ["step_of"]


def step_of(program: Program, named: str) -> LinkedStep:
    """The step with this id, or at this definition path.

    Raises
    ------
    NotFoundError
        ``NO_SUCH_STEP``.
    """
    steps = [step for block in program.blocks.values() for step in block]
    found = next((step for step in steps if named in (step.id, step.path)), None)
    if found is None:
        raise NotFoundError(
            f"There is no step {visible(named, 80)} in {program.definition.id}.",
            code="NO_SUCH_STEP",
            hint=nearest(named, [step.id for step in steps]),
        )
    return found
