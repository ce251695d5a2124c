"""Leases and holds on a server go by its clock: a client whose own clock is an hour off takes nothing from anybody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

import wfnb
from crash.fleet import until
from wfnb.engine.clock import SystemClock
from wfnb.store.postgres import PostgresStore

WAIT_S = 60
HOUR_US = 3_600_000_000


class Number(BaseModel):
    n: int


class WrongClock(SystemClock):
    """Real time, but for an error."""

    def __init__(self, error_us: int) -> None:
        self._error_us = error_us

    def lease_us(self) -> int:
        """Now, as this client believes."""
        return super().lease_us() + self._error_us


class Shop:
    """An action that waits at a door."""

    def __init__(self, ws: wfnb.Workspace) -> None:
        self.begun, self.door = threading.Event(), threading.Event()

        @ws.action("serve")
        def serve(data: Number) -> Number:
            self.begun.set()
            assert self.door.wait(WAIT_S)
            return data

        call = {"actionId": "serve", "version": 1, "inputMapping": {"n": 1}}
        steps = [{"id": "s", "type": "action.call", "config": call}]
        assert ws.publish({"id": "w", "name": "W", "steps": steps}).ok


@pytest.fixture(params=[HOUR_US, -HOUR_US], ids=["fast", "slow"])
def wrong(request: pytest.FixtureRequest) -> WrongClock:
    return WrongClock(request.param)


@pytest.fixture
def store(postgres_url: str) -> Iterator[PostgresStore]:
    with PostgresStore(postgres_url) as store:
        yield store


def look(ws: wfnb.Workspace) -> None:
    """Have the engine of a workspace look for runs of others now."""
    engine = ws._engine
    engine._thread.call(engine._dispatcher.look_around)


def test_the_moment_of_a_server_does_not_depend_on_the_client(store: PostgresStore) -> None:
    far, near = store.now_us(0), store.now_us(SystemClock().lease_us())
    assert 0 <= near - far < 5_000_000
    assert abs(near - SystemClock().lease_us()) < 60_000_000  # here both are on one machine


def test_nobody_is_robbed_of_a_run_by_whose_clock_is_wrong(
    postgres_url: str, wrong: WrongClock, tmp_path: Path
) -> None:
    with (
        wfnb.open(tmp_path, store=postgres_url) as right,
        wfnb.open(tmp_path, store=postgres_url, clock=wrong) as other,
    ):
        shop, thief = Shop(right), Shop(other)
        run = right.start("w")
        assert shop.begun.wait(WAIT_S)
        look(other)
        row = run.row
        assert (row.owner, thief.begun.is_set()) == (right._engine.owner, False)
        shop.door.set()
        assert run.wait(WAIT_S).status == "SUCCEEDED"
        assert [call.attempt for call in run.invocations()] == [1]


def test_whose_clock_is_wrong_is_not_robbed_either(
    postgres_url: str, wrong: WrongClock, tmp_path: Path
) -> None:
    with (
        wfnb.open(tmp_path, store=postgres_url, clock=wrong) as other,
        wfnb.open(tmp_path, store=postgres_url) as right,
    ):
        shop, thief = Shop(other), Shop(right)
        run = other.start("w")
        assert shop.begun.wait(WAIT_S)
        look(right)
        assert (run.row.owner, thief.begun.is_set()) == (other._engine.owner, False)
        shop.door.set()
        assert run.wait(WAIT_S).status == "SUCCEEDED"


def test_a_hold_of_whose_clock_is_wrong_holds_and_is_listed(
    postgres_url: str, wrong: WrongClock, tmp_path: Path
) -> None:
    with wfnb.open(tmp_path, store=postgres_url, clock=wrong, drive=False, actor="ann") as other:
        shop = Shop(other)
        shop.door.set()
        run = other.start("w").hold("looking")
        with wfnb.open(tmp_path, store=postgres_url) as right:
            Shop(right).door.set()
            look(right)
            assert ([row.state for row in right.holds()], run.row.owner, shop.begun.is_set()) == (
                ["stands"],
                None,
                False,
            )
            run.release()
            until(lambda: run.row.over)
        assert run.status == "SUCCEEDED"
