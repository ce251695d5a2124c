"""Kill -9 while the sample mailbox is processed: no message is lost, and nothing is applied twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("WFNB_KILLS", "200"))


@pytest.mark.behaviour(72, 154)
@pytest.mark.crash
@pytest.mark.timeout(900)
def test_killed_workers_lose_nothing_and_apply_nothing_twice() -> None:
    command = [sys.executable, "-m", "tests.crash.mailbox_killer", str(KILLS), "20260105"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=850, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    report = json.loads(result.stdout)
    assert report["kills"] >= KILLS
    assert report["golden"]["open"] == 0
    assert report["wrong"] == []
    assert report["performed_again"] > 0, "no kill fell between acting and noting it: the test proves nothing"
