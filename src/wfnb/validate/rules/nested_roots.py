"""Rule: a root that is read inside a filter is written with $, or it is looked for in each item."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.expr import lint
from wfnb.validate.findings import Finding
from wfnb.validate.source import Source

__all__ = ["check"]


def check(source: Source) -> Iterator[Finding]:
    """A warning for every root that is probably read from the wrong place."""
    for site in source.sites:
        for found in lint(site.compiled) if site.compiled else ():
            yield site.step.warning("NESTED_ROOT", found.message, found.hint, site.field)
