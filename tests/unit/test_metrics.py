"""Metrics: what a scraper's own parser reads is what the runs did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from unit.history.chronicle import BEGIN_US, Chronicle, publish
from wfnb.history.history import History
from wfnb.metrics import BUCKETS_S, exposition
from wfnb.store.memory import MemoryStore


@pytest.fixture
def store() -> Iterator[MemoryStore]:
    opened = MemoryStore()
    publish(opened)
    yield opened
    opened.close()


def samples(store: MemoryStore) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample by its name and the values of its labels, in the order of the labels' names."""
    families = text_string_to_metric_families(exposition(History(store)))
    return {
        (sample.name, tuple(dict(sorted(sample.labels.items())).values())): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def told(store: MemoryStore) -> dict[tuple[str, tuple[str, ...]], float]:
    """Three runs: one succeeded at the second attempt, one failed, one waits."""
    run = Chronicle(store, "r1")
    run.begin("work", input={})
    run.fail(took_ms=30, handled_by="retry", called=True)
    run.retry("work", attempt=2, waited_ms=500, input={})
    run.end(attempt=2, took_ms=40, called=True)
    run.succeed()
    run = Chronicle(store, "r2")
    run.begin("work")
    run.fail(took_ms=2_000)
    run = Chronicle(store, "r3")
    run.begin("work", input={})
    run.fail(took_ms=4, handled_by="retry", called=True)
    return samples(store)


def test_an_empty_history_is_a_text_that_can_be_read(store: MemoryStore) -> None:
    assert samples(store) == {}
    assert exposition(History(store)).endswith("# EOF\n")


def test_runs_are_counted_by_workflow_and_version(told: dict[tuple[str, tuple[str, ...]], float]) -> None:
    names = ("started", "succeeded", "failed", "canceled")
    assert [told[f"wfnb_runs_{name}_total", ("1", "orders")] for name in names] == [3, 1, 1, 0]


def test_what_is_open_is_a_gauge(told: dict[tuple[str, tuple[str, ...]], float]) -> None:
    assert told["wfnb_runs_open", ("WAITING", "orders")] == 1
    assert told["wfnb_waits_open", ("retry", "orders")] == 1


def test_retries_and_errors_are_counted(told: dict[tuple[str, tuple[str, ...]], float]) -> None:
    assert told["wfnb_step_retries_total", ("orders",)] == 2
    assert told["wfnb_step_errors_total", ("ActionError", "orders")] == 3
    assert told["wfnb_action_failures_total", ("send", "1")] == 2


def test_durations_are_histograms_in_seconds(told: dict[tuple[str, tuple[str, ...]], float]) -> None:
    assert told["wfnb_step_duration_seconds_count", ("transform.assign", "orders")] == 1
    assert told["wfnb_step_duration_seconds_sum", ("transform.assign", "orders")] == 2.0
    buckets = {
        labels[2]: value
        for (name, labels), value in told.items()
        if name == "wfnb_action_duration_seconds_bucket"
    }
    assert (buckets["0.005"], buckets["0.025"], buckets["0.05"], buckets["+Inf"]) == (1, 1, 3, 3)
    assert len(buckets) == len(BUCKETS_S)


def test_a_call_that_is_tried_again_stays_counted(store: MemoryStore) -> None:
    key = ("wfnb_action_failures_total", ("send", "1"))
    run = Chronicle(store, "r1")
    run.begin("work", input={}, key="k")
    run.fail(took_ms=1, handled_by="retry", called=True)
    assert samples(store)[key] == 1
    run.retry("work", attempt=2, input={}, key="k")
    run.end(attempt=2, took_ms=1, called=True)
    after = samples(store)
    assert (after[key], after["wfnb_action_duration_seconds_count", ("send", "1")]) == (1, 2)


def test_the_last_failure_is_a_moment(told: dict[tuple[str, tuple[str, ...]], float]) -> None:
    assert told["wfnb_last_failure_timestamp_seconds", ("orders",)] == BEGIN_US / 1_000_000 + 2


def test_every_bound_of_the_sql_is_a_bucket(store: MemoryStore) -> None:
    history = History(store)
    for below, bound in zip((0.0, *BUCKETS_S), BUCKETS_S, strict=False):
        upper = min(bound, below + 1) * 1000
        (found,) = history.sql("SELECT bucket_s(x) AS b FROM (VALUES (:x)) t(x)", x=upper)["b"]
        assert found == bound


def test_a_name_cannot_break_out_of_its_label(store: MemoryStore) -> None:
    odd = 'a"} 1\n# EOF\x1b[31m\\'
    publish(store, odd)
    Chronicle(store, "r1", workflow=odd).succeed()
    assert "\x1b" not in exposition(History(store))
    (name,) = {labels[1] for (sample, labels) in samples(store) if sample == "wfnb_runs_started_total"}
    assert name.startswith('a"} 1')
