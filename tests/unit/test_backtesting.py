"""Backtests: many runs against another version, here, in processes and on a cluster; always the same answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from unit.machine.world import assign, call, when
from wfnb.backtest.batch import Chosen, Span, spans
from wfnb.backtest.tally import Cause, Tally
from wfnb.backtested import Backtest
from wfnb.errors import ActionError, CommandError, NotFoundError, ValidationError


class Order(BaseModel):
    n: int


class Price(BaseModel):
    price: int


def prepare(ws: wfnb.Workspace, runs: int = 12) -> None:
    """Runs of version 1: every third one fails."""

    @ws.action("price", side_effect=True, idempotency="engine")
    def price(data: Order) -> Price:
        if data.n % 3 == 2:
            raise ActionError("There is no price.")
        return Price(price=data.n * 10)

    ws.action("mail", side_effect=True, idempotency="engine")(price)
    assert ws.publish(definition()).ok
    for n in range(runs):
        ws.start("order", {"n": n}).wait(60)


def definition(condition: str = "vars.price.price > 50", *more: Any, **extra: Any) -> dict[str, Any]:
    price = call("price", "price", inputs={"n": {"$expr": "payload.n"}}, save_as="vars.price", **extra)
    choice = when("big", condition, [assign("is_big", size="'big'")], [assign("is_small", size="'small'")])
    return {"id": "order", "name": "Order", "steps": [price, choice, *more]}


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path, clock="2026-01-01", seed=5) as made:
        prepare(made)
        yield made


def shape(backtest: Backtest) -> tuple[Any, ...]:
    rows = [(row.category, row.kind, row.step, row.because, row.runs, row.example) for row in backtest.causes]
    return backtest.total, backtest.counts, rows


def test_runs_against_their_own_version_all_go_the_same_way(ws: wfnb.Workspace) -> None:
    backtest = ws.backtest("order")
    assert backtest
    assert (backtest.total, backtest.counts["same"], backtest.progress, backtest.finished) == (
        12,
        12,
        1.0,
        True,
    )
    assert repr(backtest) == "<Backtest of order against v1: 12 runs, 12 same>"


def test_runs_that_go_another_way_are_counted_by_cause(ws: wfnb.Workspace) -> None:
    ws.publish(definition("vars.price.price > 80", assign("extra", extra="1")))
    backtest = ws.backtest("order", 2)
    assert not backtest
    assert backtest.counts == {
        "same": 4, "new errors": 0, "other outcome": 0, "other path": 8, "other values": 0, "not replayable": 0,
    }  # fmt: skip
    assert [(row.kind, row.step, row.because, row.runs, row.example) for row in backtest.causes] == [
        ("new step", "extra", "", 6, "run-0001"),
        ("other branch", "big", "condition: vars.price.price > 50 → vars.price.price > 80", 2, "run-0007"),
    ]
    assert sum(row.share for row in backtest.causes) == pytest.approx(66.67, abs=0.1)
    replay = backtest.replay(1)
    assert (replay.run, replay.divergence.kind if replay.divergence else None) == ("run-0007", "other branch")
    assert backtest.examples(1) == ("run-0007", "run-0008")
    assert "run-0007" in repr(backtest.debug(1))


def test_new_errors_come_first(ws: wfnb.Workspace) -> None:
    backtest = ws.backtest("order", definition=definition("vars.nothing > 80"))
    assert [(row.category, row.kind, row.runs) for row in backtest.causes] == [
        ("new errors", "other error", 8)
    ]
    forgiving = ws.backtest("order", definition=definition(onError={"policy": "continue"}))
    assert forgiving.counts["same"] == 8
    assert (
        forgiving.counts["other outcome"] + forgiving.counts["other path"] + forgiving.counts["other values"]
        == 4
    )


def test_all_ways_give_the_same_answer(ws: wfnb.Workspace) -> None:
    draft = definition("vars.price.price > 80")
    here = ws.backtest("order", definition=draft)
    pool = ws.backtest("order", definition=draft, processes=2)
    assert shape(here) == shape(pool)
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        assert shape(ws.backtest("order", definition=draft, client=client)) == shape(here)


def test_runs_are_chosen_by_number_id_status_or_version(ws: wfnb.Workspace) -> None:
    assert ws.backtest("order", runs=5).total == 5
    assert ws.backtest("order", runs=["run-0001", ws.run("run-0004")]).total == 2
    assert ws.backtest("order", runs={"status": "FAILED"}).total == 4
    assert ws.backtest("order", runs={"version": 2}).total == 0
    with pytest.raises(ValidationError):
        ws.backtest("order", runs={"state": "x"})
    with pytest.raises(NotFoundError):
        ws.backtest("order", runs=["run-9999"])
    with pytest.raises(NotFoundError):
        ws.backtest("nothing")


@pytest.mark.spoils_records
def test_a_broken_run_is_a_row(ws: wfnb.Workspace) -> None:
    with ws._store.database.writing() as session:
        session.execute("DELETE FROM macrosteps WHERE run_no = 4 AND seq = 2")
    backtest = ws.backtest("order")
    assert backtest.counts["not replayable"] == 1
    assert [(row.kind, row.because, row.example) for row in backtest.causes] == [
        ("NOT_REPLAYABLE", "The record has 4 of 5 macrosteps.", "run-0004")
    ]


def test_the_own_version_need_not_be_there_any_more(tmp_path: Path) -> None:
    with wfnb.open(tmp_path, clock="2026-01-01", seed=5) as ws:
        prepare(ws, 6)
    with wfnb.open(tmp_path, clock="2026-01-01", seed=5) as ws:  # without the actions
        only = when("big", "payload.n > 2", [assign("is_big", size="'big'")])
        backtest = ws.backtest("order", definition={"id": "order", "name": "Order", "steps": [only]})
        assert backtest.total == 6
        assert backtest.counts["not replayable"] == 0
        assert {row.kind for row in backtest.causes} == {"missing step", "new step"}


def test_it_goes_on_where_it_was_stopped(ws: wfnb.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from wfnb import backtesting

    monkeypatch.setattr(backtesting, "LIMITS", replace(backtesting.LIMITS, backtest_batch=2))
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ws.backtest("order", progress=stop)
    journals = list((ws.path / ".wfnb" / "backtests").iterdir())
    assert len(journals) == 1
    with journals[0].open("a") as file:
        file.write('["cut')
    told.clear()
    backtest = ws.backtest("order", progress=lambda done, total: told.append((done, total)))
    assert told[0] == (4, 12)
    assert (backtest.total, backtest.counts["same"]) == (12, 12)
    assert not journals[0].exists()


def test_in_the_background_it_can_be_waited_for_and_cancelled(ws: wfnb.Workspace) -> None:
    assert ws.backtest("order", wait=False).wait(60).total == 12
    made = ws.backtest("order", wait=False).cancel().wait(60)
    assert made.total in (0, 12)


def test_a_fault_in_the_background_is_raised_when_it_is_waited_for(ws: wfnb.Workspace) -> None:
    def broken(done: int, total: int) -> None:
        raise RuntimeError(f"{done} of {total}")

    with pytest.raises(RuntimeError, match="0 of 12"):
        ws.backtest("order", wait=False, progress=broken).wait(60)


def test_other_processes_cannot_read_memory() -> None:
    with wfnb.open(store="memory", clock="2026-01-01", seed=5) as ws:
        prepare(ws, 1)
        assert ws.backtest("order").total == 1
        with pytest.raises(CommandError) as refused:
            ws.backtest("order", processes=2)
        assert refused.value.code == "STORE_NOT_SHARED"


def test_a_backtest_shows_itself(ws: wfnb.Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    backtest = ws.backtest("order", definition=definition("vars.price.price > 80"), progress=True)
    assert "100% 12 of 12" in capsys.readouterr().err
    html = backtest._repr_mimebundle_()["text/html"]
    assert "<img" in html
    assert "other branch" in html
    assert (
        html
        == ws.backtest("order", definition=definition("vars.price.price > 80"))._repr_mimebundle_()[
            "text/html"
        ]
    )
    assert repr(backtest.picture()).startswith("<Picture: backtest of order against draft")
    with pytest.raises(NotFoundError) as refused:
        backtest.replay(7)
    assert refused.value.code == "NO_SUCH_CAUSE"


def test_no_value_of_a_run_stands_in_a_cause(ws: wfnb.Workspace) -> None:
    ws.start("order", {"n": 123456}).wait(60)
    backtest = ws.backtest(
        "order", definition=definition("vars.price.price > 80 and vars.price.price < 1000")
    )
    assert "123456" not in json.dumps([row.because + row.fields for row in backtest.causes])


def test_on_a_server(postgres_url: str, tmp_path: Path) -> None:
    with wfnb.open(tmp_path, store=postgres_url, clock="2026-01-01", seed=5) as ws:
        prepare(ws, 6)
        draft = definition("vars.price.price > 30")
        here = ws.backtest("order", definition=draft)
        assert here.total == 6
        assert shape(ws.backtest("order", definition=draft, processes=1)) == shape(here)


def test_tallies_add_up_and_travel_as_text() -> None:
    one, other = Tally(), Tally()
    one.went_the_same_way()
    for run_id in ("a", "b"):
        one.add(Cause("other path", "new step", "s", "root.steps[0]", ("x",), "", 1, (run_id,)))
    other.add(Cause("other path", "new step", "s", "root.steps[0]", ("x",), "", 1, ("c",)))
    total = Tally.from_text(one.to_text())
    total += Tally.from_text(other.to_text())
    assert (total.runs, total.same) == (4, 1)
    assert [(cause.runs, cause.examples) for cause in total.causes.values()] == [(3, ("a", "b", "c"))]


def test_spans_hold_every_chosen_run() -> None:
    assert spans(Chosen(), 0, 10) == []
    assert spans(Chosen(numbers=()), 100, 10) == []
    assert spans(Chosen(numbers=(1, 2, 99, 100)), 100, 5) == [Span(1, 2), Span(99, 100)]
