"""Kill -9 and stop workers: nothing is lost, nothing is done twice, and what sleeps too long changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from processes import told
from proof.effort import count

KILLS = count("KILLS", short=200, long=10_000)
MANY = KILLS > 200

pytestmark = [pytest.mark.crash, pytest.mark.timeout(36_000 if MANY else 900)]


def assert_right(found: dict[str, Any], runs: int) -> None:
    """Every run ended well, and the ledger holds each entry once."""
    assert (found["lost"], found["unexpected"], found["twice"]) == (0, 0, 0), found
    assert (found["statuses"], found["runs"], found["steps"]) == (["SUCCEEDED"], runs, 3 * runs), found
    assert (found["queue"], found.get("integrity", "ok"), set(found["endings"])) == (0, "ok", {0}), found


def kill_in_rounds(kills: int, *store: str) -> dict[str, int]:
    """Kill two workers in turn while they work through queues of 60 runs; what there is to note."""
    rounds = told("crash.worker_killer", kills, 20260105, 2, 60, 0, 40, *store)
    for found in rounds:
        assert_right(found, 60)
    assert sum(found["kills"] for found in rounds) >= kills
    again = sum(found["asked_again"] for found in rounds)
    assert again > 0, "no kill fell between acting and noting it: the test proves nothing"
    return {"kills": kills, "runs": 60 * len(rounds), "asked_again": again, "lost": 0, "twice": 0}


def test_workers_that_are_killed_lose_nothing_and_do_nothing_twice(note: Callable[..., None]) -> None:
    note("R2, workers on a file", **kill_in_rounds(KILLS))


@pytest.mark.defect("D-10")
def test_eight_workers_share_a_queue_while_one_of_them_is_killed_again_and_again() -> None:
    runs, between_ms = (1_000, 1_000) if MANY else (160, 300)
    (found,) = told("crash.worker_killer", 0, 7, 8, runs, between_ms, between_ms)
    assert_right(found, runs)
    assert found["kills"] > 0


def test_workers_on_a_server_are_killed_while_they_share_a_queue(
    postgres_url: str, note: Callable[..., None]
) -> None:
    note("R2, workers on a server", **kill_in_rounds(KILLS if MANY else KILLS // 8, postgres_url))


def test_a_worker_that_slept_longer_than_its_lease_changes_nothing() -> None:
    found = told("crash.sleeper")
    assert found["taken_over"] > 0
    assert_right(found, 40)
