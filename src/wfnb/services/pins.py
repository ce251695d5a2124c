"""Pins: results that steps give when they are tried or simulated, with where each came from. A set is always replaced as a whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from wfnb.errors import ValidationError
from wfnb.model.values import JsonValue, check_json
from wfnb.services.audit import Actor, note
from wfnb.stand_ins.fixtures import Fixtures
from wfnb.store.database import Database
from wfnb.store.port import Store
from wfnb.store.records import RunRow
from wfnb.store.statements import PINS
from wfnb.store.text import dump

__all__ = ["PinRow", "of_run", "of_workflow", "replace_all"]


@dataclass(frozen=True, slots=True)
class PinRow:
    """A pinned result as it is stored; `result` is a fixture, so an error is one with ``$error``."""

    step_id: str
    result: JsonValue
    source: str
    pinned_by: str
    pinned_us: int


def of_workflow(database: Database, tenant: str, workflow_id: str) -> list[PinRow]:
    """The pins of a workflow, by step."""
    with database.reading() as session:
        rows = session.execute(PINS.of_workflow, (tenant, workflow_id))
    return [PinRow(step, json.loads(result), source, by, at) for step, result, source, by, at in rows]


def replace_all(
    database: Database,
    tenant: str,
    workflow_id: str,
    pins: Mapping[str, JsonValue],
    *,
    source: str,
    by: Actor,
    at_us: int,
) -> None:
    """Put a set in the place of the one that is there, in one transaction: no pin of an earlier set is left.

    Raises
    ------
    ValidationError
        ``INVALID_FIXTURE``, ``NOT_JSON``: nothing was changed.
    """
    checked = check_json(dict(pins), where="pins")
    Fixtures(checked)
    with database.writing() as session:
        session.execute(PINS.drop, (tenant, workflow_id))
        for step_id, result in checked.items():
            session.execute(PINS.add, (tenant, workflow_id, step_id, dump(result), source, by.name, at_us))
        facts = {"steps": sorted(checked), "source": source}
        note(session, by, "pins.replaced", ("workflow", workflow_id), at_us=at_us, changes=facts)


def of_run(store: Store, row: RunRow) -> dict[str, JsonValue]:
    """What every step of a run got from the world: results of calls, answers to waits, outcomes of called workflows.

    A step that was done several times gets them one after the other.

    Raises
    ------
    ValidationError
        ``NOTHING_TO_PIN`` when nothing came in.
    """
    ids = {step.instance: step.step_id for step in store.steps(row.run_no)}
    found: dict[str, list[JsonValue]] = {}
    for call in store.invocations(row.run_no):
        if call.status == "SUCCEEDED":
            found.setdefault(ids.get(call.instance, ""), []).append(call.output)
        elif call.error is not None:
            error = {name: call.error[name] for name in ("message", "category", "code") if name in call.error}
            found.setdefault(ids.get(call.instance, ""), []).append({"$error": error})
    for wait in store.waits(row.run_no):
        answered = store.wait(row.run_no, wait.effect_id)
        if answered is not None and answered[1] is not None and wait.wait_type in ("event", "human"):
            found.setdefault(ids.get(wait.instance, ""), []).append(answered[1].payload)
    pins = {step: made[0] if len(made) == 1 else {"$each": made} for step, made in found.items() if step}
    if not pins:
        raise ValidationError(
            "The run has no results that could be pinned.", code="NOTHING_TO_PIN", where=row.run_id
        )
    return pins
