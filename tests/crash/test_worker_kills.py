"""Kill -9 and stop workers: nothing is lost, nothing is done twice, and what sleeps too long changes nothing."""

from __future__ import annotations

import os
from typing import Any

import pytest

from processes import told

KILLS = int(os.environ.get("WFNB_KILLS", "200"))
MANY = KILLS > 200

pytestmark = [pytest.mark.crash, pytest.mark.timeout(7_200 if MANY else 900)]


def assert_right(found: dict[str, Any], runs: int) -> None:
    """Every run ended well, and the ledger holds each entry once."""
    assert (found["lost"], found["unexpected"], found["twice"]) == (0, 0, 0), found
    assert (found["statuses"], found["runs"], found["steps"]) == (["SUCCEEDED"], runs, 3 * runs), found
    assert (found["queue"], found.get("integrity", "ok"), set(found["endings"])) == (0, "ok", {0}), found


def test_workers_that_are_killed_lose_nothing_and_do_nothing_twice() -> None:
    rounds = told("crash.worker_killer", KILLS, 20260105, 2, 60, 0, 40)
    for found in rounds:
        assert_right(found, 60)
    assert sum(found["kills"] for found in rounds) >= KILLS
    again = sum(found["asked_again"] for found in rounds)
    assert again > 0, "no kill fell between acting and noting it: the test proves nothing"


@pytest.mark.defect("D-10")
def test_eight_workers_share_a_queue_while_one_of_them_is_killed_again_and_again() -> None:
    runs, between_ms = (1_000, 1_000) if MANY else (160, 300)
    (found,) = told("crash.worker_killer", 0, 7, 8, runs, between_ms, between_ms)
    assert_right(found, runs)
    assert found["kills"] > 0


def test_workers_on_a_server_are_killed_while_they_share_a_queue(postgres_url: str) -> None:
    runs, between_ms = (1_000, 1_000) if MANY else (60, 200)
    (found,) = told("crash.worker_killer", 0, 7, 4, runs, between_ms, between_ms, postgres_url)
    assert_right(found, runs)
    assert found["kills"] > 0


def test_a_worker_that_slept_longer_than_its_lease_changes_nothing() -> None:
    found = told("crash.sleeper")
    assert found["taken_over"] > 0
    assert_right(found, 40)
