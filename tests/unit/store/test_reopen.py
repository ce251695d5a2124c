"""A failed run is reopened by a commit that holds its fence; nothing else brings a run back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unit.store.story import STEP, Story
from wfnb.errors import StaleWriterError
from wfnb.machine.messages import RunReopened
from wfnb.model.values import Write
from wfnb.store.port import Store, state_at
from wfnb.store.records import Commit


def reopening(story: Story) -> Commit:
    writes = (Write(("status",), "RUNNING"),)
    event = RunReopened(at_us=story.now(), instance=STEP, reason="again", actor="ann", writes=writes)
    return replace(story.plan((event,)), reopens=True)


def failed(store: Store, run_id: str = "run-1") -> Story:
    story = Story(store, run_id)
    story.commit(story.start())
    story.commit(story.fail(), release=True)
    return story


def test_a_reopened_run_is_open_and_free_under_a_new_epoch(store: Store) -> None:
    story = failed(store)
    assert story.row.over
    store.commit(reopening(story))
    row = story.reload()
    assert (row.status, row.completed_us, row.error, row.owner, row.ready_us) == (
        "RUNNING",
        None,
        None,
        None,
        0,
    )
    assert (row.seq, row.epoch) == (story.row.seq + 1, story.row.epoch + 1)
    assert store.claim_run(row.run_no, "me", 0, 10) is not None
    assert [event.kind for event in store.events(row.run_no)][-1] == "run.reopened"
    assert state_at(store, row).status == "RUNNING"


def test_a_run_is_reopened_once(store: Store) -> None:
    story = failed(store)
    commit = reopening(story)
    store.commit(commit)
    with pytest.raises(StaleWriterError):
        store.commit(commit)


def test_who_owned_a_run_before_it_failed_is_fenced_out(store: Store) -> None:
    story = failed(store)
    store.commit(reopening(story))
    story.state = state_at(store, story.reload())
    late = replace(story.plan(story.pure()), expected_seq=story.reload().seq)
    assert late.epoch == story.row.epoch
    with pytest.raises(StaleWriterError):
        store.commit(late)


def test_a_run_that_has_not_failed_is_not_reopened(store: Store) -> None:
    story = Story(store)
    story.commit(story.start())
    for end in (None, story.succeed):
        if end is not None:
            story.commit(end(), release=True)
        with pytest.raises(StaleWriterError):
            store.commit(reopening(story))


def test_reopened_runs_stand_among_the_open_ones_by_age(store: Store) -> None:
    old = failed(store, "run-1")
    Story(store, "run-2")
    store.commit(reopening(old))
    assert [run.run_id for run in store.open_runs()] == ["run-1", "run-2"]


def test_the_history_hears_of_a_reopened_run(store: Store) -> None:
    story = failed(store)
    rev = store.changes(0, 1000).rev
    store.commit(reopening(story))
    (run,) = store.changes(rev, 1000).runs
    assert (run.status, run.completed_us) == ("RUNNING", None)
