"""``wfnb hold``, ``wfnb holds`` and ``wfnb release``: from one process to the next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import wfnb
from wfnb.cli.app import app
from wfnb.cli.main import COMMANDS

STEPS = [{"id": "done", "type": "control.return"}]


@pytest.fixture
def run_id(tmp_path: Path) -> str:
    assert COMMANDS  # they are registered
    with wfnb.open(tmp_path, drive=False) as ws:
        assert ws.publish({"id": "w", "name": "W", "steps": STEPS}).ok
        return ws.start("w").id


def say(*words: str | Path) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_run_is_held_listed_and_released(run_id: str, tmp_path: Path) -> None:
    said = say("hold", run_id, "-w", tmp_path, "--reason", "deploying", "--minutes", "5", "--actor", "ann")
    assert said == f"{run_id} stands still for 5 minutes.\n"
    (listed,) = json.loads(say("holds", "-w", tmp_path, "--json"))
    assert (listed["run"], listed["state"], listed["held_by"], listed["reason"]) == (
        run_id,
        "stands",
        ["ann"],
        "deploying",
    )
    assert say("release", run_id, "-w", tmp_path, "--actor", "ben") == f"{run_id} is still held by ann.\n"
    assert say("release", run_id, "-w", tmp_path, "--actor", "ann") == f"{run_id} goes on.\n"
    assert json.loads(say("holds", "-w", tmp_path, "--json")) == []


def test_everybodys_hold_is_ended_with_a_reason(run_id: str, tmp_path: Path) -> None:
    say("hold", run_id, "-w", tmp_path, "--reason", "deploying", "--actor", "ann")
    with pytest.raises(wfnb.ValidationError) as caught:
        say("release", run_id, "-w", tmp_path, "--everybody")
    assert caught.value.code == "REASON_MISSING"
    assert say("release", run_id, "-w", tmp_path, "--everybody", "--reason", "ann has gone home").endswith(
        "goes on.\n"
    )
    with wfnb.open(tmp_path) as ws:
        assert ws.run(run_id).wait(60).status == "SUCCEEDED"
