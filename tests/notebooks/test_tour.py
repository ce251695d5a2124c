"""``wfnb tour``: everything is set up in one go, and JupyterLab answers at the address that is printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from processes import Processes

TOUR = [sys.executable, "-m", "wfnb", "tour"]
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PATIENCE_S = 400  # two cores, shared with other tests: slow is not broken

pytestmark = pytest.mark.timeout(2 * PATIENCE_S + 100)


def test_the_tour_runs_without_a_browser(tmp_path: Path) -> None:
    env = {**os.environ, "TOUR_BROWSER": "0"}
    ended = subprocess.run(
        TOUR, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert "26-very-long-subject.eml" in ended.stdout
    assert ended.stdout.count(": ok") == len(list(NOTEBOOKS.glob("[0-9]*.ipynb")))
    again = subprocess.run(
        [*TOUR, "--no-browser"], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert again.returncode == 0
    assert "28 runs" in again.stdout


def test_the_tour_opens_in_jupyterlab(tmp_path: Path) -> None:
    env = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
    }
    with Processes() as processes:
        process = processes.start(
            *TOUR, "--folder", "here", cwd=tmp_path, env={**env, "BROWSER": "true"}, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        said = ""
        while not (found := re.search(r"http://\S+\n", said)):
            line = process.stdout.readline()
            assert line, f"The tour ended without an address:\n{said}"
            said += line
        url = found[0].strip()
        assert "/lab/tree/00_tour.ipynb?token=" in url
        base, token = url.split("/lab/")[0], url.split("token=")[1]
        content = _get(f"{base}/api/contents/00_tour.ipynb?content=0&token={token}")
        assert json.loads(content)["name"] == "00_tour.ipynb"


def _get(url: str) -> bytes:
    """Ask until the server is up; it is started when its address is printed."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own server
                return bytes(answer.read())
        except OSError:
            assert time.monotonic() < deadline, "JupyterLab did not answer."
            time.sleep(0.1)
