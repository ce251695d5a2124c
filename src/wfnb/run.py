"""Runs as people hold them: a handle that reads the tables anew whenever it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wfnb.attaching import Attaching
from wfnb.debug.film import Change
from wfnb.editing import Editing
from wfnb.engine.engine import Engine
from wfnb.errors import NotFoundError, ValidationError
from wfnb.explaining import Explaining
from wfnb.forking import Forking
from wfnb.handing import Handing
from wfnb.intervening import Intervening
from wfnb.model.arguments import check_number, check_whole
from wfnb.model.values import JsonValue, diff
from wfnb.replaying import Replaying
from wfnb.roles import guarded, may
from wfnb.rows import EventRecord, Invocation, Step, Wait
from wfnb.security.escape import escape_html, visible
from wfnb.security.redact import redactions
from wfnb.services.admission import Admission
from wfnb.services.audit import Actor
from wfnb.snapshot import Snapshot, public_envelope
from wfnb.store.port import Store, state_at
from wfnb.store.records import RunRow
from wfnb.store.redactions import declared, hide
from wfnb.tables import Rows
from wfnb.telling import Telling

if TYPE_CHECKING:
    from wfnb.debugger import Debugger
    from wfnb.pictures import Picture

__all__ = ["Run"]


@guarded
class Run(Attaching, Intervening, Telling, Explaining, Forking, Replaying, Editing, Handing):
    """One run of a workflow. Made by `Workspace.start` and `Workspace.run`.

    Attributes
    ----------
    id
        The run's id.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        run_id: str,
        by: Actor | None = None,
        admission: Admission | None = None,
    ) -> None:
        self.id = run_id
        self._store = store
        self._engine = engine
        self._by = by or Actor()
        self._admission = admission or Admission(store, engine.clock, None)

    # --- where it stands

    @property
    def row(self) -> RunRow:
        """The run's row in the tables, read now."""
        row = self._store.run(self.id)
        if row is None:
            raise NotFoundError(f"There is no run {self.id}.", code="NO_SUCH_RUN")
        return row

    @property
    def status(self) -> str:
        """PENDING, RUNNING, WAITING, SUCCEEDED, FAILED or CANCELED."""
        return self.row.status

    @property
    def workflow(self) -> str:
        """Id of the workflow."""
        return self.row.workflow_id

    @property
    def version(self) -> int:
        """Version of the workflow that this run began with and ends with."""
        return self.row.workflow_version

    @property
    def state(self) -> str | None:
        """The label that ``state.set`` last gave, such as ``CREATING_TICKET``."""
        return self.row.label

    @property
    def envelope(self) -> dict[str, JsonValue]:
        """Payload, vars and meta as they are now; secrets are masked."""
        return public_envelope(state_at(self._store, self.row))

    @property
    def error(self) -> dict[str, JsonValue] | None:
        """The error that ended the run, or None."""
        return self.row.error

    # --- what happened

    def steps(self) -> Rows[Step]:
        """Every attempt at every step, in order."""
        return Rows(map(Step.of, self._store.steps(self.row.run_no)), columns=Step.columns())

    def invocations(self) -> Rows[Invocation]:
        """Every call of an action, in order; what the action hides of its input and output is masked.

        Who may only look sees neither.
        """
        rows = hide(self._store.invocations(self.row.run_no), declared(self._store.database))
        calls = [Invocation.of(row) for row in rows]
        if not may(self._by.role, "inspect"):
            calls = [_without_data(call) for call in calls]
        return Rows(calls, columns=_sourced(Invocation.columns(), calls))

    def waits(self) -> Rows[Wait]:
        """Every wait, in order."""
        waits = [Wait.of(row) for row in self._store.waits(self.row.run_no)]
        return Rows(waits, columns=_sourced(Wait.columns(), waits))

    def events(self) -> Rows[EventRecord]:
        """What happened to the run as a whole, in order."""
        return Rows(map(EventRecord.of, self._store.events(self.row.run_no)), columns=EventRecord.columns())

    def at(self, seq: int) -> Snapshot:
        """The run as it was after macrostep `seq`; 0 is before the first.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_STEP``.
        """
        row = self.row
        state = state_at(self._store, row, check_whole(seq, "seq"))
        last = self._store.step_before(row.run_no, seq)
        return Snapshot(
            self.id,
            seq,
            state.status,
            public_envelope(state, self._hidden(row)),
            Step.of(last) if last else None,
        )

    def _hidden(self, row: RunRow) -> tuple[str, ...]:
        return redactions(state_at(self._store, row).envelope)

    def diff(self, a: int, b: int) -> Rows[Change]:
        """What differs between the states after macrosteps `a` and `b`: path, old and new value."""
        before, after = self.at(a).envelope, self.at(b).envelope
        return Rows((Change(*place) for place in diff(before, after)), columns=("path", "old", "new"))

    # --- what can be done

    def wait(self, timeout: float | None = None, *, until: str = "over") -> Run:
        """Wait until the run is over, at most `timeout` seconds.

        Parameters
        ----------
        timeout
            Seconds.
        until
            ``"over"``, or ``"parked"``: also when it stands still until an event, a person or a moment comes.

        Raises
        ------
        TimeoutError
            When it is not over by then.
        CommandError
            ``RUN_WAITS`` without a timeout, when the run goes on only after an answer.
        ValidationError
            ``INVALID_ARGUMENT``.
        WfnbError
            What keeps it from going on.
        """
        if until not in ("over", "parked"):
            raise ValidationError("“until” must be over or parked.", code="INVALID_ARGUMENT", where="until")
        seconds = None if timeout is None else check_number(timeout, "timeout")
        self._engine.wait(self.id, seconds, parked=until == "parked")
        return self

    async def done(self) -> Run:
        """Wait until the run is over, without blocking the event loop: ``await run.done()``."""
        await asyncio.to_thread(self._engine.wait, self.id, None)
        return self

    def debug(self) -> Debugger:
        """Step through this run: forwards, back, to any position. Shows itself as a widget in a cell."""
        from wfnb.debugger import Debugger

        return Debugger(self, self._store, self._engine)

    # --- how it looks

    def picture(self) -> Picture:
        """The pipeline with the path this run took."""
        from wfnb.pictures import run_picture

        row = self.row
        steps, waits = self._store.steps(row.run_no), self._store.waits(row.run_no)
        return run_picture(self.definition, steps, waits, f"{self.id} in {row.workflow_id}: {row.status}")

    def timeline(self) -> Picture:
        """When each step ran and when the run waited."""
        from wfnb.pictures import timeline_picture

        row = self.row
        return timeline_picture(
            self._store.steps(row.run_no),
            self._store.waits(row.run_no),
            f"timeline of {self.id}: {row.status}",
        )

    @property
    def definition(self) -> dict[str, JsonValue]:
        """The definition of the version this run belongs to."""
        row = self.row
        version = self._store.version(row.workflow_id, row.workflow_version)
        return version.definition if version else {}

    def __repr__(self) -> str:
        row = self.row
        label = f" {visible(row.label, 100)}" if row.label else ""
        fork = f", {_origin(row)}" if row.forked_from is not None else ""
        return f"<Run {self.id} of {row.workflow_id} v{row.workflow_version}: {row.status}{label}{fork}>"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        row = self.row
        error = f"<br>{escape_html(str(row.error['message']), 500)}" if row.error else ""
        fork = f" · {escape_html(_origin(row))}" if row.forked_from is not None else ""
        place = f" at <code>{escape_html(row.cursor or '')}</code>" if row.cursor else ""
        head = (
            f"<p><b>{escape_html(self.id)}</b> · {escape_html(row.workflow_id)} v{row.workflow_version} · "
            f"<b>{row.status}</b> {escape_html(row.label or '')}{place}{fork}{error}</p>"
        )
        html = self.picture()._repr_mimebundle_()["text/html"]
        return {"text/plain": repr(self), "text/html": head + html}


def _without_data(call: Invocation) -> Invocation:
    return replace(call, input={"redacted": True}, output={"redacted": True})


def _sourced(columns: tuple[str, ...], rows: Sequence[Invocation | Wait]) -> tuple[str, ...]:
    """The columns, without that of sources when every answer came from the world."""
    told = any(row.source is not None for row in rows)
    return tuple(name for name in columns if told or name != "source")


def _origin(row: RunRow) -> str:
    """What a fork comes from, and how it lives."""
    mode = "live fork" if row.live else "fork on record"
    return f"{mode} of {row.trigger.removeprefix('fork:')} at {row.forked_seq}"
