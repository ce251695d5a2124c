"""Kill -9 of whoever holds a run, and of whoever performs its steps: the run ends as it should, and each effect happens once."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from processes import told

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1_800)]


def assert_right(found: dict[str, Any]) -> None:
    """The run ended well, and the ledger holds each entry once."""
    assert found["statuses"] == ["SUCCEEDED"], found
    assert (found["steps"], found["entered"], found["endings"]["other"]) == (3, [0, 1, 2], 0), found


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_a_run_goes_on_when_the_kernel_that_holds_it_is_killed(
    store: str, request: pytest.FixtureRequest
) -> None:
    url = [request.getfixturevalue("postgres_url")] if store == "postgres" else []
    rounds = told("crash.debugger_killer", "kernel", *url)
    for found in rounds:
        assert_right(found)
        assert (found["asked"], found["endings"]["worker"]) == (3, 0), found
    assert sum(found["killed"] for found in rounds) == len(rounds)


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_a_held_run_is_stepped_on_when_its_worker_is_killed(
    store: str, request: pytest.FixtureRequest
) -> None:
    url = [request.getfixturevalue("postgres_url")] if store == "postgres" else []
    rounds = told("crash.debugger_killer", "worker", *url)
    for found in rounds:
        assert_right(found)
        assert found["endings"]["kernel"] == 0, found
        assert found["endings"]["worker"] in (0, -signal.SIGKILL), found
    assert all(found["killed"] for found in rounds), rounds
    assert store == "postgres" or any(found["asked"] > 3 for found in rounds), (
        "none fell between acting and noting"
    )
