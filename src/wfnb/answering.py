"""The part of a workspace that answers runs: events, human tasks, and time that is made to pass."""

from __future__ import annotations

from wfnb.engine.clock import Clock, SimulatedClock
from wfnb.engine.engine import Engine
from wfnb.engine.programs import Programs
from wfnb.errors import CommandError, ValidationError
from wfnb.limits import LIMITS
from wfnb.model.arguments import check_number, check_text, check_whole
from wfnb.model.values import JsonValue, check_json
from wfnb.rows import EventReceipt, InboxRecord, Task
from wfnb.services import events, tasks
from wfnb.services.admission import Admission
from wfnb.store.port import Store
from wfnb.store.records import InboxFilter, NewEvent
from wfnb.tables import Rows

__all__ = ["Answering"]

_STATUSES = ("matched", "unmatched", "error")


class Answering:
    """The part of a workspace that answers runs."""

    _admission: Admission
    _clock: Clock
    _engine: Engine
    _programs: Programs
    _store: Store
    tenant: str

    def submit_event(
        self,
        name: str,
        payload: JsonValue = None,
        *,
        key: str | int | None = None,
        dedupe: str | None = None,
        source: str = "local",
    ) -> EventReceipt:
        """Tell the workspace that something has happened.

        In one transaction the event is recorded, the run that has waited longest for it goes on, and every published workflow
        with a trigger of this name starts.

        Parameters
        ----------
        name
            Name of the event, such as ``TICKET_ANSWERED``.
        payload
            An object; the run finds it in ``vars.event``, a workflow that starts gets it as its payload.
        key
            Says which run is meant: the correlation key that it waits with.
        dedupe
            A second event of the same name with the same value does nothing and gives the first submission.
        source
            Who says so; kept with the event.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT``, ``NOT_JSON``.
        LimitExceeded
            ``TOO_LARGE`` or ``TOO_DEEP``.
        """
        check_text(name, "name")
        for value, field in ((dedupe, "dedupe"), (source, "source")):
            if value is not None:
                check_text(value, field)
        given = check_json(
            {} if payload is None else payload, where="payload", limit_bytes=LIMITS.payload_size_bytes
        )
        if not isinstance(given, dict):
            raise ValidationError("The payload of an event is an object of fields.", where="payload")
        event = NewEvent(
            name,
            given,
            self._clock.ready_us(),
            key=_key(key),
            dedupe=dedupe,
            source=source,
            tenant=self.tenant,
        )
        done = events.submit(
            self._store, self._programs, self._clock, self._engine.ids, self._admission, event
        )
        self._engine.wake()
        return EventReceipt.of(done, self._run_id(done.row.run_no))

    def inbox(
        self,
        name: str | None = None,
        *,
        key: str | int | None = None,
        status: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> Rows[InboxRecord]:
        """Events that were submitted, newest first, whether anything came of them or not.

        Parameters
        ----------
        name, key
            Only events of this name, with this correlation key.
        status
            ``matched``, ``unmatched`` or ``error``.
        limit, before
            A page, and the number of the event before which it begins.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT``.
        """
        check_whole(limit, "limit", least=1)
        if status is not None and status not in _STATUSES:
            raise ValidationError(
                "There is no such status.",
                code="INVALID_ARGUMENT",
                where="status",
                hint=f"Say one of {', '.join(_STATUSES)}.",
            )
        chosen = InboxFilter(name, _key(key), status, self.tenant, before, limit)
        rows = [InboxRecord.of(row, self._run_id(row.run_no)) for row in self._store.inbox(chosen)]
        return Rows(rows, columns=InboxRecord.columns())

    def tasks(self, task_type: str | None = None, *, assignee: str | None = None) -> Rows[Task]:
        """Human tasks that are open: urgent ones first, then those that have waited longest."""
        found = tasks.open_tasks(self._store, tenant=self.tenant, task_type=task_type, assignee=assignee)
        rows = [Task.of(wait, self._run_id(wait.run_no) or "") for wait in found]
        return Rows(rows, columns=Task.columns())

    def complete_task(
        self, task: str | Task, data: JsonValue = None, *, actor: str = "local"
    ) -> EventReceipt:
        """Complete a human task with what was filled in; its run goes on.

        Parameters
        ----------
        task
            The task, or its id.
        data
            An object that fits the form of the task.
        actor
            Who has done it.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_TASK``.
        ValidationError
            ``FORM_INVALID``; the task stays open.
        CommandError
            ``WAIT_OVER``.
        """
        task_id = task.id if isinstance(task, Task) else check_text(task, "task")
        done = tasks.complete(
            self._store,
            task_id,
            {} if data is None else data,
            actor=check_text(actor, "actor"),
            tenant=self.tenant,
            now_us=self._clock.ready_us(),
        )
        self._engine.wake()
        return EventReceipt.of(done, self._run_id(done.row.run_no))

    def pass_time(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Make simulated time pass for everybody who waits: what is due by then goes on or runs out.

        Raises
        ------
        CommandError
            ``REAL_TIME`` when the workspace goes by real time.
        """
        clock = self._clock
        if not isinstance(clock, SimulatedClock):
            raise CommandError(
                "This workspace goes by real time, and that cannot be made to pass.",
                code="REAL_TIME",
                hint='Open one with a simulated clock: wfnb.open(..., clock="2026-01-01").',
            )
        given = ((hours, "hours"), (minutes, "minutes"), (seconds, "seconds"))
        span_s = sum(
            check_number(value, name) * unit for (value, name), unit in zip(given, (3600, 60, 1), strict=True)
        )
        newest = max((run.updated_us for run in self._store.open_runs()), default=0)
        clock.pass_time(newest, round(span_s * 1_000_000))
        self._engine.wake()

    def _run_id(self, run_no: int | None) -> str | None:
        row = None if run_no is None else self._store.run_by_no(run_no)
        return None if row is None else row.run_id


def _key(key: str | int | None) -> str | None:
    """A correlation key as text: numbers are written as expressions write them."""
    if key is None:
        return None
    return str(key) if isinstance(key, int) and not isinstance(key, bool) else check_text(key, "key")
