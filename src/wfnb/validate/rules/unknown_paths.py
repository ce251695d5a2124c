"""Rule: what expressions read is there, as far as roots, schemas and writes tell."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.expr import Reference
from wfnb.validate.findings import Finding, nearest
from wfnb.validate.schema_paths import fields_at, schemas_at
from wfnb.validate.sites import Site
from wfnb.validate.source import Source

__all__ = ["check"]

_CODE = "UNKNOWN_PATH"
_ROOTS = ("payload", "vars", "meta", "error", "run", "v")
_LOOP = ("$item", "$index")


def check(source: Source) -> Iterator[Finding]:
    """A warning for every path that leads nowhere."""
    written = {write.path for write in source.writes if write.path is not None}
    names = {str(path[1]) for path in written if path[0] == "vars"}
    names |= {loop.item_var for step in source.steps for loop in step.loops}
    for site in source.sites:
        for reference in site.compiled.references if site.compiled else ():
            root = reference.path[0]
            if root == "payload":
                yield from _payload(site, reference, source, written)
            elif root == "vars":
                yield from _vars(site, reference, names)
            elif root not in _ROOTS and root is not None and root not in _LOOP and not reference.nested:
                yield _root(site, root)


def _root(site: Site, root: str) -> Finding:
    if root.startswith("$") and root[1:] not in _ROOTS:
        message = f"There is no variable “{root}”."
        hint = nearest(root, (*_LOOP, *(f"${name}" for name in _ROOTS))) or "Variables are $item and $index."
    else:
        message = f"There is no root “{root}” that could be read."
        hint = nearest(root, _ROOTS) or "Expressions read payload, vars, meta and error."
    return site.step.warning(_CODE, message, hint, site.field)


def _vars(site: Site, reference: Reference, names: set[str]) -> Iterator[Finding]:
    name = reference.path[1] if len(reference.path) > 1 else None
    in_child = site.step.type == "control.callWorkflow" and name == "childRun"
    if name is None or name in names or in_child:
        return
    hint = nearest(name, names) or "Write it in an earlier step, with saveAs or transform.assign."
    yield site.step.warning(_CODE, f"No step writes “vars.{name}”.", hint, site.field)


def _payload(
    site: Site, reference: Reference, source: Source, written: set[tuple[str | int, ...]]
) -> Iterator[Finding]:
    path = reference.path
    if source.payload_schema is None:
        return
    if reference.start > 1 and path[reference.start] in _ROOTS:
        return  # a root read inside a filter: a rule of its own tells that
    for length in range(2, len(path) + 1):
        if schemas_at(source.payload_schema, path[1:length]):
            continue
        if any(_meets(path, place) for place in written):
            return
        missing = path[length - 1]
        known = fields_at(source.payload_schema, path[1 : length - 1])
        hint = nearest(str(missing), known) or (f"Known there: {', '.join(known)}." if known else None)
        message = f"The payload's schema has no “{reference.text}”."
        yield site.step.warning(_CODE, message, hint, site.field)
        return


def _meets(path: tuple[str | None, ...], place: tuple[str | int, ...]) -> bool:
    """Whether one of the two paths leads on from the other, so that a write may have made what is read."""
    shared = min(len(path), len(place))
    return path[:shared] == place[:shared]
