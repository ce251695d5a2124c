"""Schedules: workflows that start at a moment, or again and again (pipeline specification, 4.12).

A firing has a key made of workflow, schedule and moment, and a run is created once for a key: whoever looks first fires, a
crash in between repeats nothing, and several processes may look at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wfnb.engine.clock import Clock
from wfnb.engine.ids import Ids
from wfnb.engine.programs import Programs
from wfnb.errors import NotFoundError, StoreError, ValidationError, WfnbError
from wfnb.limits import LIMITS
from wfnb.machine.state import initial_state
from wfnb.model.cron import check_cron, check_timezone, next_moment
from wfnb.model.definition import CatchUp, Definition, RecurringTrigger, ScheduleTrigger
from wfnb.model.times import iso, parse_iso
from wfnb.model.values import JsonValue, canonical_json
from wfnb.services.admission import Admission
from wfnb.store.database import Database, Session
from wfnb.store.port import Store
from wfnb.store.records import NewRun
from wfnb.store.statements import SCHEDULES

__all__ = ["TRIGGER", "Plan", "Schedule", "Schedules", "every", "follow_trigger", "plan", "put", "remove"]

TRIGGER = "trigger"
"""Name of the schedule that a definition's own trigger makes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """When a workflow starts: at `run_at_us`, or by `cron` in `timezone`; with `payload`, or what the firing says of itself."""

    run_at_us: int | None = None
    cron: str | None = None
    timezone: str = "UTC"
    payload: JsonValue = None
    catch_up: CatchUp = "latest"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as it stands. Times are microseconds since 1970."""

    workflow_id: str
    name: str
    kind: str
    cron: str | None
    timezone: str | None
    run_at_us: int | None
    payload: JsonValue
    catch_up: str
    enabled: bool
    next_us: int | None
    last_us: int | None
    last_run_id: str | None
    last_error: str | None

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Schedule:
        """From the table."""
        values = list(row)
        values[6] = json.loads(values[6])
        values[8] = bool(values[8])
        return cls(*values)

    def after(self, moment_us: int) -> int | None:
        """The next firing after a moment."""
        if self.cron is None:
            return None
        return next_moment(self.cron, self.timezone or "UTC", moment_us)


def put(session: Session, workflow_id: str, name: str, plan: Plan, now_us: int) -> None:
    """Set a schedule, or change it. One that lies in the past does not fire any more."""
    recurring = plan.cron is not None
    next_us = next_moment(plan.cron, plan.timezone, now_us) if plan.cron is not None else plan.run_at_us
    session.execute(
        SCHEDULES.put,
        (
            workflow_id,
            name,
            "recurring" if recurring else "schedule",
            plan.cron,
            plan.timezone,
            plan.run_at_us,
            canonical_json(plan.payload),
            plan.catch_up,
            next_us,
        ),
    )


def follow_trigger(session: Session, definition: Definition, now_us: int) -> None:
    """Make the schedule of a workflow what its published definition says."""
    match definition.trigger:
        case ScheduleTrigger(run_at=str(moment), catch_up=catch_up):
            plan = Plan(run_at_us=parse_iso(moment), catch_up=catch_up)
        case RecurringTrigger(cron=cron, timezone=timezone, catch_up=catch_up):
            plan = Plan(cron=cron, timezone=timezone, catch_up=catch_up)
        case _:
            session.execute(SCHEDULES.remove, (definition.id, TRIGGER))
            return
    put(session, definition.id, TRIGGER, plan, now_us)


def remove(database: Database, workflow_id: str, name: str) -> None:
    """Take a schedule away.

    Raises
    ------
    NotFoundError
        ``NO_SUCH_SCHEDULE``.
    """
    with database.writing() as session:
        if not session.execute(SCHEDULES.remove, (workflow_id, name)):
            raise NotFoundError(
                "There is no such schedule.", code="NO_SUCH_SCHEDULE", hint="ws.schedules() lists them."
            )


def every(database: Database) -> list[Schedule]:
    """All schedules, by workflow and name."""
    with database.reading() as session:
        return [Schedule.of(row) for row in session.execute(SCHEDULES.every)]


class Schedules:
    """Fires what is due, in one process."""

    def __init__(
        self,
        store: Store,
        programs: Programs,
        admission: Admission,
        *,
        clock: Clock,
        ids: Ids,
        tenant: str,
    ) -> None:
        self._store = store
        self._programs = programs
        self._admission = admission
        self._clock = clock
        self._ids = ids
        self._tenant = tenant

    def fire(self) -> int | None:
        """Start what is due; the moment at which the next one is, if any."""
        now_us = self._clock.ready_us()
        with self._store.database.reading() as session:
            soonest: int | None = session.execute(SCHEDULES.soonest)[0][0]
            if soonest is None or soonest > now_us:
                return soonest
            due = [Schedule.of(row) for row in session.execute(SCHEDULES.due, (now_us,))]
        for schedule in due:
            self._fire(schedule, now_us)
        with self._store.database.reading() as session:
            following: int | None = session.execute(SCHEDULES.soonest)[0][0]
        return following

    def _fire(self, schedule: Schedule, now_us: int) -> None:
        """Start the runs of the moments that have come, and move the schedule on."""
        moments = list(_come(schedule, now_us))
        policy = "all" if self._clock.simulated else schedule.catch_up  # simulated time has no downtime
        if policy != "all":
            moments = moments[-1:] if policy == "latest" or not _is_late(moments[-1], now_us) else []
        run_id: str | None = None
        fault: str | None = None
        for moment_us in moments:
            try:
                run_id = self._start(schedule, moment_us, now_us)
            except StoreError:
                raise  # it fires when the tables can be written again
            except WfnbError as error:
                fault = error.message
        last_us = moments[-1] if moments else None
        values = (
            schedule.after(now_us),
            last_us,
            run_id,
            fault,
            schedule.workflow_id,
            schedule.name,
            schedule.next_us,
        )
        with self._store.database.writing() as session:
            session.execute(SCHEDULES.fired, values)

    def _start(self, schedule: Schedule, moment_us: int, now_us: int) -> str | None:
        """Create the run of one firing; None when somebody else has."""
        version = self._store.version(schedule.workflow_id)
        if version is None:
            raise NotFoundError(f"There is no version of {schedule.workflow_id}.", code="NO_SUCH_VERSION")
        self._admission.check(schedule.workflow_id, self._tenant)
        program = self._programs.get(schedule.workflow_id, version.version)
        told = _told(schedule, moment_us, now_us, version.version)
        payload = self._programs.payload(program, told if schedule.payload is None else schedule.payload)
        key = f"schedule:{schedule.name}:{iso(moment_us)}"
        while True:
            run_id, _ = self._ids.next()
            started_us = moment_us if self._clock.simulated else now_us
            state = initial_state(
                run_id,
                workflow_id=schedule.workflow_id,
                workflow_version=version.version,
                started_at_us=started_us,
                payload=payload,
                meta={},
                tenant=self._tenant,
            )
            run = NewRun(
                run_id, schedule.workflow_id, version.version, program.hash, state, started_us, key=key,
                trigger="schedule", tenant=self._tenant,
            )  # fmt: skip
            try:
                row, created = self._store.create_run(run)
            except StoreError as error:
                if error.code != "RUN_EXISTS":  # another process counts in the same store
                    raise
                continue
            if not created:
                self._ids.unused(run_id)
            return row.run_id if created else None


def _come(schedule: Schedule, now_us: int) -> Iterator[int]:
    """Moments of a schedule that have come, the newest last; of very many only the newest."""
    moment = schedule.next_us
    count = 0
    while moment is not None and moment <= now_us and count < LIMITS.catch_up_runs:
        yield moment
        moment = schedule.after(moment)
        count += 1


def _is_late(moment_us: int, now_us: int) -> bool:
    """Whether a firing comes so late that nobody was there for it."""
    return now_us - moment_us > LIMITS.late_ms * 1000


def _told(schedule: Schedule, moment_us: int, now_us: int, version: int) -> dict[str, JsonValue]:
    """What a firing says of itself (schema ``payload.WorkflowClockTrigger.v1`` of the specification)."""
    facts: dict[str, JsonValue] = {
        "triggerType": schedule.kind,
        "scheduleId": schedule.name,
        "scheduledFor": iso(moment_us),
        "firedAt": iso(now_us),
        "timezone": schedule.timezone,
        "workflowId": schedule.workflow_id,
        "workflowVersion": version,
    }
    if schedule.cron is not None:
        facts["cron"] = schedule.cron
    return facts


def plan(
    *,
    cron: str | None,
    run_at: str | None,
    timezone: str,
    payload: JsonValue,
    catch_up: str,
) -> Plan:
    """A plan from what people say, checked.

    Raises
    ------
    ValidationError
        ``INVALID_CRON``, ``INVALID_TIMEZONE``, ``INVALID_TIME``, ``INVALID_ARGUMENT``.
    """
    if (cron is None) == (run_at is None):
        raise ValidationError(
            "A schedule has a cron expression or a moment.",
            code="INVALID_ARGUMENT",
            hint="Give cron= or run_at=.",
        )
    if catch_up not in ("none", "latest", "all"):
        raise ValidationError(
            "“catch_up” must be none, latest or all.", code="INVALID_ARGUMENT", where="catch_up"
        )
    check_timezone(timezone)
    if cron is not None:
        check_cron(cron)
    return Plan(
        parse_iso(run_at) if run_at is not None else None, cron, timezone, payload, catch_up  # type: ignore[arg-type]  # checked above
    )  # fmt: skip
