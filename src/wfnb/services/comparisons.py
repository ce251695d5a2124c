"""Comparisons: the executions of recorded runs up to a point, and what many runs took of one definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from wfnb.errors import NotFoundError, ValidationError
from wfnb.machine.compare import Execution, signature
from wfnb.model.arguments import check_text, check_whole
from wfnb.model.paths import definition_path
from wfnb.security.escape import visible
from wfnb.store.port import Store, state_at
from wfnb.store.records import RunFilter, RunRow, StepRow

__all__ = ["Taken", "executions", "point_of", "runs_of", "taken"]

_PAGE = 2_000  # macrosteps that are read at once
_RUNS = 200  # runs that are read at once


def point_of(store: Store, given: object, where: str, tenant: str) -> tuple[RunRow, int]:
    """The run and the macrostep that a person names: an id, a run, or a pair of either and a macrostep.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT``.
    NotFoundError
        ``NO_SUCH_RUN``, ``NO_SUCH_STEP``.
    """
    named, seq = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    run_id = named if isinstance(named, str) else getattr(named, "id", None)
    if not isinstance(run_id, str):
        raise ValidationError(
            "A run is named by its id, or is the run itself.",
            code="INVALID_ARGUMENT",
            where=where,
            hint="Say ws.compare(run_a, run_b), or (run_a, seq) for a point in it.",
        )
    row = store.run(check_text(run_id, where))
    if row is None or row.tenant != tenant:
        raise NotFoundError(
            f"There is no run {visible(run_id, 80)}.", code="NO_SUCH_RUN", hint="ws.runs() lists them."
        )
    if seq is None:
        return row, row.seq
    end = check_whole(seq, where)
    state_at(store, row, end)
    return row, end


def executions(store: Store, row: RunRow, seq: int) -> list[Execution]:
    """Every attempt at a step that had begun at a macrostep, in order."""
    wrote = _signatures(store, row, seq)
    return [_execution(step, seq, wrote) for step in store.steps(row.run_no) if step.seq <= seq]


def _signatures(store: Store, row: RunRow, seq: int) -> dict[int, str]:
    found = {}
    for start in range(0, seq, _PAGE):
        for macrostep in store.macrosteps(row.run_no, start, min(start + _PAGE, seq)):
            if digest := signature(macrostep.writes):
                found[macrostep.seq] = digest
    return found


def _execution(step: StepRow, seq: int, wrote: dict[int, str]) -> Execution:
    if step.end_seq is not None and step.end_seq > seq:
        step = replace(
            step, status="STARTED", branch=None, error=None, handled_by=None, end_seq=None, ended_us=None
        )
    return Execution(
        step.step_id,
        step.type,
        step.instance,
        step.attempt,
        step.status,
        step.branch,
        None if step.error is None else str(step.error.get("code")),
        step.handled_by,
        "" if step.end_seq is None else wrote.get(step.end_seq, ""),
        None if step.ended_us is None else step.ended_us - step.started_us,
    )


@dataclass(slots=True)
class Taken:
    """What runs took of one definition, by definition path.

    Parameters
    ----------
    runs
        How many runs there were.
    reached, times, failures, retries
        Runs that came to a step; attempts at it; attempts that failed for good; attempts that were tried again.
    branches
        How often a branch was taken.
    duration_us
        Time spent in a step.
    """

    runs: int = 0
    reached: Counter[str] = field(default_factory=Counter)
    times: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    branches: Counter[tuple[str, str]] = field(default_factory=Counter)
    duration_us: Counter[str] = field(default_factory=Counter)

    def add(self, steps: Iterable[StepRow]) -> None:
        """Count a run."""
        self.runs += 1
        seen: set[str] = set()
        for step in steps:
            path = definition_path(step.instance)
            seen.add(path)
            self.times[path] += 1
            if step.error is not None:
                (self.retries if step.handled_by == "retry" else self.failures)[path] += 1
            if step.branch is not None:
                self.branches[path, step.branch] += 1
            if step.handled_by is not None and step.handled_by.endswith(".try"):
                self.branches[definition_path(step.handled_by).removesuffix(".try"), "catch"] += 1
            if step.ended_us is not None:
                self.duration_us[path] += step.ended_us - step.started_us
        self.reached.update(seen)


def taken(store: Store, rows: Iterable[RunRow]) -> Taken:
    """What runs took: one run in memory at a time."""
    counted = Taken()
    for row in rows:
        counted.add(store.steps(row.run_no))
    return counted


def runs_of(store: Store, chosen: RunFilter) -> Iterator[RunRow]:
    """All runs that a filter chooses, newest first, page by page."""
    chosen = replace(chosen, limit=_RUNS)
    while page := store.runs(chosen):
        yield from page
        chosen = replace(chosen, before=page[-1].run_no)
