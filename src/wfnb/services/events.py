"""Submitting events: who is woken, which workflows start, and what stays on record (pipeline specification, 4.12)."""

from __future__ import annotations

from dataclasses import replace

from wfnb.engine.clock import Clock
from wfnb.engine.ids import Ids
from wfnb.engine.programs import Programs
from wfnb.errors import StoreError, ValidationError, WfnbError
from wfnb.machine.state import initial_state
from wfnb.model.definition import EventTrigger
from wfnb.model.values import JsonValue
from wfnb.services.admission import Admission
from wfnb.store.port import Store
from wfnb.store.records import NewEvent, NewRun, Submitted
from wfnb.validate.program import Program
from wfnb.validate.template import Scope, compile_template

__all__ = ["submit", "trigger_payload"]


def submit(  # noqa: PLR0917 - an event meets all of these
    store: Store, programs: Programs, clock: Clock, ids: Ids, admission: Admission, event: NewEvent
) -> Submitted:
    """Submit an event: it answers one wait, starts the workflows that it triggers, and is recorded in any case.

    A workflow whose payload does not fit, or of which no runs may begin now, does not start, and the record says why.
    """
    while True:
        starts, faults = _starts(store, programs, clock, ids, event, admission)
        try:
            done = store.submit(replace(event, error="; ".join(faults) or None), starts)
        except StoreError as error:
            if error.code != "RUN_EXISTS":  # another process counts in the same store: take the next ids
                raise
            continue
        if not done.new:
            for run in reversed(starts):
                ids.unused(run.run_id)
        return done


def _starts(  # noqa: PLR0917 - as above
    store: Store, programs: Programs, clock: Clock, ids: Ids, event: NewEvent, admission: Admission
) -> tuple[tuple[NewRun, ...], list[str]]:
    """Runs that an event starts, and why others do not start."""
    runs: list[NewRun] = []
    faults: list[str] = []
    for version in store.triggered(event.name) if event.wait_no is None else ():
        try:
            admission.check(version.workflow_id, event.tenant)
            program = programs.get(version.workflow_id, version.version)
            payload, mapped = trigger_payload(program, event)
            checked = programs.payload(program, payload)
        except WfnbError as error:
            faults.append(f"{version.workflow_id}: {error.message}")
        else:
            meta: dict[str, JsonValue] = {"triggerMappingApplied": True} if mapped else {}
            runs.append(_run(program, version.version, (checked, meta), event.tenant, clock, ids))
    return tuple(runs), faults


def trigger_payload(program: Program, event: NewEvent) -> tuple[JsonValue, bool]:
    """The payload that a workflow's trigger makes of an event, and whether a mapping made it.

    Raises
    ------
    ExpressionError
        When an expression of the mapping fails.
    ValidationError
        ``INVALID_ASSIGN_PATH`` when two names of the mapping cannot both be fields.
    """
    trigger = program.definition.trigger
    if not isinstance(trigger, EventTrigger) or not trigger.payload_mapping:
        return event.payload, False
    roots = {
        "event": {
            "name": event.name,
            "correlationKey": event.key,
            "payload": event.payload,
            "payloadSchemaRef": trigger.source_payload_schema_ref,
        }
    }
    scope = Scope(roots, event.received_us)
    payload: dict[str, JsonValue] = {}
    for name, expr in trigger.payload_mapping.items():
        template = compile_template({"$expr": expr.source}, field=f"trigger.payloadMapping.{name}")
        _put(payload, name, template.evaluate(scope))
    return payload, True


def _put(payload: dict[str, JsonValue], name: str, value: JsonValue) -> None:
    """Write a value under a dotted name."""
    *outer, last = name.split(".")
    place = payload
    for key in outer:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise ValidationError(
                f"“{name}” cannot be mapped: a part of it has a value already.", code="INVALID_ASSIGN_PATH"
            )
    place[last] = value


def _run(  # noqa: PLR0917 - a run is made of these
    program: Program,
    version: int,
    facts: tuple[JsonValue, JsonValue],
    tenant: str,
    clock: Clock,
    ids: Ids,
) -> NewRun:
    """A run with this payload and meta, for whoever drives it."""
    run_id, number = ids.next()
    started_us = clock.start_us(run_id, number)
    workflow_id, (payload, meta) = program.definition.id, facts
    state = initial_state(
        run_id, workflow_id=workflow_id, workflow_version=version, started_at_us=started_us, payload=payload, meta=meta,
        tenant=tenant,
    )  # fmt: skip
    return NewRun(
        run_id, workflow_id, version, program.hash, state, started_us, trigger="event", tenant=tenant
    )
