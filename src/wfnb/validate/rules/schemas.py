"""Rule: the payload's schema is named and registered."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.validate.findings import Finding, nearest
from wfnb.validate.source import Source

__all__ = ["check"]

_FIELD = "payloadSchemaRef"


def check(source: Source) -> Iterator[Finding]:
    """A finding for a schema that is not there, a warning for a definition that names none."""
    ref = source.raw.get(_FIELD)
    if ref is None:
        yield source.root.warning(
            "PAYLOAD_SCHEMA_REF_MISSING",
            "The definition does not say what its payload looks like.",
            "Register a schema and name it in payloadSchemaRef, so that bad payloads are refused at the start.",
            _FIELD,
        )
    elif isinstance(ref, str) and source.catalog.schemas.get(ref) is None:
        hint = nearest(ref, source.catalog.schemas.names()) or "Register it first."
        yield source.root.error("UNKNOWN_SCHEMA", f"There is no schema “{ref}”.", hint, _FIELD)
