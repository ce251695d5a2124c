"""Kill -9 while the sample mailbox is processed: no message is lost, and nothing is applied twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from processes import told
from proof.effort import count

KILLS = count("KILLS", short=100, long=10_000)  # those of workers count 200 on a file and on a server


@pytest.mark.behaviour(72, 154)
@pytest.mark.crash
@pytest.mark.timeout(36_000 if KILLS > 200 else 900)
def test_killed_workers_lose_nothing_and_apply_nothing_twice(note: Callable[..., None]) -> None:
    report = told("crash.mailbox_killer", KILLS, 20260105)
    assert report["kills"] >= KILLS
    assert report["golden"]["open"] == 0
    assert report["wrong"] == []
    assert report["performed_again"] > 0, "no kill fell between acting and noting it: the test proves nothing"
    note(
        "R2, a mailbox",
        kills=report["kills"],
        rounds=report["rounds"],
        performed_again=report["performed_again"],
        wrong=0,
    )
