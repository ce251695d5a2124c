"""Rule: the actions that steps call, or that their node types rest on, are registered."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.validate.catalog import Catalog
from wfnb.validate.findings import Finding, nearest
from wfnb.validate.raw import RawStep
from wfnb.validate.source import Source

__all__ = ["check"]

_CODE = "UNKNOWN_ACTION"


def check(source: Source) -> Iterator[Finding]:
    """A finding for every action that is not there."""
    for step in source.steps:
        if step.type == "action.call":
            yield from _called(step, source.catalog)
        else:
            yield from _rested_on(step, source.catalog)


def _called(step: RawStep, catalog: Catalog) -> Iterator[Finding]:
    name, version = step.config.get("actionId"), step.config.get("version")
    if not isinstance(name, str) or not name:
        return
    versions = catalog.actions.versions(name)
    if not versions:
        known = catalog.actions.names()
        hint = nearest(name, known) or _known(known)
        yield step.error(_CODE, f"There is no action “{name}”.", hint, "config.actionId")
    elif isinstance(version, int) and not isinstance(version, bool) and version not in versions:
        listed = ", ".join(map(str, versions))
        message = f"The action “{name}” has no version {version}."
        yield step.error(_CODE, message, f"Its versions are: {listed}.", "config.version")


def _known(names: list[str]) -> str:
    if not names:
        return "Register it first: no action is registered yet."
    more = ", …" if len(names) > 10 else ""
    return f"Register it first, or use one of: {', '.join(names[:10])}{more}."


def _rested_on(step: RawStep, catalog: Catalog) -> Iterator[Finding]:
    node = catalog.nodes.get(step.type)
    if node is None or (node.shape is None and node.function is None):
        return
    name, version = node.shape.action if node.shape else (f"node:{node.name}", 1)
    if catalog.actions.get(name, version) is None:
        message = f"The node type {node.name} rests on the action {name}@{version}, which is not registered."
        yield step.error(_CODE, message, f"Register {name} in version {version}.", "type")
