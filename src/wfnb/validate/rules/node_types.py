"""Rule: the type of every step is a control block or a registered node type."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.validate.findings import Finding, nearest
from wfnb.validate.raw import BLOCKS
from wfnb.validate.source import Source

__all__ = ["check"]


def check(source: Source) -> Iterator[Finding]:
    """A finding for every type that nothing is known about."""
    nodes = source.catalog.nodes.names()
    for step in source.steps:
        if not step.type or step.type in BLOCKS or source.catalog.nodes.get(step.type) is not None:
            continue
        control = step.type.startswith("control.")
        known = list(BLOCKS) if control else [*nodes, *BLOCKS]
        what = "control block" if control else "node type"
        hint = nearest(step.type, known) or f"Known are: {', '.join(known)}."
        yield step.error("UNKNOWN_NODE_TYPE", f"There is no {what} “{step.type}”.", hint, "type")
