"""Public rows: ISO times, definition paths, durations in milliseconds, secrets masked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from wfnb.rows import EventRecord, Invocation, RunSummary, Step, Wait
from wfnb.store.records import EventRow, InvocationRow, RunRow, StepRow, WaitRow

T = 1_767_225_600_000_000  # 2026-01-01 in microseconds
ERROR = {"category": "ActionError", "code": "NO", "message": "No."}
RUN = RunRow(
    1, "run-0001", "w", 2, "hash", "pipeline", "SUCCEEDED", "DONE", None, None, None, "manual", None, None, 0, 4, 1, None, None, T,
    T + 1, T + 2_500, "local", 0, 9,
)  # fmt: skip
STEP = StepRow(
    1,
    3,
    "root.steps[0].body{2}.steps[1]",
    "s",
    "action.call",
    1,
    "SUCCEEDED",
    None,
    None,
    None,
    5,
    T,
    T + 1_500,
    9,
)
CALL = InvocationRow(
    1,
    1,
    "e",
    "root.steps[0]",
    "act",
    1,
    "key",
    "SUCCEEDED",
    1,
    {"n": 1},
    {"n": 2},
    None,
    None,
    T,
    T + 2_000,
    9,
)
WAIT = WaitRow(
    1,
    1,
    "e",
    "root.steps[0]",
    "retry",
    "WAITING",
    T + 1_000_000,
    T,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    9,
)


def test_a_summary_has_times_and_the_first_words_of_its_error() -> None:
    row = RunSummary.of(RUN)
    assert (row.run, row.workflow, row.version, row.state) == ("run-0001", "w", 2, "DONE")
    assert (row.started_at, row.duration_ms, row.error) == ("2026-01-01T00:00:00.000Z", 2.5, None)
    assert RunSummary.of(replace(RUN, error=ERROR)).error == "No."
    assert RunSummary.of(replace(RUN, completed_us=None)).duration_ms is None


def test_a_step_has_its_place_and_the_macrostep_that_ended_it() -> None:
    row = Step.of(STEP)
    assert (row.path, row.instance) == ("root.steps[0].body.steps[1]", "root.steps[0].body{2}.steps[1]")
    assert (row.seq, row.duration_ms) == (5, 1.5)


def test_a_step_under_way_has_the_macrostep_that_began_it() -> None:
    row = Step.of(replace(STEP, end_seq=None, ended_us=None, status="RUNNING"))
    assert (row.seq, row.duration_ms) == (3, None)


@pytest.mark.behaviour(206)
@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"password": "x", "n": 1}, {"password": "[REDACTED]", "n": 1}),
        ({"deep": [{"token": "x"}]}, {"deep": [{"token": "[REDACTED]"}]}),
        ({"text": "x" * 40_000}, {"truncated": True, "size": 40_011, "max": 32_768}),
        (None, None),
    ],
)
def test_an_invocation_is_masked_and_capped(given: Any, shown: Any) -> None:
    row = Invocation.of(replace(CALL, input=given, output=given))
    assert (row.input, row.output) == (shown, shown)


def test_a_shared_result_is_told() -> None:
    assert not Invocation.of(CALL).shared
    assert Invocation.of(replace(CALL, shared_with=7)).shared


def test_a_wait_has_its_moments() -> None:
    row = Wait.of(WAIT)
    assert (row.opened_at, row.due_at, row.resolved_at) == (
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:01.000Z",
        None,
    )
    assert Wait.of(replace(WAIT, due_us=None, resolved_us=T)).due_at is None


def test_an_event_is_masked() -> None:
    event = EventRecord.of(EventRow(1, 1, 2, T, "run.canceled", {"reason": "because", "apiKey": "x"}, 9))
    assert event.data == {"reason": "because", "apiKey": "[REDACTED]"}


@pytest.mark.parametrize("kind", [RunSummary, Step, Invocation, Wait, EventRecord])
def test_columns_are_the_fields_in_order(kind: Any) -> None:
    assert kind.columns() == tuple(kind.__dataclass_fields__)
