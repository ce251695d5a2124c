"""The source: everything the rules may look at, read once and shared by all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError as PydanticError
from pydantic_core import ErrorDetails

from wfnb.model.definition import Definition
from wfnb.model.paths import ROOT
from wfnb.model.values import JsonValue
from wfnb.validate.catalog import Catalog
from wfnb.validate.raw import RawStep, text_of, walk_raw
from wfnb.validate.schema_paths import Schema
from wfnb.validate.sites import Site, step_sites, trigger_sites
from wfnb.validate.targets import WriteSite, step_writes

__all__ = ["Source", "model_schema", "read_source"]


@dataclass(frozen=True, slots=True)
class Source:
    """A definition as rules see it.

    Parameters
    ----------
    raw
        What was written: an object within bounds.
    catalog
        What it may refer to.
    definition
        The definition, when its shape is right.
    shape_faults
        What is wrong with its shape otherwise.
    steps
        Every step that is an object, in reading order.
    sites
        Every expression of the steps.
    trigger_sites
        Every expression of the trigger.
    writes
        Every place that a step writes.
    payload_schema
        JSON Schema of the payload, when it is known.
    root
        Stands for the definition itself in findings.
    """

    raw: Mapping[str, JsonValue]
    catalog: Catalog
    definition: Definition | None
    shape_faults: tuple[ErrorDetails, ...]
    steps: tuple[RawStep, ...]
    sites: tuple[Site, ...]
    trigger_sites: tuple[Site, ...]
    writes: tuple[WriteSite, ...]
    payload_schema: Schema | None
    root: RawStep = field(default_factory=lambda: RawStep(ROOT, -1, {}))


def read_source(raw: Mapping[str, JsonValue], catalog: Catalog) -> Source:
    """Read a definition for the rules.

    Parameters
    ----------
    raw
        A JSON object within the bounds of `wfnb.validate.bounds`.
    """
    definition, faults = _shaped(raw)
    steps = tuple(walk_raw(raw))
    return Source(
        raw,
        catalog,
        definition,
        faults,
        steps,
        tuple(site for step in steps for site in step_sites(step, catalog.profile)),
        tuple(trigger_sites(raw, RawStep(ROOT, -1, {}), catalog.profile)),
        tuple(write for step in steps for write in step_writes(step, catalog)),
        model_schema(catalog, text_of(raw.get("payloadSchemaRef"))),
    )


def _shaped(raw: Mapping[str, JsonValue]) -> tuple[Definition | None, tuple[ErrorDetails, ...]]:
    try:
        # Only the names that people write count: "otherwise" is Python's word for "else", not theirs.
        return Definition.model_validate(raw, by_alias=True, by_name=False), ()
    except PydanticError as error:
        return None, tuple(error.errors(include_url=False))


def model_schema(catalog: Catalog, ref: str) -> Schema | None:
    """JSON Schema of a registered reference; None when there is none, or when the model has no JSON Schema."""
    if catalog.schemas.get(ref) is None:
        return None
    try:
        return catalog.schemas.json_schema(ref)
    except Exception:  # noqa: BLE001 - models of other people may have types that cannot be told as JSON Schema
        return None
