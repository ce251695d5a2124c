"""What recorded runs took of a definition: branches that nobody ever took, hot paths, and where it fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from wfnb.errors import ValidationError
from wfnb.model.arguments import check_text
from wfnb.model.times import parse_iso
from wfnb.model.values import JsonValue
from wfnb.security.escape import escape_html, visible
from wfnb.services import comparisons
from wfnb.services.comparisons import Taken
from wfnb.services.listing import run_filter
from wfnb.simulate.coverage import BRANCHES
from wfnb.store.port import Store
from wfnb.store.records import RunRow, VersionRow
from wfnb.tables import Rows
from wfnb.validate.raw import RawStep, block_names, walk_raw

if TYPE_CHECKING:
    from wfnb.pictures import Picture

__all__ = ["RunCoverage", "StepUse", "recorded_coverage"]

_HOT = 0.1  # share of attempts that fail from which on a step is drawn as one that often does


@dataclass(frozen=True)
class StepUse:
    """What runs did at a step.

    Parameters
    ----------
    id, type, path
        The step.
    runs, times
        Runs that came to it, and attempts at it.
    failures, retries
        Attempts that failed, and attempts after which another one followed.
    failure_rate
        Share of the attempts that failed, from 0 to 1; None when there were none.
    mean_ms
        How long an attempt took.
    taken, missed
        How often each branch was taken; branches that never were.
    """

    id: str
    type: str
    path: str
    runs: int
    times: int
    failures: int
    retries: int
    failure_rate: float | None
    mean_ms: float | None
    taken: Mapping[str, int]
    missed: tuple[str, ...]


@dataclass(frozen=True)
class RunCoverage:
    """What recorded runs took of one version of a workflow.

    Parameters
    ----------
    workflow, version
        The definition.
    runs
        How many runs were counted.
    steps
        Every step, from top to bottom.
    """

    workflow: str
    version: int
    runs: int
    steps: Rows[StepUse]
    definition: dict[str, JsonValue] = field(repr=False, compare=False)

    @property
    def missed_steps(self) -> list[str]:
        """Ids of the steps that no run came to."""
        return [step.id for step in self.steps if not step.times]

    @property
    def missed_branches(self) -> list[str]:
        """Branches that no run took, as ``step.branch``."""
        return [f"{step.id}.{branch}" for step in self.steps for branch in step.missed]

    @property
    def hot(self) -> list[StepUse]:
        """Steps by how often they were done, the most frequent first."""
        return sorted((step for step in self.steps if step.times), key=lambda step: -step.times)

    @property
    def failing(self) -> list[StepUse]:
        """Steps at which attempts failed, the worst first."""
        return sorted((step for step in self.steps if step.failures), key=lambda step: -step.failures)

    def picture(self) -> Picture:
        """The pipeline: how often each step was done, what was never taken, and where it fails."""
        from wfnb.pictures import Picture
        from wfnb.viz.overlay import Overlay
        from wfnb.viz.pictures import pipeline_figure, pipeline_svg

        marks = {step.path: mark for step in self.steps if (mark := _mark(step)) is not None}
        overlay = Overlay(
            status={step.path: "SUCCEEDED" for step in self.steps if step.times},
            counts={step.path: step.times for step in self.steps if step.times},
            taken=frozenset((step.path, branch) for step in self.steps for branch in step.taken),
            durations={step.path: step.mean_ms for step in self.steps if step.mean_ms is not None},
            marks=marks,
        )
        alt = f"{self.runs:,} runs of {self.workflow} v{self.version}"
        return Picture(
            alt, pipeline_svg(self.definition, overlay), lambda: pipeline_figure(self.definition, overlay)
        )

    def __repr__(self) -> str:
        missed = (*self.missed_steps, *self.missed_branches)
        never = f"\nnever taken: {visible(', '.join(missed), 500)}" if missed else ""
        table = Rows(
            self.steps,
            columns=("id", "runs", "times", "failures", "retries", "failure_rate", "mean_ms", "taken"),
        )
        return f"{self.runs:,} runs of {self.workflow} v{self.version}{never}\n{table!r}"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        head, _, _ = repr(self).partition("\nid ")
        table = Rows(
            self.steps,
            columns=("id", "runs", "times", "failures", "retries", "failure_rate", "mean_ms", "taken"),
        )
        picture = self.picture()._repr_mimebundle_()["text/html"]
        html = f"<p>{escape_html(head)}</p>{picture}{table._repr_html_()}"
        return {"text/plain": repr(self), "text/html": html}


def _coverage(workflow: str, version: int, definition: dict[str, JsonValue], counted: Taken) -> RunCoverage:
    """From what was counted."""
    steps = Rows(
        (_use(step, counted) for step in walk_raw(definition)),
        columns=tuple(one.name for one in fields(StepUse)),
    )
    return RunCoverage(workflow, version, counted.runs, steps, definition)


def _use(step: RawStep, counted: Taken) -> StepUse:
    path = step.path
    times, failures = counted.times[path], counted.failures[path]
    blocks = [name for name in block_names(step) if (path, name) in counted.branches]
    expected = BRANCHES.get(step.type.removeprefix("control."), ())
    return StepUse(
        step.id or "",
        step.type,
        path,
        counted.reached[path],
        times,
        failures,
        counted.retries[path],
        round(failures / times, 4) if times else None,
        round(counted.duration_us[path] / times / 1000, 3) if times else None,
        {name: counted.branches[path, name] for name in blocks},
        tuple(name for name in expected if name not in blocks),
    )


def _mark(step: StepUse) -> str | None:
    if not step.times:
        return "missed"
    if step.failures:
        return "hot" if (step.failure_rate or 0) >= _HOT else "warm"
    return None


def recorded_coverage(store: Store, version: VersionRow, runs: Any, tenant: str) -> RunCoverage:
    """What recorded runs took of a version; see `Workspace.coverage_of`."""
    rows = _chosen(store, version, runs, tenant)
    counted = comparisons.taken(store, rows)
    return _coverage(version.workflow_id, version.version, version.definition, counted)


def _chosen(store: Store, version: VersionRow, runs: Any, tenant: str) -> Iterable[RunRow]:
    if runs is not None and not isinstance(runs, Mapping):
        named = (runs,) if isinstance(runs, str) or not isinstance(runs, Iterable) else runs
        return (_of_version(store, version, one, tenant) for one in named)
    given = dict(runs or {})
    if not given.keys() <= {"status", "since", "until"}:
        raise ValidationError(
            "Runs are chosen by status, since and until.",
            code="INVALID_ARGUMENT",
            where="runs",
            hint="Or name the runs themselves: runs=ws.runs(search=...).",
        )
    chosen = run_filter(
        given.get("status"), version.workflow_id, version.version, before=None, limit=1, tenant=tenant
    )
    since, until = (_moment(given, name) for name in ("since", "until"))
    return (
        row
        for row in comparisons.runs_of(store, chosen)
        if (since is None or row.started_us >= since) and (until is None or row.started_us < until)
    )


def _moment(given: Mapping[str, Any], name: str) -> int | None:
    return None if given.get(name) is None else parse_iso(check_text(given[name], name))


def _of_version(store: Store, version: VersionRow, given: Any, tenant: str) -> RunRow:
    row, _ = comparisons.point_of(store, getattr(given, "run", given), "runs", tenant)
    if (row.workflow_id, row.workflow_version) != (version.workflow_id, version.version):
        raise ValidationError(
            f"The run {row.run_id} is of {row.workflow_id} v{row.workflow_version}.",
            code="INVALID_ARGUMENT",
            where="runs",
            hint=f"Only runs of {version.workflow_id} v{version.version} count here.",
        )
    return row
