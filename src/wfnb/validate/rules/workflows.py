"""Rule: the workflows that are called are published in the version that is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.validate.findings import Finding
from wfnb.validate.raw import RawStep
from wfnb.validate.source import Source

__all__ = ["check"]


def check(source: Source) -> Iterator[Finding]:
    """A finding for every call of a workflow or version that is not there; a workflow may call itself."""
    for step in source.steps:
        if step.type == "control.callWorkflow":
            yield from _called(step, source)


def _called(step: RawStep, source: Source) -> Iterator[Finding]:
    name, version = step.raw.get("workflowId"), step.raw.get("workflowVersion")
    if not isinstance(name, str):
        return
    published = source.catalog.versions_of(name)
    known = {*published, *(_own(published, source) if name == source.raw.get("id") else ())}
    if not known:
        message = f"There is no published workflow “{name}”."
        yield step.error("UNKNOWN_WORKFLOW", message, "Publish it first, or correct the id.", "workflowId")
    elif isinstance(version, int) and not isinstance(version, bool) and version > 0 and version not in known:
        listed = ", ".join(map(str, sorted(known)))
        message = f"The workflow “{name}” has no version {version}."
        yield step.error(
            "UNKNOWN_WORKFLOW_VERSION", message, f"Its versions are: {listed}.", "workflowVersion"
        )


def _own(published: tuple[int, ...], source: Source) -> set[int]:
    """Versions that the definition itself may become: the one it names, or the next."""
    written = source.raw.get("version")
    following = max(published, default=0) + 1
    return {following, written} if isinstance(written, int) and written > 0 else {following}
