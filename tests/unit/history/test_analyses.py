"""The first five analyses: right figures, stable columns, pictures that survive any label."""

from __future__ import annotations

import warnings
from datetime import date, datetime, timedelta, timezone

import matplotlib as mpl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from unit.history.chronicle import BEGIN_US, Chronicle
from wfnb.errors import QueryError
from wfnb.history import figures, plots
from wfnb.history.analysis import Analysis
from wfnb.history.history import History
from wfnb.store.sqlite import SqliteStore

COLUMNS = {
    "before_failures": [
        "workflow", "before", "failed_step", "error_category", "error_code", "failures", "share", "last_at", "last_run",
    ],
    "duration_by_step": ["workflow", "step_id", "type", "attempts", "p50_ms", "p95_ms", "max_ms", "total_ms"],
    "failure_rate_by_version": ["workflow", "version", "runs", "failed", "failure_rate", "low", "high"],
    "retries": [
        "workflow", "step_id", "retried", "recovered", "gave_up", "attempts", "most_attempts", "waited_ms",
    ],
    "slowest_paths": ["workflow", "path", "runs", "p50_ms", "p95_ms", "max_ms", "slowest_run"],
}  # fmt: skip


def rows(analysis: Analysis) -> list[list[object]]:
    return analysis.df.to_numpy().tolist()


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_stable_also_without_rows(told: History, store: SqliteStore, name: str) -> None:
    assert list(getattr(told, name)().df.columns) == COLUMNS[name]
    assert list(getattr(told, name)(workflow="nothing").df.columns) == COLUMNS[name]


def test_the_names_are_the_methods_and_sorted(told: History) -> None:
    assert told.analyses == tuple(sorted(told.analyses))
    assert set(COLUMNS) < set(told.analyses)
    assert all(callable(getattr(told, name)) for name in told.analyses)


def test_duration_by_step(told: History) -> None:
    assert rows(told.duration_by_step(workflow="orders")) == [
        ["orders", "work", "action.call", 2, 35.0, 39.5, 40.0, 70.0],
        ["orders", "work", "transform.assign", 3, 10.0, 19.0, 20.0, 35.0],
        ["orders", "look", "transform.assign", 4, 1.0, 1.0, 1.0, 4.0],
    ]


def test_failure_rate_by_version(told: History) -> None:
    assert rows(told.failure_rate_by_version()) == [
        ["orders", 1, 4, 1, 0.25, 0.0456, 0.6994],
        ["other", 1, 1, 0, 0.0, 0.0, 0.7935],
    ]


def test_slowest_paths(told: History) -> None:
    assert rows(told.slowest_paths(workflow="orders")) == [
        ["orders", "look=then", 2, 291.0, 543.0, 571.0, "r2"],
        ["orders", "look=else", 1, 21.0, 21.0, 21.0, "r1"],
        ["orders", "look=then → work failed", 1, 6.0, 6.0, 6.0, "r3"],
    ]


def test_a_path_is_the_same_in_whatever_order_its_turns_came(told: History, store: SqliteStore) -> None:
    for number, order in enumerate((("look", "ask"), ("ask", "look"))):
        run = Chronicle(store, f"order{number}", at_us=BEGIN_US + 2 * 86_400_000_000)
        for index, step in enumerate(order):
            run.step(step, index, took_ms=number + 1, branch="then")
        run.succeed()
    assert rows(told.slowest_paths(since="2026-01-03")) == [
        ["orders", "ask=then → look=then", 2, 3.0, 3.9, 4.0, "order1"]
    ]


def test_retries(told: History) -> None:
    assert rows(told.retries()) == [["orders", "work", 1, 1, 0, 2, 2, 500.0]]


def test_before_failures(told: History) -> None:
    (row,) = rows(told.before_failures())
    assert row[:7] == ["orders", "look", "work", "ActionError", "BROKEN", 1, 1.0]
    assert row[8] == "r3"


@pytest.mark.parametrize(
    "since",
    [
        "2026-01-02",
        "2026-01-02T01:00:00+01:00",
        date(2026, 1, 2),
        datetime(2026, 1, 2),
        datetime(2026, 1, 2, 2, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_since_is_a_moment_in_any_form(told: History, since: str | date) -> None:
    assert told.duration_by_step(since=since).df["workflow"].tolist() == ["other"]


@pytest.mark.parametrize("since", ["yesterday", 5])
def test_what_is_not_a_moment_is_refused(told: History, since: object) -> None:
    with pytest.raises(QueryError, match="not a date"):
        told.retries(since=since)  # type: ignore[arg-type] - that is the test


@pytest.mark.parametrize("name", COLUMNS)
def test_the_sql_of_an_analysis_can_be_asked_again(told: History, name: str) -> None:
    analysis = getattr(told, name)()
    pd.testing.assert_frame_equal(told.sql(analysis.sql, **analysis.params), analysis.df)


@pytest.mark.parametrize("name", COLUMNS)
def test_what_is_shown_is_the_same_every_time(told: History, name: str) -> None:
    one, two = getattr(told, name)(), getattr(told, name)()
    assert repr(one) == repr(two)
    assert one._repr_html_() == two._repr_html_()
    assert one._repr_png_() == two._repr_png_()
    assert one._repr_png_().startswith(b"\x89PNG")


def test_text_and_table_have_the_heading_and_the_rows(told: History) -> None:
    shown = told.retries()
    assert repr(shown).startswith("What retries cost\n")
    html = shown._repr_html_()
    assert "<h4>What retries cost</h4>" in html
    assert "<td>work</td>" in html


def test_nothing_yet_is_said_and_drawn(told: History) -> None:
    for name in COLUMNS:
        empty = getattr(told, name)(workflow="nothing")
        assert "nothing yet" in repr(empty).lower()
        assert "Nothing yet" in empty._repr_html_()
        assert isinstance(empty.plot(), Figure)


def test_a_long_answer_says_how_much_is_not_shown(told: History) -> None:
    analysis = told.retries()
    long = pd.concat([analysis.df] * 50, ignore_index=True)
    shown = Analysis(analysis.name, analysis.title, analysis.explanation, analysis.sql, long, analysis._draw)
    assert "30 more rows in .df" in repr(shown)
    assert shown._repr_html_().count("<tr") == 21


def test_a_notebook_shows_the_table_and_then_the_picture(
    told: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs: list[set[str]] = []
    monkeypatch.setattr("IPython.display.display", lambda output, raw: outputs.append(set(output)))
    told.retries()._ipython_display_()
    told.retries(workflow="nothing")._ipython_display_()
    assert outputs == [{"text/plain", "text/html"}, {"text/plain", "image/png"}, {"text/plain", "text/html"}]


def test_data_cannot_become_markup(told: History) -> None:
    analysis = told.retries()
    frame = analysis.df.assign(step_id="<script>alert(1)</script>\x1b[31m")
    shown = Analysis(analysis.name, analysis.title, analysis.explanation, analysis.sql, frame, analysis._draw)
    assert "<script" not in shown._repr_html_()
    assert "\x1b" not in shown._repr_html_() + repr(shown)


def test_a_picture_leaves_the_settings_of_matplotlib_alone(told: History) -> None:
    before = dict(mpl.rcParams)
    told.duration_by_step().plot()
    assert dict(mpl.rcParams) == before


@settings(max_examples=25)
@given(
    text=st.text(max_size=200)
    | st.sampled_from([r"$\frac{$ bad", "$a$", r"\$", "表 😀 ﷽", "a" * 500, "x\ny", ""])
)
def test_every_label_can_be_drawn(text: str) -> None:
    frame = pd.DataFrame(
        {
            "workflow": [text, "w"],
            "step_id": [text, "s"],
            "retried": [2, 1],
            "recovered": [1, 0],
            "gave_up": [0, 1],
        }
        | {"attempts": [4, 2], "most_attempts": [2, 2], "waited_ms": [10.0, 0.0]}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.retries(frame, text).canvas.draw_idle()
        plots.retries(frame, text).draw_without_rendering()


def test_a_label_says_what_stands_in_the_data() -> None:
    assert figures.label("cost in $") == r"cost in \$"
    assert figures.label("a" * 200).endswith("…")
    assert figures.label("\x00") == r"\x00"
    assert figures.label("one two three", width=8, lines=2) == "one two\nthree"


@pytest.mark.parametrize(
    ("value_ms", "text"),
    [(0, "0"), (0.0001, "0.1 µs"), (0.25, "250 µs"), (1, "1 ms"), (1_234, "1.23 s"), (90_000, "1.5 min"),
     (7_200_000, "2 h"), (172_800_000, "2 d")],
)  # fmt: skip
def test_a_duration_has_a_unit(value_ms: float, text: str) -> None:
    assert figures.duration(value_ms) == text


def test_durations_that_differ_much_are_drawn_on_a_logarithmic_axis(told: History) -> None:
    wide = told.duration_by_step().df.assign(p50_ms=[0.1, 1, 10, 5_000], p95_ms=[1, 10, 100, 50_000])
    (axes,) = plots.duration_by_step(wide, "t").axes
    assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "duration of an attempt, logarithmic")


def test_a_picture_has_a_label_for_every_row_and_a_name_for_every_axis(told: History) -> None:
    for name in COLUMNS:
        analysis = getattr(told, name)()
        figure = analysis.plot()
        figure.draw_without_rendering()
        assert all(axes.get_xlabel() for axes in figure.axes)
        assert len(figure.axes[0].get_yticklabels()) == len(analysis.df)


def test_a_picture_shows_the_first_rows_only(told: History) -> None:
    many = pd.concat([told.before_failures().df] * 40, ignore_index=True)
    (axes,) = plots.before_failures(many, "t").axes
    assert len(axes.get_yticklabels()) == figures.MOST_ROWS
