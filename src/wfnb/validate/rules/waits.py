"""Rule: a wait can be answered, and a form can be filled in."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.model.values import JsonValue
from wfnb.validate.findings import Finding, nearest
from wfnb.validate.raw import RawStep, text_of
from wfnb.validate.source import Source

__all__ = ["check"]

_KEY = "config.correlationKey"


def check(source: Source) -> Iterator[Finding]:
    """Findings about the correlation keys of event waits and the forms of tasks."""
    for site in source.sites:
        if site.step.type == "event.wait" and site.field == _KEY and site.compiled is not None:
            yield from _key(site.step, str(site.written), constant=not site.compiled.references)
    for step in source.steps:
        if step.type == "human.task":
            yield from _form(source, step)


def _key(step: RawStep, written: str, *, constant: bool) -> Iterator[Finding]:
    if not constant:
        return
    if written.strip() in ("null", '""', "''"):
        yield step.error(
            "EVENT_WAIT_UNCORRELATABLE",
            "The correlation key is always empty, so no event can say which run it means.",
            'Read it from the payload, for example {"$expr": "payload.ticketId"}.',
            _KEY,
        )
    else:
        yield step.warning(
            "EVENT_WAIT_CORRELATION_CONTRACT",
            "Every run waits with the same correlation key: an event wakes the one that has waited longest.",
            'Read the key from the payload, for example {"$expr": "payload.ticketId"}, unless that is meant.',
            _KEY,
        )


def _form(source: Source, step: RawStep) -> Iterator[Finding]:
    ref = text_of(step.config.get("formSchemaRef"))
    if ref and source.catalog.schemas.get(ref) is None:
        hint = nearest(ref, source.catalog.schemas.names()) or "Register it first."
        yield step.error("UNKNOWN_SCHEMA", f"There is no schema “{ref}”.", hint, "config.formSchemaRef")
    form = step.config.get("form")
    fault = _fault(form) if isinstance(form, dict) else None
    if fault is not None:
        yield step.error("INVALID_FORM", f"The form is no JSON Schema: {fault}.", None, "config.form")


def _fault(form: dict[str, JsonValue]) -> str | None:
    """Why a form is no JSON Schema, or None."""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(form)
    except SchemaError as error:
        place = ".".join(map(str, error.absolute_path)) or "form"
        return f"{place} is not allowed there"
    return None
