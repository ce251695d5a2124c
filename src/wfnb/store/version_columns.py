"""A published version as the values of its row, the same for every store."""

from __future__ import annotations

from typing import Any

from wfnb.store.records import VersionRow
from wfnb.store.text import dump

__all__ = ["version_columns"]


def version_columns(version: VersionRow) -> tuple[Any, ...]:
    """The values of a version's row, in the order of its columns."""
    return (
        version.workflow_id,
        version.version,
        version.name,
        dump(version.definition),
        version.definition_hash,
        version.payload_schema_ref,
        None if version.payload_schema is None else dump(version.payload_schema),
        version.trigger_event,
        version.published_by,
        version.published_us,
    )
