"""Kill -9 while the sample mailbox is processed: no message is lost, and nothing is applied twice."""

from __future__ import annotations

import os

import pytest

from processes import told

KILLS = int(os.environ.get("WFNB_KILLS", "200"))


@pytest.mark.behaviour(72, 154)
@pytest.mark.crash
@pytest.mark.timeout(900)
def test_killed_workers_lose_nothing_and_apply_nothing_twice() -> None:
    report = told("crash.mailbox_killer", KILLS, 20260105)
    assert report["kills"] >= KILLS
    assert report["golden"]["open"] == 0
    assert report["wrong"] == []
    assert report["performed_again"] > 0, "no kill fell between acting and noting it: the test proves nothing"
