"""Kill -9 whoever drives forks: those on record touch nothing outside, live ones do everything once."""

from __future__ import annotations

from typing import Any

import pytest

from processes import told

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]


def assert_right(found: dict[str, Any]) -> None:
    """Every fork ended well; the ledger holds what the origin did, and that again for every live fork, and nothing else."""
    assert (found["statuses"], found["wrong"], found["first"]) == (["SUCCEEDED"], {}, 37), found
    assert (found["sources"], len(found["steps"])) == (["recorded"], 1), found
    assert found["taken_over"] > 0, "nobody was killed while driving: the test proves nothing"


def test_forks_on_record_leave_the_ledger_alone_and_live_ones_do_each_deed_once() -> None:
    assert_right(told("crash.fork_killer", 20260105, 12, 4, 4))


def test_forks_on_a_server_are_driven_on_by_other_workers(postgres_url: str) -> None:
    assert_right(told("crash.fork_killer", 7, 6, 2, 2, postgres_url))
