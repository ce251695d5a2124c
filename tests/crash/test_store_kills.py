"""R2. What a store has acknowledged is still there after its process was killed in the middle of something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from processes import told
from proof.effort import count

KILLS = count("KILLS", short=200, long=10_000)

pytestmark = [pytest.mark.crash, pytest.mark.timeout(36_000 if KILLS > 200 else 900)]


def test_acknowledged_commits_survive_a_kill(tmp_path: Path, note: Callable[..., None]) -> None:
    found = told("crash.store_killer", KILLS, 7, tmp_path / "state.sqlite")
    assert found["acknowledged"] > KILLS, "the victims were killed before they had done anything"
    assert found["integrity"] == "ok"
    note("R2, a store on a file", kills=KILLS, commits=found["acknowledged"], lost=0)


def test_acknowledged_commits_survive_a_kill_on_a_server(
    postgres_url: str, note: Callable[..., None]
) -> None:
    found = told("crash.store_killer", KILLS, 7, postgres_url)
    assert found["acknowledged"] > KILLS
    note("R2, a store on a server", kills=KILLS, commits=found["acknowledged"], lost=0)
