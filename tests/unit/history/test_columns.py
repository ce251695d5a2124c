"""Rows as columns: complete, redacted, bounded."""

from __future__ import annotations

import dataclasses
import json

from wfnb.history.columns import batches, count, shown_json
from wfnb.limits import LIMITS
from wfnb.store.records import Changes, EventRow, InvocationRow, RunRow, StepRow, WaitRow

RUN = RunRow(
    1, "r", "w", 1, "h", "pipeline", "FAILED", None, None, {"category": "ActionError", "code": "C", "message": "m"},
    None, "manual", None, None, 0, 3, 1, None, None, 10, 20, None, "local", 0, 1,
)  # fmt: skip
STEP = StepRow(1, 2, "root.steps[0]", "s", "t", 1, "STARTED", None, None, None, None, 10, None, 1)
CALL = InvocationRow(
    1, 1, "e#1", "root.steps[0]", "a", 1, "k", "STARTED", 1, {}, None, None, None, 10, None, 1
)
WAIT = WaitRow(
    1,
    1,
    "e#retry1",
    "root.steps[0]",
    "retry",
    "WAITING",
    None,
    10,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    1,
)
EVENT = EventRow(1, 1, 1, 10, "run.started", {}, 1)


def test_every_kind_that_changed_gives_one_batch() -> None:
    changes = Changes(1, (RUN,), (STEP, STEP), (CALL,), (WAIT,), (EVENT,))
    assert {batch.kind: {len(column) for column in batch.columns.values()} for batch in batches(changes)} == {
        "run": {1},
        "step": {2},
        "invocation": {1},
        "wait": {1},
        "event": {1},
    }
    assert count(changes) == 6


def test_nothing_changed_gives_no_batch() -> None:
    assert list(batches(Changes(7))) == []


def test_what_is_not_there_is_minus_one_in_numbers_and_none_in_texts() -> None:
    (batch,) = batches(Changes(1, steps=(STEP,)))
    assert (batch.columns["ended_us"][0], batch.columns["branch"][0]) == (-1, None)


def test_inputs_outputs_and_event_data_are_redacted() -> None:
    secret = {"apiKey": "canary", "deep": [{"password": "canary"}]}
    call = dataclasses.replace(CALL, input=secret, output=secret)
    event = dataclasses.replace(EVENT, data=secret)
    texts = [
        str(value)
        for batch in batches(Changes(1, invocations=(call,), events=(event,)))
        for column in batch.columns.values()
        for value in column
    ]
    assert sum("[REDACTED]" in text for text in texts) == 3
    assert not any("canary" in text for text in texts)


def test_a_value_above_the_limit_is_replaced_by_its_size() -> None:
    shown = json.loads(shown_json("x" * (LIMITS.snapshot_size_bytes + 1)))
    assert shown["truncated"] is True
    assert shown["size"] > LIMITS.snapshot_size_bytes


def test_a_long_error_message_is_cut() -> None:
    run = dataclasses.replace(RUN, error={"category": "c", "code": "C", "message": "m" * 5_000})
    (batch,) = batches(Changes(1, runs=(run,)))
    message = batch.columns["error_message"][0]
    assert (len(message), message[-1]) == (2_000, "…")


def test_a_text_that_is_not_unicode_does_not_stop_the_history() -> None:
    (batch,) = batches(Changes(1, steps=(dataclasses.replace(STEP, step_id="a\ud800b"),)))
    assert batch.columns["step_id"][0].encode("utf-8") == b"a?b"
