"""What a store has acknowledged is still there after its process was killed in the middle of something."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from processes import told

KILLS = int(os.environ.get("WFNB_KILLS", "200"))

pytestmark = [pytest.mark.crash, pytest.mark.timeout(7_200 if KILLS > 200 else 900)]


def test_acknowledged_commits_survive_a_kill(tmp_path: Path) -> None:
    found = told("crash.store_killer", KILLS, 7, tmp_path / "state.sqlite")
    assert found["acknowledged"] > KILLS, "the victims were killed before they had done anything"
    assert found["integrity"] == "ok"


def test_acknowledged_commits_survive_a_kill_on_a_server(postgres_url: str) -> None:
    assert told("crash.store_killer", KILLS, 7, postgres_url)["acknowledged"] > KILLS
