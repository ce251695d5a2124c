"""Rule: a step id stands once in the whole definition."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.validate.findings import Finding
from wfnb.validate.source import Source

__all__ = ["check"]


def check(source: Source) -> Iterator[Finding]:
    """A finding for every step whose id an earlier step has."""
    first: dict[str, str] = {}
    for step in source.steps:
        if step.id is None:
            continue
        if step.id in first:
            yield step.error(
                "DUPLICATE_STEP_ID",
                f"The id “{step.id}” is used twice: at {first[step.id]} and at {step.path}.",
                "Give one of the two another id.",
                "id",
            )
        first.setdefault(step.id, step.path)
