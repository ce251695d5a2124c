"""Simulations as people hold them: what would happen, what never did, and how both look in a cell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from wfnb.model.values import JsonValue
from wfnb.security.escape import escape_html, visible
from wfnb.simulate.coverage import StepCoverage, cover
from wfnb.simulate.simulator import Outcome, Status
from wfnb.simulate.trace import StubbedCall, TraceEntry
from wfnb.tables import Rows, html_table
from wfnb.validate.program import Program

if TYPE_CHECKING:
    from wfnb.pictures import Picture

__all__ = ["Coverage", "Simulation"]

_STATUS = {"error": "FAILED", "would-wait": "WAITING"}
_SHOWN = ("step_id", "type", "outcome", "instance", "branch", "output", "saved_as", "handled_by", "message")
_MOST_SHOWN = 200  # entries that a cell shows: a table of thousands is no answer


@dataclass(frozen=True)
class Coverage:
    """Which steps and branches simulations took.

    Parameters
    ----------
    workflow
        Id of the workflow.
    steps
        Every step of the definition, from top to bottom: how often it began, which branches of it were taken and missed.
    cases
        The simulations, when there were several.
    """

    workflow: str
    definition: dict[str, JsonValue]
    steps: Rows[StepCoverage]
    cases: tuple[Simulation, ...] = ()

    @property
    def missed_steps(self) -> list[str]:
        """Ids of the steps that never began."""
        return [step.step_id for step in self.steps if not step.times]

    @property
    def missed_branches(self) -> list[str]:
        """Branches that were never taken, as ``step.branch``."""
        return [f"{step.step_id}.{branch}" for step in self.steps for branch in step.missed]

    @property
    def complete(self) -> bool:
        """Whether every step began and every branch was taken."""
        return not self.missed_steps and not self.missed_branches

    @property
    def ratio(self) -> float:
        """Share of steps and branches that were taken, from 0 to 1."""
        parts = [(bool(step.times), len(step.taken), len(step.missed)) for step in self.steps]
        hit = sum(began + taken for began, taken, _ in parts)
        total = sum(1 + taken + missed for _, taken, missed in parts)
        return hit / total if total else 1.0

    def picture(self) -> Picture:
        """The pipeline with everything that was taken."""
        status = {step.path: "SUCCEEDED" for step in self.steps if step.times}
        counts = {step.path: step.times for step in self.steps if step.times}
        taken = frozenset((step.path, branch) for step in self.steps for branch in step.taken)
        return _picture(self.definition, repr(self), status=status, counts=counts, taken=taken)

    def __repr__(self) -> str:
        missed = (*self.missed_steps, *self.missed_branches)
        rest = f", never taken: {visible(', '.join(missed), 500)}" if missed else ""
        return f"<Coverage of {self.workflow}: {self.ratio:.0%}{rest}>"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        cells = [
            [step.step_id, step.type, str(step.times), ", ".join(step.missed)]
            for step in self.steps
            if step.missed or not step.times
        ]
        table = html_table(("step", "type", "times", "branches never taken"), cells) if cells else ""
        head = f"<p><b>{escape_html(self.workflow)}</b> · {self.ratio:.0%} taken</p>"
        return {
            "text/plain": repr(self),
            "text/html": head + table + self.picture()._repr_mimebundle_()["text/html"],
        }


@dataclass(frozen=True)
class Simulation:
    """What would happen: a run of a definition in which nothing was performed. Secrets are masked.

    Parameters
    ----------
    workflow, version
        What was simulated; a draft has the version that is written in it, or 1.
    status
        ``completed``; ``paused``: it waits and nothing answers; ``failed``: no step took the error, or the budget is spent.
    payload, vars
        As they are at the end.
    trace
        Every execution of a step, in order.
    invocations
        Every call of an action, and where its output came from: ``fixture``, ``schema`` (a sample of it) or ``empty``.
    errors
        The error that ended it, if any: category, code and message.
    warnings
        What the answers leave in doubt.
    coverage
        Which steps and branches were taken.
    """

    workflow: str
    version: int
    status: Status
    payload: JsonValue
    vars: JsonValue
    trace: Rows[TraceEntry]
    invocations: Rows[StubbedCall]
    errors: tuple[dict[str, JsonValue], ...]
    warnings: tuple[str, ...]
    coverage: Coverage

    @classmethod
    def of(cls, program: Program, version: int, outcome: Outcome) -> Simulation:
        """From what the simulator gave."""
        return cls(
            program.definition.id,
            version,
            outcome.status,
            outcome.payload,
            outcome.vars,
            Rows(outcome.trace, columns=_names(TraceEntry)),
            Rows(outcome.invocations, columns=_names(StubbedCall)),
            outcome.errors,
            outcome.warnings,
            coverage_of(program, [outcome]),
        )

    @property
    def error(self) -> dict[str, JsonValue] | None:
        """The error that ended it, or None."""
        return self.errors[0] if self.errors else None

    def step(self, step_id: str) -> Rows[TraceEntry]:
        """The entries of one step: several when it stands in a loop, none when it was never reached."""
        return Rows((entry for entry in self.trace if entry.step_id == step_id), columns=_names(TraceEntry))

    def picture(self) -> Picture:
        """The pipeline with the path the simulation took."""
        status = {
            entry.path: "SUCCEEDED" if entry.handled_by == "onError-continue" else _STATUS.get(entry.outcome, "SUCCEEDED")
            for entry in self.trace
        }  # fmt: skip
        covered = self.coverage.steps
        counts = {step.path: step.times for step in covered if step.times}
        taken = frozenset((step.path, branch) for step in covered for branch in step.taken)
        return _picture(self.coverage.definition, self._title(), status=status, counts=counts, taken=taken)

    def to_json(self) -> dict[str, JsonValue]:
        """The simulation as JSON, with the names of the file formats: ``stepId``, ``savedAs``, ``outputSource``."""
        return {
            "workflowId": self.workflow,
            "workflowVersion": self.version,
            "status": self.status,
            "trace": [_json(entry) for entry in self.trace],
            "finalPayload": self.payload,
            "finalVars": self.vars,
            "invocations": [_json(call) for call in self.invocations],
            "errors": list(self.errors),
            "warnings": list(self.warnings),
            "coverage": [_json(step) for step in self.coverage.steps],
        }

    def _title(self) -> str:
        return f"simulation of {self.workflow} v{self.version}: {self.status}"

    def __repr__(self) -> str:
        count = f"{len(self.trace)} step{'' if len(self.trace) == 1 else 's'}"
        error = f"\n{visible(str(self.error['message']), 500)}" if self.error else ""
        notes = "".join(f"\nwarning: {visible(text, 500)}" for text in self.warnings)
        head = f"<Simulation of {self.workflow} v{self.version}: {self.status}, {count}>"
        return f"{head}{error}{notes}\n{Rows(self.trace[:_MOST_SHOWN], columns=_SHOWN)!r}{self._more()}"

    def _more(self) -> str:
        more = len(self.trace) - _MOST_SHOWN
        return f"\n… and {more:,} more in .trace" if more > 0 else ""

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        error = f"<br>{escape_html(str(self.error['message']), 500)}" if self.error else ""
        notes = "".join(f"<li>{escape_html(text, 500)}</li>" for text in self.warnings)
        head = f"<p><b>{escape_html(self._title())}</b>{error}</p>" + (f"<ul>{notes}</ul>" if notes else "")
        table = html_table(_SHOWN, [_cells(entry) for entry in self.trace[:_MOST_SHOWN]])
        return {
            "text/plain": repr(self),
            "text/html": head
            + self.picture()._repr_mimebundle_()["text/html"]
            + table
            + escape_html(self._more()),
        }


def coverage_of(program: Program, outcomes: Sequence[Outcome], cases: Iterable[Simulation] = ()) -> Coverage:
    """What simulations of one program took together."""
    steps = cover(program, [(outcome.trace, outcome.taken) for outcome in outcomes])
    rows = Rows(steps, columns=_names(StepCoverage))
    return Coverage(program.definition.id, program.definition.to_json(), rows, tuple(cases))


def _picture(definition: dict[str, JsonValue], alt: str, **facts: Any) -> Picture:
    from wfnb.pictures import Picture
    from wfnb.viz.overlay import Overlay
    from wfnb.viz.pictures import pipeline_figure, pipeline_svg

    overlay = Overlay(**facts)
    return Picture(alt, pipeline_svg(definition, overlay), lambda: pipeline_figure(definition, overlay))


def _names(row: type[TraceEntry | StubbedCall | StepCoverage]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(row))


def _json(row: TraceEntry | StubbedCall | StepCoverage) -> dict[str, JsonValue]:
    """The fields that say something."""
    named = ((field.name, getattr(row, field.name)) for field in fields(row))
    return {
        _camel(name): list(value) if isinstance(value, tuple) else value
        for name, value in named
        if value is not None
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _cells(entry: TraceEntry) -> list[str]:
    values = [getattr(entry, name) for name in _SHOWN]
    texts = ["" if value is None else value if isinstance(value, str) else _short(value) for value in values]
    return [text if len(text) <= 120 else f"{text[:119]}…" for text in texts]


def _short(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
