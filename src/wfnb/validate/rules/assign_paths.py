"""Rule: what steps write are places that can be written, and that the payload's schema knows."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.validate.findings import Finding, nearest
from wfnb.validate.schema_paths import Schema, fields_at, schemas_at
from wfnb.validate.source import Source
from wfnb.validate.targets import WriteSite

__all__ = ["check"]


def check(source: Source) -> Iterator[Finding]:
    """A finding for every target that cannot be written, a warning for every one that the payload's schema lacks."""
    for write in source.writes:
        if write.fault is not None:
            yield write.step.error("INVALID_ASSIGN_PATH", write.fault.message, write.fault.hint, write.field)
        elif source.payload_schema is not None:
            yield from _unknown(write, source.payload_schema)


def _unknown(write: WriteSite, schema: Schema) -> Iterator[Finding]:
    if write.path is None or write.path[0] != "payload":
        return
    inside = write.path[1:]
    for length in range(1, len(inside) + 1):
        if schemas_at(schema, inside[:length], open_objects=False, through_lists=False):
            continue
        known = fields_at(schema, inside[: length - 1])
        hint = nearest(str(inside[length - 1]), known) or "Add the field to the schema, or write into vars."
        message = f"The payload's schema has no place “{write.text}”."
        yield write.step.warning("ASSIGN_PATH_UNKNOWN", message, hint, write.field)
        return
