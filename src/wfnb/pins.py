"""Pins as people hold them: the pinned results of a workflow, with where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from wfnb.engine.clock import Clock
from wfnb.errors import NotFoundError
from wfnb.model.arguments import check_text
from wfnb.model.times import iso
from wfnb.model.values import JsonValue
from wfnb.roles import guarded
from wfnb.security.escape import escape_html, visible
from wfnb.security.redact import cap, redact
from wfnb.services import pins as pinned
from wfnb.services.audit import Actor
from wfnb.services.pins import PinRow
from wfnb.store.port import Store
from wfnb.store.records import RunRow
from wfnb.tables import Rows, html_table
from wfnb.validate.raw import walk_raw

__all__ = ["Pin", "Pins"]

_PREVIEW_BYTES = 4_096


@dataclass(frozen=True)
class Pin:
    """A pinned result: of which step, where it came from, who pinned it, and whether the step is still there. Secrets are masked."""

    step: str
    source: str
    by: str
    at: str
    there: bool
    result: JsonValue


@guarded
class Pins:
    """The pinned results of a workflow. Made by `Workspace.pins`; read anew whenever they are asked for.

    A set is replaced as a whole: what was pinned before never stays behind unseen.

    Attributes
    ----------
    workflow
        Id of the workflow.
    """

    def __init__(  # noqa: PLR0917 - a handle is made of these
        self,
        store: Store,
        clock: Clock,
        by: Actor,
        tenant: str,
        workflow: str,
        definition: dict[str, JsonValue],
    ) -> None:
        self.workflow = workflow
        self._store = store
        self._clock = clock
        self._by = by
        self._tenant = tenant
        self._definition = definition

    @property
    def rows(self) -> Rows[Pin]:
        """Every pin, by step."""
        there = {step.id for step in walk_raw(self._definition)}
        rows = (
            Pin(row.step_id, row.source, row.pinned_by, iso(row.pinned_us), row.step_id in there, _shown(row))
            for row in self._rows()
        )
        return Rows(rows, columns=tuple(one.name for one in fields(Pin)))

    def set(self, results: Mapping[str, JsonValue], *, source: str = "by hand") -> Pins:
        """Pin these results and no others.

        Parameters
        ----------
        results
            By step id. ``{"$error": {"message": ..., "category": ...}}`` makes the step fail, ``{"$each": [...]}`` gives one result per call.
        source
            Where they come from, in a few words.

        Raises
        ------
        ValidationError
            ``INVALID_FIXTURE``, ``NOT_JSON``, ``INVALID_ARGUMENT``: nothing was changed.
        """
        if not isinstance(results, Mapping):
            results = {"": results}
        pinned.replace_all(
            self._store.database,
            self._tenant,
            self.workflow,
            results,
            source=check_text(source, "source"),
            by=self._by,
            at_us=self._clock.lease_us(),
        )
        return self

    def take_from(self, run: Any) -> Pins:
        """Pin what the steps of a run got, in the place of everything that is pinned.

        Parameters
        ----------
        run
            A run or its id.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_RUN``.
        ValidationError
            ``NOTHING_TO_PIN``.
        """
        row = self._run(getattr(run, "id", run))
        return self.set(pinned.of_run(self._store, row), source=f"run {row.run_id}")

    def clear(self) -> Pins:
        """Pin nothing."""
        return self.set({}, source="cleared")

    def _run(self, run_id: Any) -> RunRow:
        row = self._store.run(check_text(run_id, "run"))
        if row is None or row.tenant != self._tenant:
            raise NotFoundError(
                f"There is no run {visible(str(run_id), 80)}.",
                code="NO_SUCH_RUN",
                hint="ws.runs() lists them.",
            )
        return row

    def _rows(self) -> list[PinRow]:
        return pinned.of_workflow(self._store.database, self._tenant, self.workflow)

    def _given(self) -> dict[str, tuple[JsonValue, str]]:
        """Results and sources by step, as simulations take them."""
        return {row.step_id: (row.result, row.source) for row in self._rows()}

    def __len__(self) -> int:
        return len(self._rows())

    def __repr__(self) -> str:
        rows = self.rows
        return f"<Pins of {self.workflow}: {len(rows)}>" + (f"\n{rows!r}" if rows else "")

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        rows = self.rows
        cells = [[row.step, row.source, row.by, row.at, "" if row.there else "no such step"] for row in rows]
        table = html_table(("step", "source", "by", "at", ""), cells) if cells else ""
        head = f"<p><b>{escape_html(self.workflow)}</b>: {len(rows)} pinned</p>"
        return {"text/plain": repr(self), "text/html": head + table}


def _shown(row: PinRow) -> JsonValue:
    return cap(redact(row.result), _PREVIEW_BYTES)
