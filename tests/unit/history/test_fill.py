"""Catching up: nothing missed, nothing repeated, whatever the order of writing and asking."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.history.chronicle import BEGIN_US, Chronicle, publish
from unit.history.contents import contents
from wfnb.history import fill
from wfnb.history.history import History
from wfnb.history.projection import Projection
from wfnb.store.sqlite import SqliteStore

OPERATIONS = ("run", "begin", "end", "call", "answer", "retry", "fail", "succeed", "refresh", "reopen")


@settings(max_examples=30)
@given(
    operations=st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 3)), max_size=40),
    batch=st.sampled_from([1, 3, 50_000]),
)
def test_a_history_filled_bit_by_bit_is_the_one_built_at_once(
    operations: list[tuple[str, int]], batch: int
) -> None:
    before = fill._BATCH_ROWS
    with tempfile.TemporaryDirectory() as folder, SqliteStore(Path(folder) / "state.sqlite") as store:
        publish(store)
        fill._BATCH_ROWS = batch
        try:
            path = Path(folder) / "history.duckdb"
            grown = Projection(store, path)
            scribe = _Scribe(store)
            for name, number in operations:
                if name == "reopen":
                    grown = Projection(store, path)
                elif name == "refresh":
                    grown.refresh()
                else:
                    scribe.do(name, number)
            assert contents(grown) == contents(Projection(store, None))
        finally:
            fill._BATCH_ROWS = before


class _Scribe:
    """Does what can be done with some runs; the rest is left undone."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.runs: list[Chronicle] = []
        self.open: dict[int, tuple[int, int, bool]] = {}
        self.waiting: dict[int, tuple[int, int]] = {}

    def do(self, name: str, number: int) -> None:
        if name == "run":
            self.runs.append(Chronicle(self.store, f"r{len(self.runs)}", at_us=BEGIN_US + len(self.runs)))
            return
        if number >= len(self.runs) or self.runs[number].state.terminal:
            return
        run, under = self.runs[number], self.open.get(number)
        if name in ("begin", "call") and under is None and number not in self.waiting:
            index = run.seq
            run.begin("s", index, **({"input": {"n": 1}} if name == "call" else {}))
            self.open[number] = (index, 1, name == "call")
        elif name in ("end", "answer") and under is not None:
            index, attempt, called = self.open.pop(number)
            run.end(
                index, attempt=attempt, took_ms=1.5, called=called, output={"ok": True} if called else None
            )
        elif name == "retry" and under is not None:
            index, attempt, called = self.open.pop(number)
            run.fail(index, attempt=attempt, handled_by="retry", called=called)
            self.waiting[number] = (index, attempt)
        elif name == "retry" and number in self.waiting:
            index, attempt = self.waiting.pop(number)
            run.retry("s", index, attempt=attempt + 1)
            self.open[number] = (index, attempt + 1, False)
        elif name == "fail" and under is not None:
            index, attempt, called = self.open.pop(number)
            run.fail(index, attempt=attempt, called=called)
        elif name == "succeed" and under is None and number not in self.waiting:
            run.succeed()


def test_a_changed_row_takes_the_place_of_the_old_one(store: SqliteStore, history: History) -> None:
    run = Chronicle(store, "r1")
    run.begin("a")
    assert history.sql("SELECT status FROM steps")["status"].tolist() == ["STARTED"]
    run.end(took_ms=2)
    assert history.sql("SELECT status, duration_ms FROM steps").values.tolist() == [["SUCCEEDED", 2.0]]


def test_a_batch_that_cannot_be_taken_in_leaves_the_watermark(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    Chronicle(store, "r1")
    connection = fill_connection(store)
    before = fill.watermark(connection, store)
    Chronicle(store, "r2").step("a")
    monkeypatch.setattr(fill, "_take_batch", _fail_at_second(fill._take_batch))
    with pytest.raises(RuntimeError):
        fill.catch_up(connection, store)
    assert fill.watermark(connection, store) == before
    monkeypatch.undo()
    fill.catch_up(connection, store)
    assert connection.execute("SELECT count(*), count(DISTINCT run_no) FROM base.run").fetchone() == (2, 2)


def fill_connection(store: SqliteStore):
    from wfnb.history.connect import open_memory

    connection = open_memory()
    fill.begin(connection, store)
    fill.catch_up(connection, store)
    return connection


def _fail_at_second(take):
    calls = []

    def wrapped(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise RuntimeError("interrupted")
        take(*arguments)

    return wrapped


def test_times_are_timestamps_in_utc(store: SqliteStore, history: History) -> None:
    Chronicle(store, "r1")
    assert history.sql("SELECT started_at FROM runs")["started_at"][0] == datetime(2026, 1, 1)


def test_a_step_in_a_loop_has_a_definition_path_and_an_iteration(
    store: SqliteStore, history: History
) -> None:
    connection = fill_connection(store)
    rows = connection.execute(
        r"SELECT regexp_replace(place, '\{\d+\}', '', 'g'), nullif(regexp_extract(place, '.*\{(\d+)\}', 1), '') "
        "FROM (VALUES ('root.steps[2].body{3}.steps[1].body{7}.steps[0]'), ('root.steps[1]')) AS given(place)"
    ).fetchall()
    assert rows == [("root.steps[2].body.steps[1].body.steps[0]", "7"), ("root.steps[1]", None)]


def test_a_store_put_back_from_a_backup_starts_a_new_history(tmp_path: Path) -> None:
    path = tmp_path / "history.duckdb"
    for name, runs in (("new", 5), ("old", 2)):
        with SqliteStore(tmp_path / f"{name}.sqlite") as store:
            publish(store)
            for number in range(runs):
                Chronicle(store, f"{name}-{number}")
            progress = Projection(store, path).refresh()
            assert progress.rebuilt
            frame = Projection(store, path).ask(
                lambda c: c.execute("SELECT run_id FROM runs ORDER BY 1").fetchall()
            )
            assert frame[0] == [(f"{name}-{number}",) for number in range(runs)]
