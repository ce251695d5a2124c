"""The analyses of operations: right figures, stable columns, ages by the given time, pictures that survive any label."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from unit.history.chronicle import BEGIN_US, MS, Chronicle
from wfnb.history import figures, operations_plots
from wfnb.history.analysis import Analysis
from wfnb.history.history import History
from wfnb.store.sqlite import SqliteStore

COLUMNS = {
    "action_latency": [
        "action", "action_version", "calls", "failed", "p50_ms", "p95_ms", "p99_ms", "max_ms", "total_ms",
    ],
    "backlog": ["moment", "running", "waiting", "backlog", "peak"],
    "error_categories": [
        "workflow", "error_category", "error_code", "errors", "tried_again", "handled", "not_handled", "runs",
        "last_at", "last_run",
    ],
    "health": [
        "workflow", "newest_version", "runs", "open", "failed", "success_rate", "last_20_rate", "p95_ms", "last_failure_at", "last_failure_run", "last_error",
    ],
    "latency": [
        "kind", "name", "calls", "p50_ms", "p95_ms", "p99_ms", "max_ms", "to_10ms", "to_100ms", "to_1s", "to_10s",
        "to_1min", "longer",
    ],
    "success_rate": [
        "workflow", "version", "day", "runs", "succeeded", "failed", "canceled", "success_rate",
    ],
    "takeovers": [
        "workflow", "version", "runs", "taken_over", "takeovers", "most", "recovered", "failed", "last_run",
    ],
    "throughput": ["moment", "started", "succeeded", "failed", "canceled", "ended_per_hour"],
    "waits_by_type": [
        "workflow", "wait_type", "open", "overdue", "resolved", "canceled", "p50_ms", "p95_ms", "oldest_open_ms",
        "oldest_run",
    ],
}  # fmt: skip
OVER_TIME = {"backlog", "success_rate", "throughput"}


def rows(analysis: Analysis) -> list[list[object]]:
    return analysis.df.to_numpy().tolist()


@pytest.fixture
def waiting(told: History, store: SqliteStore) -> History:
    """One run more, two minutes after the first: it waits for its next attempt."""
    run = Chronicle(store, "r5", at_us=BEGIN_US + 120_000 * MS)
    run.begin("work", 0, input={})
    run.fail(0, took_ms=1_000, handled_by="retry", called=True)
    return told


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_stable_also_without_rows(waiting: History, name: str) -> None:
    assert list(getattr(waiting, name)().df.columns) == COLUMNS[name]
    assert list(getattr(waiting, name)(workflow="nothing").df.columns) == COLUMNS[name]


def test_every_analysis_of_operations_is_listed(told: History) -> None:
    assert set(COLUMNS) < set(told.analyses)


@pytest.mark.parametrize("name", COLUMNS)
def test_the_sql_of_an_analysis_can_be_asked_again(waiting: History, name: str) -> None:
    analysis = getattr(waiting, name)()
    pd.testing.assert_frame_equal(waiting.sql(analysis.sql, **analysis.params), analysis.df)


def test_success_rate_is_told_by_workflow_version_and_day(told: History) -> None:
    assert rows(told.success_rate()) == [
        ["orders", 1, pd.Timestamp("2026-01-01"), 4, 3, 1, 0, 0.75],
        ["other", 1, pd.Timestamp("2026-01-02"), 1, 1, 0, 0, 1.0],
    ]


def test_an_open_run_does_not_count_for_the_success_rate(waiting: History) -> None:
    assert waiting.success_rate(workflow="orders").df["runs"].tolist() == [4]


def test_latency_has_quantiles_and_a_histogram_by_step_type_and_by_action(told: History) -> None:
    assert rows(told.latency(workflow="orders")) == [
        ["action", "send", 2, 35.0, 39.5, 39.9, 40.0, 0, 2, 0, 0, 0, 0],
        ["step type", "action.call", 2, 35.0, 39.5, 39.9, 40.0, 0, 2, 0, 0, 0, 0],
        ["step type", "transform.assign", 7, 1.0, 17.0, 19.4, 20.0, 6, 1, 0, 0, 0, 0],
    ]


def test_every_attempt_stands_in_one_part_of_the_histogram(waiting: History) -> None:
    for row in waiting.latency().df.itertuples():
        assert row.to_10ms + row.to_100ms + row.to_1s + row.to_10s + row.to_1min + row.longer == row.calls


def test_action_latency_counts_failed_calls(told: History) -> None:
    assert rows(told.action_latency()) == [["send", 1, 2, 1, 35.0, 39.5, 39.9, 40.0, 70.0]]


def test_waits_tell_what_is_open_and_how_old_the_oldest_is(waiting: History) -> None:
    # The newest moment that the history knows is the fifth run, a day after the wait was opened.
    age = float((86_400_000_000 + 3 * MS - 121_000 * MS) / MS)
    assert rows(waiting.waits_by_type()) == [
        ["orders", "retry", 1, 1, 1, 0, 500.0, 500.0, age, "r5"],
    ]


def test_ages_are_told_by_the_clock_when_there_is_one(waiting: History, store: SqliteStore) -> None:
    told = History(store, now_us=lambda: BEGIN_US + 121_500 * MS)
    (row,) = told.waits_by_type().df.itertuples()
    assert (row.oldest_open_ms, row.overdue) == (500.0, 0)


def test_takeovers_count_runs_that_somebody_else_went_on_with(told: History, store: SqliteStore) -> None:
    assert rows(told.takeovers()) == []
    run = Chronicle(store, "r6")
    for owner in ("second", "third"):
        claimed = store.claim_run(
            run.run_no, owner, BEGIN_US + 2 * 10**12, BEGIN_US + 2 * 10**12, dead=("test", "second")
        )
        assert claimed is not None
        run.epoch = claimed.epoch
    run.succeed()
    assert rows(told.takeovers()) == [["orders", 1, 5, 1, 2, 2, 1, 0, "r6"]]


def test_error_categories_tell_what_became_of_errors(told: History, store: SqliteStore) -> None:
    run = Chronicle(store, "r7")
    run.begin("work", 0)
    run.fail(0, code="ODD", handled_by="root.steps[1]")
    assert [row[:8] for row in rows(told.error_categories())] == [
        ["orders", "ActionError", "BROKEN", 2, 1, 0, 1, 2],
        ["orders", "ActionError", "ODD", 1, 0, 1, 0, 1],
    ]


def test_the_backlog_tells_what_runs_and_what_waits_at_the_end_of_every_span(waiting: History) -> None:
    frame = waiting.backlog(workflow="orders").df
    assert len(frame) <= 60
    assert (frame["running"] + frame["waiting"] == frame["backlog"]).all()
    assert frame.iloc[0].tolist()[1:] == [0, 0, 0, 4]  # four runs began and ended within the first span
    assert frame.iloc[-1].tolist()[1:] == [0, 1, 1, 1]


def test_the_backlog_before_the_first_moment_is_carried_on(waiting: History, store: SqliteStore) -> None:
    frame = (
        History(store, now_us=lambda: BEGIN_US + 125_000 * MS)
        .backlog(workflow="orders", since="2026-01-01T00:02:02")
        .df
    )
    assert frame["moment"].iloc[0] == pd.Timestamp("2026-01-01T00:02:02")
    assert frame["backlog"].iloc[0] == 1


def test_spans_without_a_change_stand_in_the_tables_over_time(told: History) -> None:
    for name in ("backlog", "throughput"):
        moments = getattr(told, name)().df["moment"]
        assert set(moments.diff().dropna()) == {pd.Timedelta(moments.iloc[1] - moments.iloc[0])}


def test_throughput_counts_every_run_once(waiting: History) -> None:
    frame = waiting.throughput().df
    assert frame[["started", "succeeded", "failed", "canceled"]].sum().tolist() == [6, 4, 1, 0]


def test_a_time_before_which_nothing_is_known_gives_no_rows(told: History) -> None:
    assert rows(told.throughput(since="2027-01-01")) == []
    assert rows(told.backlog(since="2027-01-01")) == []


def test_health_has_one_row_for_each_workflow_the_least_healthy_first(waiting: History) -> None:
    first, second = rows(waiting.health())
    assert first[:7] == ["orders", 1, 5, 1, 1, 0.75, 0.75]
    assert first[9:] == ["r3", "BROKEN"]
    assert second[:7] == ["other", 1, 1, 0, 0, 1.0, 1.0]
    assert second[8] is pd.NaT


@pytest.mark.parametrize("name", COLUMNS)
def test_what_is_shown_is_the_same_every_time(waiting: History, name: str) -> None:
    one, two = getattr(waiting, name)(), getattr(waiting, name)()
    assert repr(one) == repr(two)
    assert one._repr_html_() == two._repr_html_()
    assert one._repr_png_() == two._repr_png_()


@pytest.mark.parametrize("name", COLUMNS)
def test_nothing_yet_is_said_and_drawn(told: History, name: str) -> None:
    empty = getattr(told, name)(workflow="nothing")
    assert "nothing yet" in repr(empty).lower()
    assert isinstance(empty.plot(), Figure)


@pytest.mark.parametrize("name", sorted(set(COLUMNS) - {"takeovers"}))
def test_every_axis_has_a_name_and_every_row_a_label(waiting: History, name: str) -> None:
    analysis = getattr(waiting, name)()
    figure = analysis.plot()
    figure.draw_without_rendering()
    assert all(axes.get_xlabel() for axes in figure.axes)
    if name not in OVER_TIME:
        assert len(figure.axes[0].get_yticklabels()) == min(len(analysis.df), figures.MOST_ROWS)


def test_success_rates_are_drawn_for_the_newest_versions_only(told: History) -> None:
    frame = told.success_rate().df
    many = pd.concat([frame.assign(version=number) for number in range(1, 10)], ignore_index=True)
    (axes,) = operations_plots.success_rate(many, "t").axes
    assert len(axes.get_lines()) == 6


@settings(max_examples=15, deadline=None)
@given(
    text=st.text(max_size=100) | st.sampled_from([r"$\frac{$ bad", "$a$", "表 😀 ﷽", "a" * 500, "x\ny", "_x"])
)
def test_every_label_can_be_drawn(text: str) -> None:
    day = pd.Timestamp("2026-01-01")
    rates = pd.DataFrame(
        {"workflow": [text, text], "version": [1, 1], "day": [day, day], "success_rate": [0.5, 1.0]}
    )
    errors = pd.DataFrame(
        {"workflow": [text, "w"], "error_code": [text, "c"], "error_category": [text, "k"], "errors": [2, 1]}
        | {"tried_again": [1, 0], "handled": [0, 1], "not_handled": [1, 0], "runs": [1, 1]}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        operations_plots.success_rate(rates, text).draw_without_rendering()
        operations_plots.error_categories(errors, text).draw_without_rendering()


def test_a_history_in_a_file_gives_the_same_answers(
    waiting: History, store: SqliteStore, tmp_path: Path
) -> None:
    filed = History(store, tmp_path)
    for name in COLUMNS:
        pd.testing.assert_frame_equal(getattr(filed, name)().df, getattr(waiting, name)().df)
