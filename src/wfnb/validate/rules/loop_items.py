"""Rule: the item of a loop is read inside that loop."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.validate.findings import Finding
from wfnb.validate.source import Source

__all__ = ["check"]

_HINT = "Move the step into the loop, or keep the value under another name in vars."


def check(source: Source) -> Iterator[Finding]:
    """A warning for every item variable, ``$item`` and ``$index`` read outside."""
    items = {loop.item_var for step in source.steps for loop in step.loops if loop.item_var}
    kept = {str(write.path[1]) for write in source.writes if write.path and write.path[0] == "vars"}
    for site in source.sites:
        for name in site.vars_read():
            if name in items and name not in kept and not site.step.has_item(name):
                message = f"“vars.{name}” is the item of a loop and is not there outside of it."
                yield site.step.warning("ITEM_OUTSIDE_LOOP", message, _HINT, site.field)
        for reference in site.compiled.references if site.compiled else ():
            root = reference.path[0]
            if root in ("$item", "$index") and not site.step.loops:
                message = f"“{root}” is read outside of any loop."
                yield site.step.warning("ITEM_OUTSIDE_LOOP", message, _HINT, site.field)
