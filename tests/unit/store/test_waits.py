"""Waits and the inbox, in every store: one transaction, one taker, and nobody answers for another tenant."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from unit.store.story import START_US, STEP, Story, new_run
from wfnb.errors import CommandError, StaleWriterError, ValidationError
from wfnb.machine.messages import Event, WaitOpened, WaitResolved
from wfnb.model.values import Write
from wfnb.store.port import Store
from wfnb.store.records import InboxFilter, NewEvent, Submitted, WaitRow

PAID = "ORDER_PAID"


def opened(story: Story, effect_id: str, **wait: Any) -> tuple[Event, ...]:
    """The run waits for ORDER_PAID."""
    given: dict[str, Any] = {"wait_type": "event", "event_name": PAID, "key": "o-1", **wait}
    writes = (Write(("status",), "WAITING"), Write(("pending", effect_id), {"kind": "wait"}))
    return (WaitOpened(at_us=story.now(), effect_id=effect_id, instance=STEP, writes=writes, **given),)


def taken(story: Story, effect_id: str, *, by: Any = "answer") -> tuple[Event, ...]:
    """The run takes its answer, or its time has come."""
    writes = (Write(("status",), "RUNNING"), Write(("pending", effect_id)))
    return (WaitResolved(at_us=story.now(), effect_id=effect_id, status="RESOLVED", by=by, writes=writes),)


def waiting(store: Store, run_id: str = "run-1", *, tenant: str = "local", **wait: Any) -> Story:
    """A run that is parked at a wait for ORDER_PAID."""
    story = Story(store, run_id, tenant=tenant)
    story.commit(story.start(), opened(story, "w", **wait))
    store.park(story.row.run_no, story.row.epoch)
    return story


def submit(store: Store, name: str = PAID, key: str | None = "o-1", **event: Any) -> Submitted:
    return store.submit(NewEvent(name, event.pop("payload", {"n": 1}), START_US + 50_000, key=key, **event))


def the_wait(story: Story) -> WaitRow:
    (wait,) = story.store.waits(story.row.run_no)
    return wait


def ready(store: Store, now_us: int = START_US + 10**9) -> list[int]:
    return [run.run_no for run in store.ready_runs(now_us, 0, (), 10)]


@pytest.mark.behaviour(119)
def test_a_wait_is_a_row_and_its_run_waits(store: Store) -> None:
    story = waiting(store, due_at_us=START_US + 9_000)
    wait = the_wait(story)
    assert (wait.wait_type, wait.status, wait.event_name, wait.key) == ("event", "WAITING", PAID, "o-1")
    assert (wait.due_us, wait.answered_us, wait.instance) == (START_US + 9_000, None, STEP)
    row = story.reload()
    assert (row.status, row.owner, row.ready_us) == ("WAITING", None, START_US + 9_000)


@pytest.mark.behaviour(123, 126)
def test_an_event_is_recorded_and_wakes_the_run_that_waits_for_it(store: Store) -> None:
    story = waiting(store)
    assert ready(store) == []
    receipt = submit(store, payload={"amount": 4})
    assert (receipt.new, receipt.row.run_no, receipt.row.wait_no) == (
        True,
        story.row.run_no,
        the_wait(story).wait_no,
    )
    assert the_wait(story).answered_us == receipt.row.received_us
    assert ready(store) == [story.row.run_no]
    found = store.wait(story.row.run_no, "w")
    assert found is not None
    assert found[1] == receipt.row
    assert receipt.row.payload == {"amount": 4}


@pytest.mark.behaviour(123)
def test_an_event_that_cannot_be_recorded_wakes_nobody(store: Store) -> None:
    story = waiting(store)
    with pytest.raises(ValidationError) as refused:
        submit(store, payload={"n": float("nan")})
    with pytest.raises(CommandError) as over:
        submit(store, wait_no=99)
    assert (refused.value.code, over.value.code) == ("NOT_JSON", "WAIT_OVER")
    assert store.inbox(InboxFilter()) == []
    assert the_wait(story).answered_us is None
    assert ready(store) == []


@pytest.mark.behaviour(124)
@pytest.mark.parametrize(("name", "key"), [(PAID, "o-2"), ("OTHER", "o-1"), (PAID, None)])
def test_an_event_that_nobody_waits_for_is_recorded(store: Store, name: str, key: str | None) -> None:
    story = waiting(store)
    receipt = submit(store, name, key)
    assert (receipt.row.run_no, receipt.row.wait_no, receipt.started) == (None, None, ())
    assert store.inbox(InboxFilter(status="unmatched")) == [receipt.row]
    assert the_wait(story).answered_us is None


@pytest.mark.behaviour(125)
def test_of_many_waits_with_a_key_the_oldest_takes_the_event(store: Store) -> None:
    stories = [waiting(store, f"run-{number}") for number in range(3)]
    takers = [submit(store).row.run_no for _ in range(4)]
    assert takers == [*(story.row.run_no for story in stories), None]


@pytest.mark.behaviour(125)
def test_of_many_threads_one_wakes_a_run(store: Store) -> None:
    story = waiting(store)
    together = threading.Barrier(4)

    def work(_number: int) -> int | None:
        together.wait()
        return submit(store).row.run_no

    with ThreadPoolExecutor(4) as threads:
        takers = list(threads.map(work, range(4)))
    assert sorted(takers, key=str) == [story.row.run_no, None, None, None]
    assert len(store.inbox(InboxFilter())) == 4


@pytest.mark.behaviour(136)
def test_nothing_wakes_a_run_that_was_cancelled(store: Store) -> None:
    story = waiting(store)
    wait_no = the_wait(story).wait_no
    gone = WaitResolved(at_us=story.now(), effect_id="w", status="CANCELED", by="cancel")
    story.commit((gone, *story.cancel()))
    assert the_wait(story).status == "CANCELED"
    assert submit(store).row.run_no is None
    with pytest.raises(CommandError):
        submit(store, wait_no=wait_no)
    assert ready(store) == []
    assert story.reload().status == "CANCELED"


@pytest.mark.behaviour(138)
def test_waits_of_one_tenant_do_not_meet_events_of_another(store: Store) -> None:
    red, blue = waiting(store, "red", tenant="red"), waiting(store, "blue", tenant="blue")
    assert submit(store, tenant="green").row.run_no is None
    assert submit(store, tenant="blue").row.run_no == blue.row.run_no
    assert the_wait(red).answered_us is None
    assert [row.tenant for row in store.inbox(InboxFilter(tenant="blue"))] == ["blue"]
    assert store.inbox(InboxFilter(tenant="red")) == []
    assert [wait.run_no for wait in store.open_waits("event", tenant="red")] == [red.row.run_no]


@pytest.mark.behaviour(141)
def test_events_are_listed_newest_first_by_what_became_of_them(store: Store) -> None:
    waiting(store)
    numbers = [
        submit(store, name, key).row.inbox_no
        for name, key in ((PAID, "o-1"), ("X", "a"), ("X", "b"), ("Y", None))
    ]
    submit(store, "Z", error="no such workflow")
    assert [row.inbox_no for row in store.inbox(InboxFilter())][1:] == numbers[::-1]
    assert [row.key for row in store.inbox(InboxFilter(name="X"))] == ["b", "a"]
    assert [row.name for row in store.inbox(InboxFilter(status="matched"))] == [PAID]
    assert [row.name for row in store.inbox(InboxFilter(status="error"))] == ["Z"]
    page = store.inbox(InboxFilter(limit=2))
    submit(store, "late")
    following = store.inbox(InboxFilter(limit=2, before=page[-1].inbox_no))
    assert [row.inbox_no for row in following] == numbers[2:0:-1]


@pytest.mark.behaviour(204)
@pytest.mark.defect("D-18")
def test_an_event_that_started_runs_is_matched_and_names_them(store: Store) -> None:
    event = NewEvent(PAID, {"n": 1}, START_US, key="o-1", source="mail")
    receipt = store.submit(event, (new_run("run-7", trigger="event"),))
    assert [row.run_id for row in receipt.started] == ["run-7"]
    (row,) = store.inbox(InboxFilter(status="matched"))
    assert (row.started, row.name, row.key, row.source, row.run_no) == (("run-7",), PAID, "o-1", "mail", None)
    assert store.inbox(InboxFilter(status="unmatched")) == []


@pytest.mark.defect("D-7")
def test_an_answer_is_gone_when_the_next_wait_opens(store: Store) -> None:
    story = waiting(store)
    submit(store)
    story.commit(taken(story, "w"), opened(story, "second"))
    store.park(story.row.run_no, story.row.epoch)
    first, second = store.waits(story.row.run_no)
    assert (first.status, first.inbox_no) == ("RESOLVED", 1)
    assert (second.status, second.answered_us, second.inbox_no) == ("WAITING", None, None)
    assert ready(store) == []


def test_a_second_submission_of_the_same_does_nothing(store: Store) -> None:
    waiting(store)
    first = submit(store, dedupe="message-1")
    again = submit(store, dedupe="message-1", payload={"other": 1})
    assert (again.new, again.row) == (False, first.row)
    assert len(store.inbox(InboxFilter())) == 1


@pytest.mark.behaviour(142, 168)
@pytest.mark.defect("D-24")
def test_a_wait_is_closed_in_the_commit_that_sets_its_run_going_or_not_at_all(store: Store) -> None:
    story = waiting(store)
    submit(store)
    assert store.claim_run(story.row.run_no, "other", START_US, START_US + 9)
    with pytest.raises(StaleWriterError):
        story.commit(taken(story, "w"))
    assert (the_wait(story).status, story.reload().status) == ("WAITING", "WAITING")
    story.row = story.reload()
    story.commit(taken(story, "w"))
    assert (the_wait(story).status, story.row.status) == ("RESOLVED", "RUNNING")
    assert the_wait(story).rev == story.row.rev


@pytest.mark.behaviour(167)
@pytest.mark.defect("D-24")
def test_of_many_workers_that_see_a_due_wait_one_takes_its_run(store: Store) -> None:
    story = waiting(store, wait_type="retry", event_name=None, key=None, due_at_us=START_US + 5_000)
    together = threading.Barrier(4)

    def work(number: int) -> bool:
        seen = store.ready_runs(START_US + 5_000, 0, (), 10)
        together.wait()
        return store.claim_run(seen[0].run_no, f"worker-{number}", START_US, START_US + 10**9) is not None

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(work, range(4))) == [False, False, False, True]
    with pytest.raises(StaleWriterError):
        story.commit(taken(story, "w", by="time"))
    assert the_wait(story).status == "WAITING"


def test_a_wait_that_was_answered_in_the_last_moment_does_not_run_out(store: Store) -> None:
    story = waiting(store, due_at_us=START_US + 5_000)
    submit(store)
    with pytest.raises(StaleWriterError):
        story.commit(taken(story, "w", by="time"))
    story.commit(taken(story, "w"))
    assert the_wait(story).status == "RESOLVED"


def test_an_answer_that_comes_before_its_run_is_parked_is_not_lost(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), opened(story, "w"))
    submit(store)
    store.park(story.row.run_no, story.row.epoch)
    assert ready(store) == [story.row.run_no]
