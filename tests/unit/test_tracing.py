"""Traces: the spans of a finished run, as the SDK's own exporter gets them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import StatusCode, Tracer
from pydantic import BaseModel

import wfnb
from wfnb.errors import ValidationError
from wfnb.tracing import RunIds, export_run, trace_id_of


class Job(BaseModel):
    n: int


@pytest.fixture
def ws() -> Iterator[wfnb.Workspace]:
    """Job 1 succeeds at its second attempt, job 2 fails at each; a workflow calls the first one."""
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as opened:
        tries: list[int] = []

        @opened.action("work", retry={"maxAttempts": 2, "backoffMs": 500, "jitter": False})
        def work(job: Job) -> Job:
            tries.append(job.n)
            if job.n == 2 or tries.count(job.n) == 1:
                raise wfnb.TransientError("The password is geheim.")
            return job

        mapping = {"n": {"$expr": "payload.n"}}
        call = {"actionId": "work", "version": 1, "inputMapping": mapping}
        step = {"id": "call", "type": "action.call", "config": call}
        assert opened.publish({"id": "job", "name": "Job", "steps": [step]}).ok
        child = {"workflowId": "job", "workflowVersion": 1, "inputMapping": mapping}
        parent = {"id": "sub", "type": "control.callWorkflow", **child}
        assert opened.publish({"id": "outer", "name": "Outer", "steps": [parent]}).ok
        yield opened


def tracer(ids: IdGenerator | None = None) -> tuple[Tracer, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(id_generator=ids)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("wfnb"), exporter


def exported(run: wfnb.Run, ids: IdGenerator | None = None) -> list[ReadableSpan]:
    given, exporter = tracer(ids)
    count = export_run(run, given)
    spans = list(exporter.get_finished_spans())
    assert len(spans) == count
    return spans


def test_a_run_is_a_span_with_its_attempts_waits_and_calls_below(ws: wfnb.Workspace) -> None:
    spans = exported(ws.start("job", {"n": 1}).wait(), RunIds())
    assert [span.name for span in spans] == [
        "run job", "step call", "step call", "wait retry", "action work",
    ]  # fmt: skip
    root, first, second, wait, call = spans
    assert root.parent is None
    for below in (first, second, wait):
        assert below.parent is not None
        assert below.parent.span_id == root.context.span_id
    assert call.parent is not None
    assert call.parent.span_id == second.context.span_id  # what is recorded of a call is its last attempt


def test_times_are_those_of_the_run(ws: wfnb.Workspace) -> None:
    run = ws.start("job", {"n": 1}).wait()
    root, *below = exported(run)
    assert (root.start_time, root.end_time) == (run.row.started_us * 1000, (run.row.completed_us or 0) * 1000)
    for span in below:
        assert root.start_time <= span.start_time <= span.end_time <= root.end_time


def test_attempts_tell_how_they_ended(ws: wfnb.Workspace) -> None:
    _, first, second, *_ = exported(ws.start("job", {"n": 1}).wait())
    assert (first.attributes["wfnb.step.attempt"], first.attributes["error.code"]) == (1, "TRANSIENT_FAILURE")
    assert (first.status.status_code, second.status.status_code) == (StatusCode.ERROR, StatusCode.UNSET)


def test_a_failed_run_has_the_status_of_an_error(ws: wfnb.Workspace) -> None:
    root = exported(ws.start("job", {"n": 2}).wait())[0]
    assert root.status.status_code is StatusCode.ERROR
    assert root.attributes["wfnb.run.status"] == "FAILED"


def test_ids_follow_from_the_run(ws: wfnb.Workspace) -> None:
    run = ws.start("job", {"n": 1}).wait()
    one, two = exported(run, RunIds()), exported(run, RunIds())
    assert [span.context.span_id for span in one] == [span.context.span_id for span in two]
    assert len({span.context.span_id for span in one}) == len(one)
    assert {span.context.trace_id for span in one} == {trace_id_of(run.id)}


def test_the_trace_id_follows_from_the_run_with_any_generator(ws: wfnb.Workspace) -> None:
    run = ws.start("job", {"n": 1}).wait()
    assert {span.context.trace_id for span in exported(run)} == {trace_id_of(run.id)}


def test_other_spans_of_the_provider_keep_random_ids(ws: wfnb.Workspace) -> None:
    given, exporter = tracer(RunIds())
    for _ in range(2):
        given.start_span("other").end()
    export_run(ws.start("job", {"n": 1}).wait(), given)
    assert len({span.context.trace_id for span in exporter.get_finished_spans()}) == 3


def test_a_called_run_has_a_link_to_its_caller(ws: wfnb.Workspace) -> None:
    outer = ws.start("outer", {"n": 1}).wait(30)
    (child,) = [row.run for row in ws.runs(workflow="job")]
    caller = exported(outer, RunIds())[0]
    (link,) = exported(ws.run(child), RunIds())[0].links
    assert (link.context.trace_id, link.context.span_id) == (caller.context.trace_id, caller.context.span_id)


def test_a_run_that_is_not_over_is_refused(ws: wfnb.Workspace) -> None:
    debugger = ws.debug("job", {"n": 1})
    given, exporter = tracer()
    with pytest.raises(ValidationError, match="not over"):
        export_run(ws.run("run-0001"), given)
    assert exporter.get_finished_spans() == ()
    assert debugger is not None


def test_neither_data_nor_texts_of_errors_are_exported(ws: wfnb.Workspace) -> None:
    spans = exported(ws.start("job", {"n": 2}).wait())
    assert "geheim" not in json.dumps([json.loads(span.to_json()) for span in spans])
