"""Kill -9 and stop workers: nothing is lost, nothing is done twice, and what sleeps too long changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
KILLS = int(os.environ.get("WFNB_KILLS", "200"))
MANY = KILLS > 200

pytestmark = [pytest.mark.crash, pytest.mark.timeout(7_200 if MANY else 900)]


def run(module: str, *words: object) -> Any:
    """A process of its own, because it forks."""
    command = [sys.executable, "-m", module, *map(str, words)]
    with subprocess.Popen(
        command, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            said, errors = process.communicate()
        finally:
            with suppress(
                ProcessLookupError
            ):  # workers that a failure has left behind, also those that sleep
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, errors[-3000:]
    return json.loads(said)


def assert_right(found: dict[str, Any], runs: int) -> None:
    """Every run ended well, and the ledger holds each entry once."""
    assert (found["lost"], found["unexpected"], found["twice"]) == (0, 0, 0), found
    assert (found["statuses"], found["runs"], found["steps"]) == (["SUCCEEDED"], runs, 3 * runs), found
    assert (found["queue"], found.get("integrity", "ok"), set(found["endings"])) == (0, "ok", {0}), found


def test_workers_that_are_killed_lose_nothing_and_do_nothing_twice() -> None:
    rounds = run("crash.worker_killer", KILLS, 20260105, 2, 60, 0, 40)
    for found in rounds:
        assert_right(found, 60)
    assert sum(found["kills"] for found in rounds) >= KILLS
    again = sum(found["asked_again"] for found in rounds)
    assert again > 0, "no kill fell between acting and noting it: the test proves nothing"


@pytest.mark.defect("D-10")
def test_eight_workers_share_a_queue_while_one_of_them_is_killed_again_and_again() -> None:
    runs, between_ms = (1_000, 1_000) if MANY else (160, 300)
    (found,) = run("crash.worker_killer", 0, 7, 8, runs, between_ms, between_ms)
    assert_right(found, runs)
    assert found["kills"] > 0


def test_workers_on_a_server_are_killed_while_they_share_a_queue(postgres_url: str) -> None:
    runs, between_ms = (1_000, 1_000) if MANY else (60, 200)
    (found,) = run("crash.worker_killer", 0, 7, 4, runs, between_ms, between_ms, postgres_url)
    assert_right(found, runs)
    assert found["kills"] > 0


def test_a_worker_that_slept_longer_than_its_lease_changes_nothing() -> None:
    found = run("crash.sleeper")
    assert found["taken_over"] > 0
    assert_right(found, 40)
