"""Kill -9 whoever drives forks: those on record touch nothing outside, live ones do everything once."""

from __future__ import annotations

import pytest

from processes import told

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]


def prove(seed: int, *facts: int, server: str | None = None) -> None:
    """Every fork ended well; the ledger holds what the origin did, and that again for every live fork, and nothing else.

    Again with other moments, should nobody have been killed while driving: such a round proves nothing.
    """
    for tried in range(5):
        place = () if server is None else (f"{server}_{tried}",)  # a schema of its own for every round
        found = told("crash.fork_killer", seed + tried, *facts, *place)
        assert (found["statuses"], found["wrong"], found["first"]) == (["SUCCEEDED"], {}, 37), found
        assert (found["sources"], len(found["steps"])) == (["recorded"], 1), found
        if found["taken_over"] > 0:
            return
    pytest.fail("nobody was killed while driving: the test proves nothing")


def test_forks_on_record_leave_the_ledger_alone_and_live_ones_do_each_deed_once() -> None:
    prove(20260105, 12, 4, 4)


def test_forks_on_a_server_are_driven_on_by_other_workers(postgres_url: str) -> None:
    prove(7, 6, 2, 2, server=postgres_url)
