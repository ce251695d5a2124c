"""OpenTelemetry: a finished run as a trace, made from what was recorded; a run itself knows nothing of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from typing import TypeAlias

from wfnb.errors import MissingExtraError, ValidationError
from wfnb.model.values import JsonValue
from wfnb.run import Run
from wfnb.store.records import InvocationRow, RunRow, StepRow, WaitRow

if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
    raise MissingExtraError(
        "Traces need opentelemetry-sdk.", hint="Install it with: pip install 'wfnb[otel]'"
    )

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
)

__all__ = ["RunIds", "export_run", "trace_id_of"]

Facts: TypeAlias = Mapping[str, str | int | bool | None]

_given: ContextVar[tuple[int, int] | None] = ContextVar("wfnb_trace_ids", default=None)


class RunIds(IdGenerator):
    """Ids of spans that follow from the run, so that exporting a run again gives the same spans and not more of them.

    Pass it to the provider. Spans that are not made by `export_run` get random ids as ever.

    Examples
    --------
    >>> from opentelemetry.sdk.trace import TracerProvider
    >>> provider = TracerProvider(id_generator=RunIds())
    """

    def __init__(self) -> None:
        self._random = RandomIdGenerator()

    def generate_span_id(self) -> int:
        """The id that `export_run` asks for, or a random one."""
        given = _given.get()
        return self._random.generate_span_id() if given is None else given[1]

    def generate_trace_id(self) -> int:
        """The id that `export_run` asks for, or a random one."""
        given = _given.get()
        return self._random.generate_trace_id() if given is None else given[0]


def trace_id_of(run_id: str) -> int:
    """The trace id of a run, always the same: what links in logs and pages can be made of.

    Examples
    --------
    >>> f"{trace_id_of('run-0001'):032x}"
    '302aa61015d20d93ce981a9d347c97b0'
    """
    return int.from_bytes(sha256(run_id.encode()).digest()[:16]) or 1


def export_run(run: Run, tracer: Tracer) -> int:
    """Give a finished run to a tracer: a span for the run, below it one for each attempt at a step and each wait, and below
    the attempts one for each call of an action, as its last attempt was.

    Times are those of the run, simulated ones included. Neither inputs nor outputs nor texts of errors are exported, only
    their codes. A run that was called by another one has a link to it.

    Parameters
    ----------
    run
        A run that is over.
    tracer
        Of any provider. With `RunIds` as its id generator all ids follow from the run; with another one only the trace id.

    Returns
    -------
    int
        How many spans that were.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT`` when the run is not over: its spans could not be completed later.
    """  # noqa: D205 - the sentence needs two lines
    row = run.row
    if row.completed_us is None:
        raise ValidationError(
            "The run is not over.", code="INVALID_ARGUMENT", where="run", hint="Wait for it: run.wait()."
        )
    store = run._store  # noqa: SLF001 - only its rows have the microseconds
    export = _Export(tracer, row.run_id, whole=(row.started_us, row.completed_us))
    parent = None if row.parent_run_no is None else store.run_by_no(row.parent_run_no)
    root = export.run(row, parent)
    for step in store.steps(row.run_no):
        export.step(step, root)
    for wait in store.waits(row.run_no):
        export.wait(wait, root)
    for call in store.invocations(row.run_no):
        export.call(call, root)
    return export.spans


@dataclass
class _Export:
    """One run on its way to a tracer. Whatever did not end for itself ended with the run."""

    tracer: Tracer
    run_id: str
    whole: tuple[int, int]
    spans: int = 0

    def __post_init__(self) -> None:
        self._attempts: dict[tuple[str, int], Context] = {}

    def run(self, row: RunRow, parent: RunRow | None) -> Context:
        facts: Facts = {
            "wfnb.run.id": row.run_id,
            "wfnb.workflow": row.workflow_id,
            "wfnb.workflow.version": row.workflow_version,
            "wfnb.run.status": row.status,
            "wfnb.run.takeovers": row.epoch,
        }
        links = [] if parent is None else [Link(_context_of(parent.run_id))]
        failed = row.status == "FAILED"
        return self._span(
            f"run {row.workflow_id}",
            "run",
            self.whole,
            None,
            facts,
            error=row.error,
            failed=failed,
            links=links,
        )

    def step(self, row: StepRow, root: Context) -> None:
        facts: Facts = {
            "wfnb.step.id": row.step_id,
            "wfnb.step.type": row.type,
            "wfnb.step.path": row.instance,
            "wfnb.step.attempt": row.attempt,
            "wfnb.step.status": row.status,
            "wfnb.step.branch": row.branch,
            "wfnb.step.handled_by": row.handled_by,
        }
        failed = row.status in ("FAILED", "RETRY_SCHEDULED")
        times = (row.started_us, row.ended_us)
        context = self._span(
            f"step {row.step_id}", f"step {row.seq}", times, root, facts, error=row.error, failed=failed
        )
        self._attempts[row.instance, row.attempt] = context

    def wait(self, row: WaitRow, root: Context) -> None:
        facts: Facts = {
            "wfnb.wait.type": row.wait_type,
            "wfnb.wait.status": row.status,
            "wfnb.step.path": row.instance,
        }
        name = f"wait {row.effect_id}"
        self._span(f"wait {row.wait_type}", name, (row.created_us, row.resolved_us), root, facts)

    def call(self, row: InvocationRow, root: Context) -> None:
        facts: Facts = {
            "wfnb.action": row.action_id,
            "wfnb.action.version": row.action_version,
            "wfnb.action.status": row.status,
            "wfnb.action.attempt": row.attempt,
            "wfnb.action.shared": row.shared_with is not None,
        }
        attempt = row.effect_id.rpartition("#")[2]
        place = (row.instance, int(attempt) if attempt.isdecimal() else 1)
        above, times = self._attempts.get(place, root), (row.scheduled_us, row.ended_us)
        failed = row.status == "FAILED"
        self._span(
            f"action {row.action_id}",
            f"call {row.effect_id}",
            times,
            above,
            facts,
            error=row.error,
            failed=failed,
        )

    def _span(
        self,
        name: str,
        key: str,
        times_us: tuple[int, int | None],
        above: Context | None,
        facts: Facts,
        *,
        error: Mapping[str, JsonValue] | None = None,
        failed: bool = False,
        links: Sequence[Link] = (),
    ) -> Context:
        """Make a span and end it; the context for spans below it. `key` names it within the run."""
        known: dict[str, str | int | bool] = {
            name: value for name, value in facts.items() if value is not None
        }
        if error is not None:
            known |= {f"error.{part}": str(error[part]) for part in ("category", "code") if error.get(part)}
        with _ids(self.run_id, key):
            span: Span = self.tracer.start_span(
                name,
                context=self._root_context() if above is None else above,
                start_time=times_us[0] * 1000,
                attributes=known,
                links=links,
            )
        if failed:
            span.set_status(Status(StatusCode.ERROR, str((error or {}).get("code") or "FAILED")))
        span.end((self.whole[1] if times_us[1] is None else times_us[1]) * 1000)
        self.spans += 1
        return trace.set_span_in_context(span, Context())

    def _root_context(self) -> Context:
        """Nothing above; where the ids are not ours, a parent that only carries the trace id."""
        if isinstance(getattr(self.tracer, "id_generator", None), RunIds):
            return Context()
        return trace.set_span_in_context(NonRecordingSpan(_context_of(self.run_id)), Context())


@contextmanager
def _ids(run_id: str, key: str) -> Iterator[None]:
    token = _given.set((trace_id_of(run_id), _span_id(run_id, key)))
    try:
        yield
    finally:
        _given.reset(token)


def _context_of(run_id: str) -> SpanContext:
    """The place of the span of a whole run."""
    flags = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(trace_id_of(run_id), _span_id(run_id, "run"), is_remote=True, trace_flags=flags)


def _span_id(run_id: str, key: str) -> int:
    return int.from_bytes(sha256(f"{run_id}\n{key}".encode()).digest()[:8]) or 1
