"""Holds in every store: they stand in the row of the run, and keep everybody from taking it up."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from unit.store.story import START_US, Story, new_run
from unit.store.test_waits import opened, submit
from wfnb.store.port import Store

LATER = START_US + 10**9


def ready(store: Store, now_us: int = START_US) -> list[int]:
    return [run.run_no for run in store.ready_runs(LATER, now_us, (), 10)]


def held(store: Store, hold: str = "ann", until_us: int = LATER) -> Story:
    """A run of nobody that is to stand still."""
    story = Story(store)
    assert store.change_hold(story.row.run_no, None, hold, until_us)
    return story


def test_the_row_of_a_run_says_who_holds_it(store: Store) -> None:
    story = held(store, '{"ä": 1}')
    assert story.reload().hold == '{"ä": 1}'
    assert store.held_runs() == [story.reload()]
    assert store.change_hold(story.row.run_no, '{"ä": 1}', None, None)
    assert (story.reload().hold, store.held_runs()) == (None, [])


def test_a_hold_is_changed_only_by_whoever_has_seen_it(store: Store) -> None:
    story = held(store)
    assert not store.change_hold(story.row.run_no, None, "ben", LATER)
    assert not store.change_hold(story.row.run_no, "carl", "ben", LATER)
    assert story.reload().hold == "ann"
    assert not store.change_hold(99, None, "ben", LATER)


def test_of_many_who_change_a_hold_at_once_one_does(store: Store) -> None:
    story = held(store)
    start = threading.Barrier(6)

    def change(number: int) -> bool:
        start.wait()
        return store.change_hold(story.row.run_no, "ann", f"ben-{number}", None)

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(change, range(6))) == 1


def test_nobody_takes_up_a_run_that_stands_still(store: Store) -> None:
    story = held(store)
    assert ready(store) == []
    assert store.claim_run(story.row.run_no, "me", START_US, LATER) is None
    assert store.change_hold(story.row.run_no, "ann", "ann goes on", None)
    assert ready(store) == [1]
    claimed = store.claim_run(story.row.run_no, "me", START_US, LATER)
    assert claimed is not None
    assert claimed.hold == "ann goes on"


def test_a_hold_that_nobody_prolongs_is_over_by_itself(store: Store) -> None:
    story = held(store, until_us=START_US + 500)
    assert ready(store, START_US + 499) == []
    assert store.claim_run(story.row.run_no, "me", START_US + 499, LATER) is None
    assert ready(store, START_US + 500) == [1]
    assert store.claim_run(story.row.run_no, "me", START_US + 500, LATER) is not None


def test_every_commit_tells_of_the_hold(store: Store) -> None:
    story = Story(store)
    told = [store.commit(story.plan(story.start())).hold]
    story.row = story.reload()
    store.change_hold(story.row.run_no, None, "ann", LATER)
    told.append(store.commit(story.plan(story.pure())).hold)
    assert told == [None, "ann"]


def test_whoever_drives_a_held_run_may_commit_until_it_gives_it_back(store: Store) -> None:
    story = Story(store, owner="me", lease_until_us=LATER)
    store.change_hold(story.row.run_no, None, "ann", LATER)
    story.commit(story.start())
    assert story.row.owner == "me"
    assert store.stand(story.row.run_no, story.row.epoch, "ann", "ann", LATER, 0)
    row = story.reload()
    assert (row.owner, row.lease_until_us, row.ready_us, row.hold) == (None, None, 0, "ann")
    assert ready(store) == []


def test_a_run_does_not_stand_still_under_another_hold_or_another_owner(store: Store) -> None:
    story = held(store)
    assert not store.stand(story.row.run_no, story.row.epoch, "ben", "ann", LATER, 0)
    assert not store.stand(story.row.run_no, story.row.epoch + 1, "ann", "ann", LATER, 0)
    story.commit(story.start())
    story.commit(story.succeed(), release=True)
    assert not store.stand(story.row.run_no, story.row.epoch, "ann", "ann", LATER, 0)


def test_a_run_that_waits_is_still_ready_when_it_is_due_and_may_go_on(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), opened(story, "w", due_at_us=START_US + 9_000))
    store.change_hold(story.row.run_no, None, "ann", LATER)
    assert store.stand(story.row.run_no, story.row.epoch, "ann", "ann", LATER, None)
    assert story.reload().ready_us == START_US + 9_000
    assert ready(store) == []
    assert store.change_hold(story.row.run_no, "ann", None, None)
    assert ready(store) == [1]


def test_an_answer_to_a_held_run_is_kept(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), opened(story, "w"))
    store.change_hold(story.row.run_no, None, "ann", LATER)
    store.stand(story.row.run_no, story.row.epoch, "ann", "ann", LATER, None)
    assert submit(store).row.run_no == story.row.run_no
    assert ready(store) == []
    store.change_hold(story.row.run_no, "ann", None, None)
    assert ready(store) == [1]


def test_an_answer_that_comes_before_the_run_stands_is_not_slept_through(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), opened(story, "w"))
    store.change_hold(story.row.run_no, None, "ann", LATER)
    submit(store)
    store.stand(story.row.run_no, story.row.epoch, "ann", "ann", LATER, None)
    assert story.reload().ready_us == 0


def test_held_runs_are_those_that_are_not_over_oldest_first(store: Store) -> None:
    stories = [Story(store, f"run-{number}") for number in (1, 2, 3)]
    for story in reversed(stories):
        store.change_hold(story.row.run_no, None, "ann", LATER)
    first = stories[0]
    first.row = first.reload()
    first.commit(first.start(), first.succeed(), release=True)
    assert [run.run_id for run in store.held_runs()] == ["run-2", "run-3"]


def test_a_new_run_is_not_held(store: Store) -> None:
    assert store.create_run(new_run())[0].hold is None
