"""From a commit to rows: what is inserted, what is changed, and what is left alone."""

from __future__ import annotations

import json
from dataclasses import replace

from unit.store.story import ERROR, STEP, Story, version
from wfnb.limits import LIMITS
from wfnb.machine.messages import ChildScheduled, ControlMoved, StepCanceled
from wfnb.model.values import Write
from wfnb.store.memory import MemoryStore
from wfnb.store.rows import RowChanges, row_changes


def story() -> Story:
    store = MemoryStore()
    store.save_version(version())
    return Story(store)


def test_a_step_within_one_commit_is_one_new_row() -> None:
    told = story()
    rows = row_changes(told.plan(told.start(), told.call(), told.answer()))
    (step,) = rows.begun
    assert (step.seq, step.end_seq, step.status) == (2, 3, "SUCCEEDED")
    assert rows.ended == []


def test_a_step_that_is_under_way_is_a_new_row_and_its_end_a_change() -> None:
    told = story()
    begun = row_changes(told.plan(told.call()))
    assert [(step.status, step.end_seq) for step in begun.begun] == [("STARTED", None)]
    ended = row_changes(told.plan(told.answer()))
    assert ended.begun == []
    assert [(step.instance, step.status, step.end_seq) for step in ended.ended] == [(STEP, "SUCCEEDED", 1)]


def test_the_end_of_one_step_and_the_begin_of_the_next_are_told_apart() -> None:
    told = story()
    rows = row_changes(told.plan(told.answer(), told.call(attempt=2)))
    assert [step.attempt for step in rows.ended] == [1]
    assert [(step.attempt, step.status) for step in rows.begun] == [(2, "STARTED")]


def test_writes_are_compact_text_and_a_removal_has_no_value() -> None:
    told = story()
    moved = ControlMoved(
        at_us=1,
        move="leave",
        instance=STEP,
        writes=(Write(("frames", 1)), Write(("envelope", "vars", "größe"), None)),
    )
    (macrostep,) = row_changes(told.plan((*told.pure(), moved))).macrosteps
    assert macrostep.writes == (
        '[[["envelope","vars","value"],1],[["frames",1]],[["envelope","vars","größe"],null]]'
    )


def test_a_failed_step_is_retried_or_has_failed() -> None:
    told = story()
    retried = row_changes(told.plan(told.failure(handled_by="retry")))
    failed = row_changes(told.plan(told.failure(handled_by="root.steps[0].try")))
    assert [step.status for step in retried.ended] == ["RETRY_SCHEDULED"]
    assert [happening.kind for happening in retried.happenings] == ["retry.scheduled"]
    assert [(step.status, step.handled_by) for step in failed.ended] == [("FAILED", "root.steps[0].try")]
    assert failed.happenings == []


def test_only_a_cancellation_gives_up_open_invocations() -> None:
    told = story()
    assert row_changes(told.plan(told.fail())).canceled_us is None
    canceled = row_changes(told.plan((StepCanceled(at_us=5, instance=STEP, attempt=1), *told.cancel())))
    assert canceled.canceled_us == canceled.completed_us
    assert [step.status for step in canceled.ended] == ["CANCELED"]


def test_the_error_of_a_run_is_the_one_it_failed_with() -> None:
    told = story()
    rows = row_changes(told.plan(told.failure(handled_by="onError"), told.fail()))
    assert json.loads(rows.error or "") == ERROR
    assert (rows.status, rows.completed_us) == ("FAILED", rows.updated_us)


def test_a_child_is_recorded() -> None:
    told = story()
    child = ChildScheduled(
        at_us=1, effect_id="c", instance=STEP, workflow_id="returns", workflow_version=3, payload={"big": 1}
    )
    (happening,) = row_changes(told.plan((child,))).happenings
    assert happening.kind == "child.scheduled"
    assert json.loads(happening.data) == {"instance": STEP, "workflowId": "returns", "workflowVersion": 3}


def test_a_checkpoint_is_due_when_a_multiple_is_passed() -> None:
    told = story()
    every = LIMITS.checkpoint_every

    def at(seq: int, length: int) -> RowChanges:
        plan = told.plan(*[told.pure() for _ in range(length)])
        return row_changes(replace(plan, expected_seq=seq))

    assert at(0, every - 1).checkpoint is None
    assert at(0, every).checkpoint is not None
    assert at(every - 1, 1).checkpoint is not None
    assert at(every, 1).checkpoint is None
    assert at(every - 2, 5).checkpoint is not None
