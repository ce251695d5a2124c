"""Metrics: what the history counts, as OpenMetrics text that a scraper reads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from wfnb.errors import MissingExtraError
from wfnb.history.history import History
from wfnb.history.statements import statement
from wfnb.security.escape import visible

if find_spec("prometheus_client") is None:
    raise MissingExtraError(
        "Metrics need prometheus-client.", hint="Install it with: pip install 'wfnb[metrics]'"
    )

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["BUCKETS_S", "exposition"]

BUCKETS_S = (
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    3600.0,
    math.inf,
)
"""Upper bounds of the buckets of every histogram, in seconds; ``bucket_s`` of the history's SQL knows the same."""

_LABEL_CHARS = 200  # longer values would make every scrape heavy


def exposition(history: History) -> str:
    """Everything there is to count, as OpenMetrics 1.0 text.

    Counters begin anew when runs are deleted from the store, which scrapers understand as a restart.

    Parameters
    ----------
    history
        The history; it is brought up to date first.

    Examples
    --------
    >>> from wfnb.history.history import History
    >>> from wfnb.store.memory import MemoryStore
    >>> exposition(History(MemoryStore())).splitlines()[-1]
    '# EOF'
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_FromHistory(history))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call] # as prometheus_client ships it
    return text.decode()


class _FromHistory(Collector):
    def __init__(self, history: History) -> None:
        self._history = history

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is depends on the history."""
        return []

    def collect(self) -> Iterable[Metric]:
        """All families of metrics, in the order in which people read them."""
        yield from self._runs()
        yield from self._open()
        yield from self._errors()
        yield self._histogram(
            "run_durations", "wfnb_run_duration", "From start to end of a run.", ["workflow"]
        )
        yield self._histogram(
            "step_durations", "wfnb_step_duration", "An attempt at a step.", ["workflow", "type"]
        )
        yield self._histogram(
            "action_durations", "wfnb_action_duration", "A call of an action.", ["action", "action_version"]
        )

    def _runs(self) -> Iterator[Metric]:
        frame = self._ask("runs")
        for column, text in (
            ("started", "Runs that began."),
            ("succeeded", "Runs that succeeded."),
            ("failed", "Runs that failed."),
            ("canceled", "Runs that were canceled."),
            ("takeovers", "Changes of the owner of a run, after a crash or a lost lease."),
        ):
            name = "wfnb_run_takeovers" if column == "takeovers" else f"wfnb_runs_{column}"
            yield _filled(CounterMetricFamily(name, text, labels=["workflow", "version"]), frame, column)

    def _open(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("wfnb_runs_open", "Runs that are not over.", labels=["workflow", "status"])
        yield _filled(family, self._ask("open_runs"), "runs")
        family = GaugeMetricFamily(
            "wfnb_waits_open", "Waits that are not over.", labels=["workflow", "wait_type"]
        )
        yield _filled(family, self._ask("open_waits"), "waits")
        family = GaugeMetricFamily(
            "wfnb_last_failure_timestamp_seconds",
            "When a run last failed, in seconds since 1970.",
            labels=["workflow"],
            unit="seconds",
        )
        yield _filled(family, self._ask("last_failures"), "at_s")

    def _errors(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "wfnb_step_retries", "Attempts that were followed by another.", labels=["workflow"]
        )
        yield _filled(family, self._ask("retries"), "retries")
        family = CounterMetricFamily(
            "wfnb_step_errors", "Attempts that failed.", labels=["workflow", "category"]
        )
        yield _filled(family, self._ask("errors"), "errors")
        family = CounterMetricFamily(
            "wfnb_action_failures", "Calls of actions that failed.", labels=["action", "action_version"]
        )
        yield _filled(family, self._ask("action_failures"), "failed")

    def _histogram(self, question: str, name: str, text: str, labels: list[str]) -> Metric:
        family = HistogramMetricFamily(name, text, labels=labels, unit="seconds")
        for values, rows in self._ask(question).groupby(labels, sort=True):
            counts = dict(zip(rows["bound_s"], rows["number"], strict=True))
            total, buckets = 0, []
            for bound in BUCKETS_S:
                total += int(counts.get(bound, 0))
                buckets.append((_bound(bound), float(total)))
            family.add_metric(_texts(values), buckets=buckets, sum_value=float(rows["sum_s"].sum()))
        return family

    def _ask(self, question: str) -> DataFrame:
        return self._history.sql(statement("metrics", question))


def _filled(
    family: CounterMetricFamily | GaugeMetricFamily, frame: DataFrame, column: str
) -> CounterMetricFamily | GaugeMetricFamily:
    """The family with one value for each row; its labels are columns of the same names."""
    names = family._labelnames  # noqa: SLF001 - it keeps no public copy, and a second list could differ
    for values, number in zip(frame[list(names)].itertuples(index=False), frame[column], strict=True):
        family.add_metric(_texts(values), float(number))
    return family


def _bound(bound_s: float) -> str:
    text: str = floatToGoString(bound_s)  # type: ignore[no-untyped-call] # as prometheus_client ships it
    return text


def _texts(values: Iterable[Any]) -> list[str]:
    """Values of labels as bounded text without control characters: people read metrics in terminals, too."""
    return [visible(str(value), _LABEL_CHARS) for value in values]
