"""What a debugger reads of a run of any length: the same of every store."""

from __future__ import annotations

from unit.store.story import ERROR, STEP, Story
from wfnb.machine.messages import StepFailed, StepStarted, StepSucceeded
from wfnb.store.port import Store
from wfnb.store.records import StepTally

TRY = "root.steps[1].try"


def told(store: Store) -> Story:
    """A step, one that is tried again and then goes well, one whose error a try takes, a wait, and one that is still open."""
    story = Story(store)
    story.commit(story.start(), story.pure())
    story.commit(begun(story, "pay", "action.call", 1))
    story.commit(failed(story, 1, "retry"))
    story.commit(begun(story, "pay", "action.call", 2))
    story.commit(ended(story, 2))
    story.commit((*begun(story, "no", "state.set", 1), *failed(story, 1, TRY)))
    story.commit(begun(story, "wait", "time.wait", 1))
    story.commit(ended(story, 1))
    story.commit(begun(story, "open", "action.call", 1))
    return story


def begun(story: Story, step_id: str, kind: str, attempt: int) -> tuple[StepStarted, ...]:
    return (StepStarted(at_us=story.now(), instance=STEP, step_id=step_id, type=kind, attempt=attempt),)


def ended(story: Story, attempt: int) -> tuple[StepSucceeded, ...]:
    return (StepSucceeded(at_us=story.now(), instance=STEP, attempt=attempt),)


def failed(story: Story, attempt: int, handler: str) -> tuple[StepFailed, ...]:
    return (StepFailed(at_us=story.now(), instance=STEP, attempt=attempt, error=ERROR, handled_by=handler),)


def test_ends_of_steps_come_in_the_order_of_their_beginnings_with_a_mark(store: Store) -> None:
    told(store)
    ends = [(2, 2, 0), (3, 4, 1), (5, 6, 0), (7, 7, 2), (8, 9, 3), (10, None, 0)]
    assert store.step_ends(1, 0, 99) == ends
    assert store.step_ends(1, 5, 99) == ends[2:]
    assert store.step_ends(1, 3, 2) == ends[1:3]
    assert store.step_ends(2, 0, 99) == []


def test_steps_are_found_by_their_beginnings(store: Store) -> None:
    told(store)
    assert [step.step_id for step in store.steps_at(1, [10, 2, 7, 99])] == ["set", "no", "open"]
    assert store.steps_at(1, []) == []
    assert store.steps_at(1, [step.seq for step in store.steps(1)]) == store.steps(1)


def test_tallies_tell_what_became_of_a_step_up_to_a_macrostep(store: Store) -> None:
    told(store)
    pay = StepTally(0, "pay", None, STEP, None, "SUCCEEDED", 2, 2000, 6)
    everything = store.tallies(1, 0, 99, 100)
    assert [(tally.step_id, tally.status, tally.count) for tally in everything] == [
        ("no", "FAILED", 1), ("pay", "SUCCEEDED", 2), ("set", "SUCCEEDED", 1), ("wait", "SUCCEEDED", 1)
    ]  # fmt: skip
    assert pay in everything
    assert [tally.handler for tally in everything] == [TRY, None, None, None]
    earlier = {
        tally.step_id: (tally.status, tally.count, tally.end_seq) for tally in store.tallies(1, 0, 5, 5)
    }
    assert earlier == {"set": ("SUCCEEDED", 1, 2), "pay": ("RETRY_SCHEDULED", 1, 4)}
    assert store.tallies(1, 0, 1, 1) == []


def test_tallies_are_counted_stretch_by_stretch(store: Store) -> None:
    told(store)
    found = [(tally.stretch, tally.step_id, tally.end_seq) for tally in store.tallies(1, 0, 9, 4)]
    assert found == [(0, "pay", 4), (0, "set", 2), (1, "no", 7), (1, "pay", 6), (2, "wait", 9)]
    assert [(tally.stretch, tally.step_id) for tally in store.tallies(1, 4, 8, 2)] == [(0, "pay"), (1, "no")]
