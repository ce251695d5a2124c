"""``wfnb resync``: text, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wfnb.cli.main import app

YAML = "id: hello\nname: Hello\nsteps:\n  - {id: done, type: control.return}\n"


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WFNB_HOME", str(tmp_path_factory.mktemp("home")))


def test_what_changed_is_told_and_a_broken_file_is_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "hello.workflow.yaml").write_text(YAML)
    first = CliRunner().invoke(app, ["resync", "-w", str(tmp_path)])
    assert (first.exit_code, first.output) == (0, "<Resync 1: 1 new>\n")
    (tmp_path / "hello.workflow.yaml").write_text("id: [")
    second = CliRunner().invoke(app, ["resync", "-w", str(tmp_path), "--json"])
    told = json.loads(second.output)
    assert (second.exit_code, told["success"], told["summary"]["errors"]) == (1, False, 1)
    assert told["workflows"]["errors"][0]["path"] == "hello.workflow.yaml"
