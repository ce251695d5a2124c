"""Rule: every expression compiles."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.validate.findings import Finding
from wfnb.validate.sites import Site
from wfnb.validate.source import Source

__all__ = ["check"]


def check(source: Source) -> Iterator[Finding]:
    """A finding for every expression that does not compile, with the place in its text."""
    for site in (*source.sites, *source.trigger_sites):
        if site.fault is not None:
            yield _finding(site)


def _finding(site: Site) -> Finding:
    fault = site.fault
    if fault is None:
        raise AssertionError("only a site with a fault is told")
    if fault.code == "EMPTY_EXPRESSION":
        message = f"The expression in {site.field} is empty."
        return site.step.error("EMPTY_EXPRESSION", message, fault.hint, site.field)
    spot = f" (line {fault.line}, column {fault.column})" if fault.line is not None else ""
    reason = fault.message.rstrip(".")
    message = f"The expression in {site.field} cannot be used{spot}: {reason}."
    return site.step.error("INVALID_EXPR", message, fault.hint, site.field)
