"""Questions in SQL: bound, bounded in time and rows, and explained when they are wrong."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, date, datetime
from typing import Any

import pytest

from unit.history.chronicle import MS, Chronicle
from wfnb.errors import QueryError
from wfnb.history import faults
from wfnb.history import sql as module
from wfnb.history.history import History
from wfnb.limits import LIMITS
from wfnb.store.sqlite import SqliteStore


@pytest.fixture
def asked(store: SqliteStore) -> History:
    for name in ("r1", "r2"):
        run = Chronicle(store, name)
        run.step("a", took_ms=5)
        run.succeed()
    return History(store)


def limit(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    smaller = dataclasses.replace(LIMITS, **changes)
    monkeypatch.setattr(module, "LIMITS", smaller)
    monkeypatch.setattr(faults, "LIMITS", smaller)


def refusal(history: History, question: str, **params: Any) -> QueryError:
    with pytest.raises(QueryError) as caught:
        history.sql(question, **params)
    return caught.value


@pytest.mark.parametrize(
    "question", ["SELECT run_id FROM runs WHERE run_id = :id", "FROM runs SELECT run_id WHERE run_id=$id"]
)
def test_parameters_are_written_with_a_colon_or_a_dollar(asked: History, question: str) -> None:
    assert asked.sql(question, id="r2")["run_id"].tolist() == ["r2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT ':id'", ":id"),
        ("SELECT $$ :id $$", " :id "),
        ("SELECT 'é' || :id", "éX"),
        ("SELECT ':id'::VARCHAR || :id -- :id", ":idX"),
        ("SELECT /* :id */ :id", "X"),
        ("SELECT 'it''s :id' || $id", "it's :idX"),
    ],
)
def test_a_colon_in_a_text_or_a_comment_is_no_parameter(asked: History, text: str, expected: str) -> None:
    question = text if "$id" in text or text.count(":id") > 1 or "||" in text else f"{text} WHERE :id = :id"
    assert asked.sql(question, id="X").iloc[0, 0] == expected


def test_slices_and_casts_are_not_parameters(asked: History) -> None:
    assert asked.sql("SELECT 'abc'[1:2] AS s, '1'::INTEGER AS n").values.tolist() == [["ab", 1]]


@pytest.mark.parametrize(
    "value",
    ["text", 1, 1.5, True, None, datetime(2026, 1, 1), date(2026, 1, 1), [1, 2], ["a"]],
)
def test_values_of_every_kind_can_be_bound(asked: History, value: Any) -> None:
    assert len(asked.sql("SELECT :value AS v", value=value)) == 1


def test_a_parameter_without_a_value_is_named(asked: History) -> None:
    for question in ("SELECT :one", "SELECT $one"):
        error = refusal(asked, question)
        assert (error.code, "“one”" in error.message) == ("QUERY_SYNTAX", True)


def test_a_value_without_a_parameter_is_named(asked: History) -> None:
    assert "“two”" in refusal(asked, "SELECT 1", two=2).message


def test_a_value_of_another_type_is_refused_before_anything_is_asked(asked: History) -> None:
    assert refusal(asked, "SELECT :x", x=object()).message == "The parameter “x” is of type object."


def test_positional_parameters_are_explained(asked: History) -> None:
    assert "$name" in str(refusal(asked, "SELECT ?"))


@pytest.mark.parametrize(
    ("question", "code", "part"),
    [
        ("SELEC 1", "QUERY_SYNTAX", "line 1, column 1"),
        ("SELECT\n  nothing FROM runs", "QUERY_SYNTAX", "line 2, column 3"),
        ("SELECT stats FROM runs", "QUERY_SYNTAX", "Candidate bindings"),
        ("SELECT * FROM stepz", "QUERY_SYNTAX", "Did you mean “steps”?"),
        ("SELECT * FROM nowhere", "QUERY_SYNTAX", "events, invocations, runs, steps or waits"),
        ("SELECT cuont(*) FROM runs", "QUERY_SYNTAX", 'Did you mean "count"?'),
        ("SELECT sum(run_id) FROM runs", "QUERY_SYNTAX", "type casts"),
        ("SELECT CAST(run_id AS INTEGER) FROM runs", "QUERY_FAILED", "TRY_CAST"),
        ("SELECT 9223372036854775807 + seq FROM runs", "QUERY_FAILED", "wider type"),
        ("SELECT repeat(run_id, 100000) FROM runs", "QUERY_TOO_LARGE", "at most 100000"),
        ("PIVOT runs ON status", "QUERY_REFUSED", "one SELECT"),
    ],
)
def test_a_wrong_question_says_what_is_wrong(asked: History, question: str, code: str, part: str) -> None:
    error = refusal(asked, question)
    assert error.code == code
    assert part in str(error)


def test_a_question_that_takes_too_long_is_stopped(asked: History, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, query_time_ms=100)
    error = refusal(asked, "SELECT count(*) FROM range(100000000000) AS a, range(1000000) AS b")
    assert (error.code, "0.1 seconds" in error.message) == ("QUERY_TIMEOUT", True)
    assert asked.sql("SELECT 1 AS n")["n"].tolist() == [1]


def test_no_timer_is_left_behind(asked: History) -> None:
    asked.sql("SELECT 1")
    assert not [
        thread
        for thread in threading.enumerate()
        if isinstance(thread, threading.Timer) and not thread.finished.is_set()
    ]


def test_an_answer_with_too_many_rows_is_refused(asked: History, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, query_rows=5_000)
    assert len(asked.sql("SELECT * FROM range(5000)")) == 5_000
    assert refusal(asked, "SELECT * FROM range(5001)").code == "QUERY_TOO_LARGE"


def test_an_answer_that_needs_too_much_memory_is_refused(asked: History) -> None:
    assert refusal(asked, "SELECT list(i) FROM range(2000000000) AS r(i)").code == "QUERY_TOO_LARGE"


@pytest.mark.parametrize(
    "question",
    [
        "FROM runs",
        "WITH x AS (SELECT * FROM runs) SELECT * FROM x",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r",
        "SELECT 1 UNION SELECT 2",
        "SELECT i FROM range(3) AS r(i)",
        "SELECT unnest([1, 2])",
        "SELECT run_id.upper() FROM runs",
        "SELECT upper(run_id), rank() OVER (ORDER BY started_at) FROM main.runs",
        "SHOW TABLES",
        "DESCRIBE runs",
        "SUMMARIZE steps",
        "SELECT table_name, column_name FROM information_schema.columns",
        "FROM (PIVOT runs ON status IN ('SUCCEEDED', 'FAILED') USING count(*))",
        "SELECT repeat('ab', 3), lpad(run_id, 9, '-'), rpad(run_id, 9, '-'), printf('%5.1f', duration_ms) FROM runs",
    ],
)
def test_what_one_select_can_say_is_answered(asked: History, question: str) -> None:
    assert len(asked.sql(question)) > 0


def test_the_tables_have_speaking_columns(asked: History) -> None:
    frame = asked.sql(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'main'"
    )
    columns = {name: group["column_name"].tolist() for name, group in frame.groupby("table_name")}
    assert set(columns) == {"events", "invocations", "runs", "steps", "waits"}
    assert columns["runs"][:6] == ["run_no", "run_id", "workflow", "version", "kind", "status"]
    assert {"path", "instance_path", "iteration", "attempt", "duration_ms", "handled_by"} <= set(
        columns["steps"]
    )
    assert columns["events"] == [
        "run_no",
        "run_id",
        "workflow",
        "version",
        "seq",
        "happened_at",
        "kind",
        "data",
    ]


def test_events_stand_in_the_order_in_which_they_happened(store: SqliteStore, history: History) -> None:
    run = Chronicle(store, "r1")  # its clock stands still
    run.begin("a", input={})
    run.fail(handled_by="retry", called=True)
    run.retry("a", attempt=2, waited_ms=0)
    run.end(attempt=2)
    run.succeed()
    assert history.sql("SELECT kind FROM events")["kind"].tolist() == [
        "run.started",
        "step.started",
        "invocation.started",
        "invocation.failed",
        "step.retry_scheduled",
        "wait.opened",
        "wait.resolved",
        "step.started",
        "step.succeeded",
        "run.succeeded",
    ]


def test_durations_are_milliseconds(store: SqliteStore, history: History) -> None:
    run = Chronicle(store, "r1")
    run.step("a", took_ms=1.25)
    run.at_us += 2 * MS
    run.succeed()
    assert history.sql("SELECT duration_ms FROM steps")["duration_ms"].tolist() == [1.25]
    assert history.sql("SELECT duration_ms FROM runs")["duration_ms"].tolist() == [3.25]


def test_a_child_run_names_its_parent(store: SqliteStore, history: History) -> None:
    parent = Chronicle(store, "p")
    Chronicle(store, "c", parent=parent.run_no)
    assert history.sql(
        "SELECT run_id, parent_run_id FROM runs WHERE parent_run_id = 'p'"
    ).values.tolist() == [["c", "p"]]


def test_moments_are_compared_in_utc(asked: History) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert asked.sql("SELECT count(*) AS n FROM runs WHERE started_at >= :at", at=at)["n"][0] == 2
