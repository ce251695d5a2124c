"""Rule: the trigger's event can be made into the payload."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wfnb.errors import ValidationError
from wfnb.model.cron import check_cron, check_timezone
from wfnb.model.times import parse_iso
from wfnb.model.values import JsonValue
from wfnb.validate.findings import Finding, nearest
from wfnb.validate.raw import object_of
from wfnb.validate.source import Source

__all__ = ["check"]

_ROOT = "event"
_MAPPING = "trigger.payloadMapping"


def check(source: Source) -> Iterator[Finding]:
    """Findings about the source schema of the trigger and its mapping to the payload."""
    trigger = object_of(source.raw.get("trigger"))
    yield from _times(source, trigger)
    mapping = object_of(trigger.get("payloadMapping"))
    yield from _source_schema(source, trigger, mapping)
    yield from _roots(source)
    if mapping:
        yield from _required(source, mapping)


def _times(source: Source, trigger: dict[str, JsonValue]) -> Iterator[Finding]:
    """Findings about the moments of a schedule."""
    if trigger.get("type") == "schedule":
        yield from _moment(source, trigger.get("runAt"))
    if trigger.get("type") == "recurring":
        fault = _refused(check_cron, trigger.get("cron"))
        if fault is not None:
            yield source.root.error("TIME_TRIGGER_INVALID_CRON", fault.message, fault.hint, "trigger.cron")
        fault = _refused(check_timezone, trigger.get("timezone"))
        if fault is not None:
            field = "trigger.timezone"
            yield source.root.error("TIME_TRIGGER_INVALID_TIMEZONE", fault.message, fault.hint, field)


def _moment(source: Source, value: JsonValue) -> Iterator[Finding]:
    field = "trigger.runAt"
    if value is None:
        yield source.root.error(
            "TIME_TRIGGER_RUN_AT_REQUIRED",
            "The schedule does not say when it starts the workflow.",
            "Write trigger.runAt, for example 2026-01-31T09:00:00Z.",
            field,
        )
    else:
        fault = _refused(parse_iso, value)
        if fault is not None:
            yield source.root.error("TIME_TRIGGER_INVALID_RUN_AT", fault.message, fault.hint, field)


def _refused(test: Callable[[str], object], value: JsonValue) -> ValidationError | None:
    """Why text does not pass; what is no text is told by the rule of shapes."""
    if not isinstance(value, str):
        return None
    try:
        test(value)
    except ValidationError as fault:
        return fault
    return None


def _source_schema(
    source: Source, trigger: dict[str, JsonValue], mapping: dict[str, JsonValue]
) -> Iterator[Finding]:
    ref = trigger.get("sourcePayloadSchemaRef")
    if not isinstance(ref, str):
        return
    field = "trigger.sourcePayloadSchemaRef"
    if source.catalog.schemas.get(ref) is None:
        hint = nearest(ref, source.catalog.schemas.names()) or "Register it first."
        yield source.root.error(
            "UNKNOWN_TRIGGER_SOURCE_SCHEMA_REF", f"There is no schema “{ref}”.", hint, field
        )
    own = source.raw.get("payloadSchemaRef")
    if isinstance(own, str) and own != ref and not mapping:
        yield source.root.error(
            "TRIGGER_MAPPING_REQUIRED",
            f"The event has the schema {ref}, the payload has {own}; nothing says how one becomes the other.",
            'Write trigger.payloadMapping, for example {"orderId": {"$expr": "event.payload.id"}}.',
            _MAPPING,
        )


def _roots(source: Source) -> Iterator[Finding]:
    """A trigger's expressions see the event and nothing else: there is no run yet."""
    for site in source.trigger_sites:
        for reference in site.compiled.references if site.compiled else ():
            root = reference.path[0]
            if root != _ROOT and not reference.nested:
                yield source.root.error(
                    "TRIGGER_MAPPING_INVALID_ROOT",
                    f"The expression in {site.field} reads “{reference.text}”; it can read “{_ROOT}” only.",
                    "Write event.payload, event.name, event.correlationKey or event.payloadSchemaRef.",
                    site.field,
                )


def _required(source: Source, mapping: dict[str, JsonValue]) -> Iterator[Finding]:
    required = (source.payload_schema or {}).get("required", [])
    mapped = {name.partition(".")[0] for name in mapping}
    missing = [name for name in required if name not in mapped]
    if missing:
        names = ", ".join(f"“{name}”" for name in missing)
        yield source.root.error(
            "TRIGGER_MAPPING_MISSING_REQUIRED_FIELDS",
            f"The payload needs {names}, which the trigger does not map.",
            f'Add, for example: "{missing[0]}": {{"$expr": "event.payload.{missing[0]}"}}.',
            _MAPPING,
        )
