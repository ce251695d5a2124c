"""``wfnb tour``: everything is set up in one go, and JupyterLab answers at the address that is printed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

TOUR = [sys.executable, "-m", "wfnb", "tour"]


def test_the_tour_runs_without_a_browser(tmp_path: Path) -> None:
    env = {**os.environ, "TOUR_BROWSER": "0"}
    ended = subprocess.run(
        TOUR, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=250, check=False
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert "26-very-long-subject.eml" in ended.stdout
    assert ended.stdout.count(": ok") == 4
    again = subprocess.run(
        [*TOUR, "--no-browser"], cwd=tmp_path, capture_output=True, text=True, timeout=250, check=False
    )
    assert again.returncode == 0
    assert "28 runs" in again.stdout


def test_the_tour_opens_in_jupyterlab(tmp_path: Path) -> None:
    env = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
    }
    with subprocess.Popen(
        [*TOUR, "--folder", "here"], cwd=tmp_path, env={**env, "BROWSER": "true"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            url = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
            assert "/lab/tree/00_tour.ipynb?token=" in url
            base, token = url.split("/lab/")[0], url.split("token=")[1].strip()
            content = _get(f"{base}/api/contents/00_tour.ipynb?content=0&token={token}")
            assert json.loads(content)["name"] == "00_tour.ipynb"
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def _get(url: str) -> bytes:
    """Ask until the server is up; it is started when its address is printed."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
                return bytes(answer.read())
        except OSError:
            subprocess.run(["sleep", "0.1"], check=True)
    raise AssertionError("JupyterLab did not answer")
