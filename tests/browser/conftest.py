"""A real JupyterLab and a real browser, both shared by the whole test run and cut off from the network and from the user's settings."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

TOKEN = "browser-test"
expect.set_options(timeout=20_000)  # two cores, shared with other tests: slow is not broken
BROWSERS = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")

# A notebook counts as ready when its document is loaded and its kernel has answered; the indicator alone is idle earlier.
READY = """() => {
    const widget = window.jupyterapp?.shell?.currentWidget;
    return Boolean(widget?.context?.isReady && widget.context.sessionContext?.session?.kernel?.status === 'idle');
}"""

expect.set_options(timeout=30_000)  # a busy machine is slow, not broken


@dataclass
class Lab:
    """A running JupyterLab."""

    url: str
    folder: Path
    env: dict[str, str]

    def execute(self, notebook: Path) -> None:
        """Run a notebook without a browser, keep what its widgets store, and mark it as trusted here."""
        run = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", notebook]
        trust = [sys.executable, "-m", "jupyter", "trust", notebook]
        for command in (run, trust):
            ended = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
            assert ended.returncode == 0, ended.stderr

    def notebook(self, name: str, *cells: str) -> Path:
        """Write a notebook of code cells."""
        book = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(text, id=f"cell-{index}") for index, text in enumerate(cells)],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        path = self.folder / name
        nbformat.write(book, path)
        return path


@dataclass
class Visitor:
    """A page in the browser, with everything it asked for."""

    page: Page
    lab: Lab
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, notebook: Path, app: str = "lab/tree") -> None:
        """Open a notebook and wait for its kernel."""
        self.page.goto(f"{self.lab.url}/{app}/{notebook.name}?reset&token={TOKEN}")
        self.page.wait_for_function(READY, timeout=90_000)

    def command(self, name: str) -> None:
        """Execute a command of JupyterLab. Awaiting it inside the page can hang, so the page is only asked to note the end."""
        script = "name => { window.__done = false; window.jupyterapp.commands.execute(name).then(() => { window.__done = true; }); }"
        self.page.evaluate(script, name)
        self.page.wait_for_function("() => window.__done", timeout=60_000)

    def outside(self) -> list[str]:
        """Requests that left this machine."""
        inside = (self.lab.url, self.lab.url.replace("http", "ws"), "data:", "blob:", "about:")
        return [url for url in self.requests if not url.startswith(inside)]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    env = _environment(folder)
    server = _start(folder, notebooks, port := _free_port(), env)
    try:
        _wait_until_up(server, folder / "lab.log", f"http://127.0.0.1:{port}")
        yield Lab(f"http://127.0.0.1:{port}", notebooks, env)
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(folder: Path) -> dict[str, str]:
    """Settings, trust and history of their own; the user's are neither read nor changed."""
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet), encoding="utf-8")
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTER_DATA_DIR": "data",
        "IPYTHONDIR": "ipython",
    }
    tests = str(Path(__file__).parents[1])
    return {
        **os.environ,
        **{name: str(folder / place) for name, place in places.items()},
        "JUPYTER_ALLOW_INSECURE_WRITES": "1",  # container file systems do not know all permissions
        "PYTHONPATH": os.pathsep.join([tests, *filter(None, [os.environ.get("PYTHONPATH")])]),
    }


def _start(folder: Path, notebooks: Path, port: int, env: dict[str, str]) -> subprocess.Popen[bytes]:
    with (folder / "lab.log").open("wb") as log:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
                *(f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={notebooks}"),
                "--LabApp.expose_app_in_browser=True",
                "--JupyterNotebookApp.expose_app_in_browser=True",
            ],
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until_up(server: subprocess.Popen[bytes], log: Path, url: str) -> None:
    for _ in range(900):
        try:
            urllib.request.urlopen(f"{url}/api/status?token={TOKEN}", timeout=5).close()  # noqa: S310 - our own server
        except (urllib.error.URLError, OSError):
            assert server.poll() is None, f"JupyterLab ended:\n{log.read_text(encoding='utf-8')}"
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"JupyterLab did not answer:\n{log.read_text(encoding='utf-8')}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.fail(
            "Browser tests need Chromium: install it (Debian: apt-get install chromium).", pytrace=False
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def visitor(lab: Lab, chromium: Browser) -> Iterator[Visitor]:
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(20_000)
    visitor = Visitor(page, lab)
    page.on("request", lambda request: visitor.requests.append(request.url))
    page.on("pageerror", lambda error: visitor.errors.append(str(error)))
    yield visitor
    context.close()


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Everything in this folder drives a browser."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
