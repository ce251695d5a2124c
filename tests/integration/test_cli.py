"""The command line, as people type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wfnb.maildesk.inbox import sample_mailbox

HELLO = "id: hello\nname: Hello\nsteps:\n  - id: greet\n    type: transform.assign\n    config: {assign: {vars.text: {$expr: \"'Hello ' & payload.name\"}, vars.name: {$expr: payload.name}}}\n"


def wfnb(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wfnb", *words]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **env}
    )


def as_json(*words: str, cwd: Path) -> Any:
    result = wfnb(*words, "--json", cwd=cwd)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_run_show_and_list_a_workflow_file(tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(HELLO)
    shown = as_json("run", "hello.yaml", "--payload", '{"name": "Ann"}', cwd=tmp_path)
    assert (shown["status"], shown["envelope"]["vars"]) == ("SUCCEEDED", {"text": "Hello Ann", "name": "Ann"})
    (row,) = as_json("runs", cwd=tmp_path)
    assert row["run"] == shown["id"]
    result = wfnb("show", shown["id"], "--picture", "run.svg", cwd=tmp_path)
    assert result.returncode == 0
    assert "greet" in result.stdout
    assert (tmp_path / "run.svg").read_text().startswith("<svg")


def test_metrics_are_text_for_a_scraper(tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(HELLO)
    as_json("run", "hello.yaml", "--payload", '{"name": "Ann"}', cwd=tmp_path)
    result = wfnb("metrics", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert 'wfnb_runs_succeeded_total{version="1",workflow="hello"} 1.0\n' in result.stdout
    assert result.stdout.endswith("# EOF\n")


def test_a_run_that_fails_gives_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(HELLO)
    result = wfnb("run", "hello.yaml", cwd=tmp_path)
    assert result.returncode == 1
    assert "payload.name" in result.stdout


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("broken.json", '{"id": ', "BROKEN_JSON"),
        ("broken.yaml", "a: [", "BROKEN_YAML"),
        (
            "other.yaml",
            "id: x\nname: X\nsteps:\n  - {id: a, type: state.sett, config: {state: X}}\n",
            "UNKNOWN_NODE_TYPE",
        ),
    ],
)
def test_a_bad_file_gives_one_clear_sentence(tmp_path: Path, name: str, content: str, code: str) -> None:
    (tmp_path / name).write_text(content)
    result = wfnb("run", name, cwd=tmp_path)
    assert result.returncode == 1
    assert code in result.stderr
    assert "Traceback" not in result.stderr


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    result = wfnb("show", "nope", cwd=tmp_path)
    assert result.returncode == 1
    assert "There is no run nope" in result.stderr
    result = wfnb("run", "no-such-mailbox", cwd=tmp_path)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr


def test_run_processes_a_mailbox_twice_without_doubles(tmp_path: Path) -> None:
    first = as_json("run", str(sample_mailbox()), cwd=tmp_path)
    assert len(first) == 30
    assert as_json("run", str(sample_mailbox()), cwd=tmp_path) == first


def test_notebooks_are_cleaned_of_widget_state(tmp_path: Path) -> None:
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "x"}
    output = {"output_type": "display_data", "data": view, "metadata": {}}
    cell = {"cell_type": "code", "source": "", "metadata": {}, "execution_count": 1, "outputs": [output]}
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"widgets": {"state": {}}}, "cells": [cell]}
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(book))
    assert wfnb("nb", "clean", "--check", "a.ipynb", cwd=tmp_path).returncode == 1
    assert wfnb("nb", "clean", "a.ipynb", cwd=tmp_path).returncode == 0
    assert wfnb("nb", "clean", "--check", ".", cwd=tmp_path).returncode == 0
    cleaned = json.loads(path.read_text())
    assert "widgets" not in cleaned["metadata"]
    assert cleaned["cells"][0]["outputs"][0]["data"] == {"text/plain": "x"}
