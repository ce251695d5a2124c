"""Transactions that meet in a PostgreSQL store: nothing is lost, done twice, or left asleep."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from integration.test_store_processes import keep
from unit.store.story import START_US, Story, new_run, version
from wfnb.errors import WfnbError
from wfnb.machine.messages import WaitOpened
from wfnb.model.values import Write
from wfnb.store.postgres import PostgresStore
from wfnb.store.postgres_statements import TRANSACTION
from wfnb.store.records import InboxFilter, NewEvent, RunFilter, Submitted

THREADS = 8


@pytest.fixture
def store(postgres_url: str) -> Iterator[PostgresStore]:
    with PostgresStore(postgres_url) as store:
        store.save_version(version())
        yield store


@contextmanager
def under_way(store: PostgresStore) -> Iterator[psycopg.Connection]:
    """A transaction of somebody else that has a revision and is not over."""
    with store._connections.block(TRANSACTION.begin_write) as link:
        link.execute(TRANSACTION.next_revision)
        yield link


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Do these in threads that begin together; what they gave, or the codes of what they raised."""
    together = threading.Barrier(len(calls))

    def work(call: Callable[[], object]) -> object:
        together.wait()
        try:
            return call()
        except WfnbError as error:
            return error.code

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(work, calls))


def waiting(store: PostgresStore, run_id: str, name: str, key: str) -> Story:
    """A run with an open wait for an event."""
    story = Story(store, run_id, owner="me", lease_until_us=START_US)
    opened = WaitOpened(
        at_us=story.now(), effect_id="wait", instance="root.steps[0]", wait_type="event", due_at_us=None,
        event_name=name, key=key, writes=(Write(("status",), "WAITING"),),
    )  # fmt: skip
    story.commit(story.start(), (opened,))
    return story


# --- revisions


def test_what_is_under_way_holds_back_what_came_after_it(store: PostgresStore) -> None:
    before = store.changes(0, 100).rev
    with ThreadPoolExecutor(1) as elsewhere, under_way(store):
        story = elsewhere.submit(Story, store).result()
        elsewhere.submit(story.commit, story.start()).result()
        held = elsewhere.submit(store.changes, before, 100).result()
        assert (held.rev, held.runs) == (before, ())
    after = store.changes(before, 100)
    assert after.rev > before + 1
    assert [run.run_id for run in after.runs] == ["run-1"]


def test_a_reader_waits_a_moment_for_commits_that_are_under_way(store: PostgresStore) -> None:
    """So that whoever has seen the end of a run finds it in the history, whatever else goes on."""
    with ThreadPoolExecutor(2) as elsewhere:
        with under_way(store):
            ended = elsewhere.submit(Story, store).result().row.rev
            asked = elsewhere.submit(store.changes, 0, 100)
        assert asked.result().rev == ended


def test_a_reader_that_follows_eight_writers_ends_with_exactly_what_is_there(store: PostgresStore) -> None:
    def write(number: int) -> None:
        name = f"writer-{number}"
        story = Story(store, name)
        story.commit(story.start())
        for n in range(15):
            story.commit(story.call(f"{name}-{n}", f"root.steps[{n}]"))
            story.commit(story.answer(n, f"root.steps[{n}]"))
        story.commit(story.succeed())

    kept: dict[tuple[str, object], object] = {}
    mark, revisions, done = 0, [], False
    with ThreadPoolExecutor(THREADS) as threads:
        writers = [threads.submit(write, number) for number in range(THREADS)]
        while not done:
            done = all(writer.done() for writer in writers)
            while (changes := store.changes(mark, 17)).rev > mark:
                keep(kept, changes)
                mark = changes.rev
                revisions.append(mark)
        for writer in writers:
            writer.result()
    whole: dict[tuple[str, object], object] = {}
    keep(whole, store.changes(0, 1_000_000))
    assert kept == whole
    assert {run.seq for run in store.runs(RunFilter())} == {32}
    assert len(revisions) > 10


# --- events and parked runs


@pytest.mark.parametrize("number", range(15))
def test_an_answer_that_comes_while_a_run_parks_wakes_it(store: PostgresStore, number: int) -> None:
    story = waiting(store, "run-1", "paid", "7")
    event = NewEvent("paid", {}, START_US, key="7")
    _, submitted = at_once(lambda: store.park(1, story.row.epoch), lambda: store.submit(event))
    assert isinstance(submitted, Submitted)
    assert submitted.row.run_no == 1
    assert [run.run_no for run in store.ready_runs(START_US, START_US, (), 9)] == [1]


@pytest.mark.parametrize("number", range(8))
def test_an_event_answers_one_wait_and_a_wait_is_answered_once(store: PostgresStore, number: int) -> None:
    for run in range(3):
        waiting(store, f"run-{run}", "paid", "7")
    event = NewEvent("paid", {}, START_US, key="7")
    given = at_once(*[lambda: store.submit(event)] * 5)
    taken = sorted(str(one.row.wait_no) for one in given if isinstance(one, Submitted))
    waits = sorted(str(wait.wait_no) for run in (1, 2, 3) for wait in store.waits(run))
    assert taken == sorted([*waits, "None", "None"])


def test_a_wait_that_is_named_is_answered_by_the_first(store: PostgresStore) -> None:
    story = waiting(store, "run-1", "paid", "7")
    (wait,) = store.waits(story.row.run_no)
    event = NewEvent("paid", {}, START_US, wait_no=wait.wait_no)
    given = at_once(*[lambda: store.submit(event)] * 5)
    assert given.count("WAIT_OVER") == 4
    assert len(store.inbox(InboxFilter())) == 1


def test_a_submission_that_is_repeated_at_once_is_one(store: PostgresStore) -> None:
    event = NewEvent("paid", {}, START_US, dedupe="order-7")
    starts = (new_run("run-1", key="order-7"),)
    given = at_once(*[lambda: store.submit(event, starts)] * 6)
    assert sorted(one.new for one in given if isinstance(one, Submitted)) == [False] * 5 + [True]
    assert store.last_run_no() == store.runs(RunFilter())[0].run_no
    assert len(store.runs(RunFilter())) == 1


# --- runs


def test_a_key_starts_one_run_however_many_want_to(store: PostgresStore) -> None:
    given = at_once(
        *[lambda n=n: store.create_run(new_run(f"run-{n}", key="order-7")) for n in range(THREADS)]
    )
    assert sum(created for _, created in given) == 1
    assert {row for row, _ in given} == {store.runs(RunFilter())[0]}


def test_a_run_is_claimed_by_one_of_many(store: PostgresStore) -> None:
    for number in range(20):
        store.create_run(new_run(f"run-{number}"))

    def claim(owner: str) -> list[int]:
        return [run.run_no for run in store.open_runs() if store.claim_run(run.run_no, owner, 5, 9)]

    given = at_once(*[lambda n=n: claim(f"owner-{n}") for n in range(4)])
    assert sorted(no for mine in given for no in mine) == list(range(1, 21))
    assert {run.epoch for run in store.open_runs()} == {1}


def test_children_that_end_at_once_wake_the_run_that_called_them(store: PostgresStore) -> None:
    parent = Story(store, "parent", owner="me", lease_until_us=9)
    waits = [
        WaitOpened(
            at_us=parent.now(), effect_id=f"call#{n}", instance="root.steps[0]", wait_type="child",
            due_at_us=None, writes=(Write(("status",), "WAITING"),),
        )
        for n in range(4)
    ]  # fmt: skip
    parent.commit(parent.start(), tuple(waits))
    children = [
        Story(
            store,
            f"child-{n}",
            parent_run_no=1,
            parent_effect=f"call#{n}",
            depth=1,
            owner="me",
            lease_until_us=9,
        )
        for n in range(4)
    ]
    for child in children:
        child.commit(child.start())
    at_once(
        *[lambda child=child: child.commit(child.succeed(), release=True) for child in children],
        lambda: store.park(1, 0),
        lambda: store.renew_leases("me", 20),
    )
    assert all(wait.answered_us is not None for wait in store.waits(1))
    (row,) = store.open_runs()
    assert replace(row, lease_until_us=None) == replace(row, owner=None, ready_us=0, lease_until_us=None)
