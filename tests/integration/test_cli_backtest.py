"""``wfnb backtest``, as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import wfnb


def step(text: str) -> dict[str, object]:
    return {"id": "rate", "type": "transform.assign", "config": {"assign": {"vars.high": {"$expr": text}}}}


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wfnb", "backtest", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


def test_runs_are_replayed_against_a_version_or_a_file(tmp_path: Path) -> None:
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        assert ws.publish({"id": "rating", "name": "Rating", "steps": [step("payload.n > 5")]}).ok
        for n in range(4):
            ws.start("rating", {"n": n + 4}).wait(60)
    same = cli("rating", "-w", str(tmp_path), "--json")
    assert (same.returncode, json.loads(same.stdout)) == (0, [])
    assert "100%" in same.stderr
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps({"id": "rating", "name": "Rating", "steps": [step("payload.n > 6")]}))
    other = cli("rating", "-w", str(tmp_path), "--definition", str(draft), "--json")
    assert other.returncode == 1
    assert [(row["kind"], row["runs"], row["example"]) for row in json.loads(other.stdout)] == [
        ("other value", 1, "run-0003")
    ]
    assert cli("nothing", "-w", str(tmp_path)).returncode == 1
