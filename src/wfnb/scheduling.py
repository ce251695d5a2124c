"""The part of a workspace that starts workflows on time."""

from __future__ import annotations

from wfnb.engine.clock import Clock
from wfnb.engine.engine import Engine
from wfnb.errors import ValidationError
from wfnb.model.arguments import check_text
from wfnb.model.values import JsonValue, check_json
from wfnb.rows import ScheduleInfo
from wfnb.services import schedules
from wfnb.services.audit import Actor, note
from wfnb.store.port import Store
from wfnb.store.records import VersionRow
from wfnb.tables import Rows

__all__ = ["Scheduling"]


class Scheduling:
    """The part of a workspace that starts workflows on time."""

    _by: Actor
    _clock: Clock
    _engine: Engine
    _store: Store

    def _known(self, workflow: str, version: int | None) -> VersionRow:
        """A published version; a workspace knows them."""
        raise NotImplementedError

    def schedule(
        self,
        workflow: str,
        *,
        name: str = "default",
        cron: str | None = None,
        run_at: str | None = None,
        timezone: str = "UTC",
        payload: dict[str, JsonValue] | None = None,
        catch_up: str = "latest",
    ) -> ScheduleInfo:
        """Start a workflow at a moment, or again and again; a schedule of the same name is changed.

        A trigger by time in a definition makes the schedule ``trigger``; these are further ones.

        Parameters
        ----------
        workflow
            Id of a published workflow; its latest version starts.
        name
            Tells the schedules of a workflow apart.
        cron, timezone
            Five fields, such as ``0 9 * * 1-5``, and the IANA zone whose clocks they mean.
        run_at
            One moment, as ISO 8601 text.
        payload
            What each run gets; without it, what the firing says of itself.
        catch_up
            What becomes of firings that nobody was there for: ``none``, ``latest`` or ``all``.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_WORKFLOW``.
        ValidationError
            ``INVALID_CRON``, ``INVALID_TIMEZONE``, ``INVALID_TIME``, ``INVALID_ARGUMENT``.

        Examples
        --------
        >>> import wfnb
        >>> with wfnb.open(store="memory", clock="2026-01-01", seed=1) as ws:
        ...     done = {"id": "done", "type": "control.return"}
        ...     publication = ws.publish({"id": "report", "name": "Report", "steps": [done]})
        ...     ws.schedule("report", cron="0 9 * * *", timezone="Europe/Berlin").next_at
        '2026-01-01T08:00:00.000Z'
        """
        self._known(workflow, None)
        if check_text(name, "name") == schedules.TRIGGER:
            raise ValidationError(
                "The schedule “trigger” belongs to the definition.", code="INVALID_ARGUMENT", where="name"
            )
        for value, field in ((cron, "cron"), (run_at, "run_at"), (timezone, "timezone")):
            if value is not None:
                check_text(value, field)
        given = None if payload is None else check_json(payload, where="payload")
        plan = schedules.plan(cron=cron, run_at=run_at, timezone=timezone, payload=given, catch_up=catch_up)
        facts = {"schedule": name, "cron": cron, "runAt": run_at, "timezone": timezone, "catchUp": catch_up}
        with self._store.database.writing() as session:
            schedules.put(session, workflow, name, plan, self._clock.ready_us())
            note(
                session, self._by, "workflow.scheduled", ("workflow", workflow), at_us=self._clock.lease_us(),
                changes=facts,
            )  # fmt: skip
        self._engine.scan()
        return next(row for row in self.schedules() if (row.workflow, row.name) == (workflow, name))

    def unschedule(self, workflow: str, *, name: str = "default") -> None:
        """Take a schedule away.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_SCHEDULE``.
        """
        schedules.remove(self._store.database, check_text(workflow, "workflow"), check_text(name, "name"))
        with self._store.database.writing() as session:
            note(
                session, self._by, "workflow.unscheduled", ("workflow", workflow), at_us=self._clock.lease_us(),
                changes={"schedule": name},
            )  # fmt: skip

    def schedules(self) -> Rows[ScheduleInfo]:
        """All schedules: when each fires next, and what became of the last time."""
        rows = map(ScheduleInfo.of, schedules.every(self._store.database))
        return Rows(rows, columns=ScheduleInfo.columns())
