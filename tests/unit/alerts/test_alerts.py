"""Alerts of a workspace: which rules fire on what runs did, and who is told, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from unit.alerts.receiver import Receiver
from unit.history.chronicle import BEGIN_US, MS, Chronicle, publish
from wfnb.alerts.alerts import Alerts
from wfnb.history.history import History
from wfnb.store.memory import MemoryStore

HOUR_US = 3_600_000_000


@pytest.fixture
def store() -> Iterator[MemoryStore]:
    opened = MemoryStore()
    publish(opened)
    publish(opened, "other")
    yield opened
    opened.close()


@pytest.fixture
def alerts(store: MemoryStore) -> Alerts:
    return Alerts(History(store))


def ended(
    store: MemoryStore, count: int, *, failed: int, at_us: int = BEGIN_US, workflow: str = "orders"
) -> None:
    """Runs that are over, one second apart; the last ones failed."""
    first = store.last_run_no()
    for number in range(count):
        run = Chronicle(store, f"r{first + number}", workflow=workflow, at_us=at_us + number * 1_000 * MS)
        run.begin("work")
        if number >= count - failed:
            run.fail(took_ms=1)
        else:
            run.end(took_ms=1)
            run.succeed()


def waiting(store: MemoryStore, name: str, at_us: int, *, retries: int = 1, workflow: str = "orders") -> None:
    """A run whose step was tried again so many times, and that still waits."""
    run = Chronicle(store, name, workflow=workflow, at_us=at_us)
    run.begin("work", input={})
    for attempt in range(1, retries + 1):
        run.fail(attempt=attempt, took_ms=1, handled_by="retry", called=True)
        if attempt < retries:
            run.retry("work", attempt=attempt + 1, waited_ms=10, input={})


def test_nothing_fires_without_runs(alerts: Alerts) -> None:
    for kind, threshold in (("failure rate", 0.1), ("backlog growth", 1), ("repeated retries", 1)):
        alerts.add(kind, threshold=threshold)
    assert alerts.check() == []


def test_a_failure_rate_is_judged_for_each_workflow(store: MemoryStore, alerts: Alerts) -> None:
    ended(store, 10, failed=3)
    ended(store, 10, failed=1, workflow="other")
    alerts.add("failure rate", threshold=0.3)
    (alert,) = alerts.check()
    assert (alert.workflow, alert.value, alert.run) == ("orders", 0.3, "r9")


def test_a_rule_may_be_about_one_workflow(store: MemoryStore, alerts: Alerts) -> None:
    ended(store, 10, failed=9)
    alerts.add("failure rate", workflow="other", threshold=0.1)
    assert alerts.check() == []


def test_what_is_older_than_the_window_does_not_count(store: MemoryStore, alerts: Alerts) -> None:
    ended(store, 10, failed=10)
    ended(store, 10, failed=0, at_us=BEGIN_US + 2 * HOUR_US)
    alerts.add("failure rate", threshold=0.1, window="1 h")
    assert alerts.check() == []
    alerts.add("failure rate", threshold=0.1, window="1 d")
    assert [alert.value for alert in alerts.check()] == [0.5]


def test_the_window_ends_now_when_there_is_a_clock(store: MemoryStore) -> None:
    ended(store, 10, failed=10)
    alerts = Alerts(History(store, now_us=lambda: BEGIN_US + 2 * HOUR_US))
    alerts.add("failure rate", threshold=0.1, window="1 h")
    assert alerts.check() == []


def test_the_backlog_grows_by_what_is_open_now_and_was_not_then(store: MemoryStore, alerts: Alerts) -> None:
    waiting(store, "old", BEGIN_US)
    for number in range(3):
        waiting(store, f"new{number}", BEGIN_US + 2 * HOUR_US + number * MS)
    alerts.add("backlog growth", threshold=3)
    (alert,) = alerts.check()
    assert (alert.value, alert.run) == (3.0, "old")
    assert "grew by 3 runs to 4" in alert.message
    alerts.add("backlog growth", threshold=4)
    assert alerts.check() == []


def test_a_backlog_that_shrinks_does_not_fire(store: MemoryStore, alerts: Alerts) -> None:
    waiting(store, "old", BEGIN_US)
    ended(store, 5, failed=0, at_us=BEGIN_US + HOUR_US)
    alerts.add("backlog growth", threshold=1, window="30 min")
    assert alerts.check() == []


def test_repeated_retries_are_those_of_one_step_of_one_run(store: MemoryStore, alerts: Alerts) -> None:
    for number in range(5):
        waiting(store, f"once{number}", BEGIN_US)
    alerts.add("repeated retries", threshold=3)
    assert alerts.check() == []
    waiting(store, "stubborn", BEGIN_US, retries=3)
    (alert,) = alerts.check()
    assert (alert.value, alert.run) == (3.0, "stubborn")
    assert "root.steps[0] of stubborn" in alert.message


def test_a_rule_of_the_same_name_is_replaced_and_can_be_removed(alerts: Alerts) -> None:
    alerts.add("failure rate", threshold=0.1)
    alerts.add("failure rate", threshold=0.2)
    assert [rule.threshold for rule in alerts.rules] == [0.2]
    assert "failure rate ≥ 20 % in 1 h" in repr(alerts.rules)
    assert alerts.remove("failure_rate")
    assert not alerts.remove("failure_rate")
    assert alerts.rules == []


def test_what_fires_is_told_once_until_it_fires_anew(
    store: MemoryStore, alerts: Alerts, receiver: Receiver
) -> None:
    alerts.webhook(receiver.url, allow_private=True)
    alerts.add("failure rate", threshold=0.5, window="1 h")
    assert alerts.notify() == []
    ended(store, 10, failed=10)
    assert [delivery.ok for delivery in alerts.notify()] == [True]
    assert alerts.notify() == []
    ended(store, 10, failed=0, at_us=BEGIN_US + 2 * HOUR_US)
    assert alerts.notify() == []
    ended(store, 10, failed=10, at_us=BEGIN_US + 4 * HOUR_US)
    assert [delivery.alerts for delivery in alerts.notify()] == [1]
    assert len(receiver.told) == 2


def test_what_could_not_be_delivered_is_tried_again(
    store: MemoryStore, alerts: Alerts, receiver: Receiver
) -> None:
    alerts.webhook(receiver.url, allow_private=True)
    alerts.add("failure rate", threshold=0.5)
    ended(store, 10, failed=10)
    receiver.status = 500
    assert [delivery.ok for delivery in alerts.notify()] == [False]
    receiver.status = 200
    assert [delivery.ok for delivery in alerts.notify()] == [True]
