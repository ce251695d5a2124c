"""A real JupyterLab and a real browser, both shared by the whole test run and cut off from the network and from the user's settings."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

TOKEN = "browser-test"
# Two cores, shared with other tests: slow is not broken. A wait ends as soon as what it waits for is there, so a long
# one costs time only where something is really broken.
PATIENCE_MS = 90_000
START_MS = 180_000  # JupyterLab, a page of it, a kernel, a whole notebook
TEST_S = 900
expect.set_options(timeout=PATIENCE_MS)
BROWSERS = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")

# Notes how and when a command ends. Awaiting the command itself inside the page can hang.
COMMAND = """name => {
    const ended = (how) => { window.__ended = how; window.__ended_at = performance.now(); };
    window.__ended = undefined;
    window.jupyterapp.commands.execute(name).then(() => ended('done'), (error) => ended(String(error)));
}"""

# A notebook counts as ready when its document is loaded and its kernel has answered; the indicator alone is idle earlier.
READY = """() => {
    const widget = window.jupyterapp?.shell?.currentWidget;
    return Boolean(widget?.context?.isReady && widget.context.sessionContext?.session?.kernel?.status === 'idle');
}"""


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

    def stop_kernels(self) -> None:
        """End every session, so that a test does not share the machine with the kernels of those before it."""
        with self._ask("GET", "/api/sessions") as answer:
            sessions = json.load(answer)
        for session in sessions:
            self._ask("DELETE", f"/api/sessions/{session['id']}").close()

    def _ask(self, method: str, path: str) -> Any:
        headers = {"Authorization": f"token {TOKEN}"}
        request = urllib.request.Request(f"{self.url}{path}", headers=headers, method=method)  # noqa: S310 - our own server
        return urllib.request.urlopen(request, timeout=PATIENCE_MS / 1000)  # noqa: S310 - our own server

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
        self.page.goto(f"{self.lab.url}/{app}/{notebook.name}?reset&token={TOKEN}", timeout=START_MS)
        self.page.wait_for_function(READY, timeout=START_MS)

    def command(self, name: str) -> None:
        """Execute a command of JupyterLab and wait for its end."""
        self.page.evaluate(COMMAND, name)
        ended = self.page.wait_for_function("() => window.__ended", timeout=START_MS)
        assert ended.json_value() == "done", f"{name}: {ended.json_value()}"

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
    server = _start(folder, notebooks, _free_port(), env)
    try:
        yield Lab(_address(server, folder), notebooks, env)
    finally:
        server.terminate()
        try:
            server.wait(60)
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
                *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"),
                *(f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={notebooks}"),
                "--LabApp.expose_app_in_browser=True",
                "--JupyterNotebookApp.expose_app_in_browser=True",
            ],
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _address(server: subprocess.Popen[bytes], folder: Path) -> str:
    """Where the server answers. It says so itself: the port that was free may have been taken until it was up."""
    log, deadline = folder / "lab.log", time.monotonic() + START_MS / 1000
    while time.monotonic() < deadline:
        try:
            told = (folder / "runtime" / f"jpserver-{server.pid}.json").read_text(encoding="utf-8")
            url = str(json.loads(told)["url"]).rstrip("/")
            urllib.request.urlopen(f"{url}/api/status?token={TOKEN}", timeout=30).close()  # noqa: S310 - our own server
        except (OSError, ValueError):  # no address, half of it, or nobody there yet
            assert server.poll() is None, f"JupyterLab ended:\n{log.read_text(encoding='utf-8')}"
            time.sleep(0.1)
        else:
            return url
    pytest.fail(f"JupyterLab did not answer:\n{log.read_text(encoding='utf-8')}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser. Its driver runs an event loop in this thread, so it ends with the module: other tests run loops of their own."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.fail(
            "Browser tests need Chromium: install it (Debian: apt-get install chromium).", pytrace=False
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
            timeout=START_MS,
        )
        yield browser
        browser.close()


@pytest.fixture
def visitor(lab: Lab, chromium: Browser) -> Iterator[Visitor]:
    with visiting(lab, chromium) as visitor:
        yield visitor


@contextmanager
def visiting(lab: Lab, chromium: Browser) -> Iterator[Visitor]:
    """A page of its own; the kernels that it started end with it."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    visitor = Visitor(page, lab)
    page.on("request", lambda request: visitor.requests.append(request.url))
    page.on("pageerror", lambda error: visitor.errors.append(str(error)))
    try:
        yield visitor
    finally:
        context.close()
        lab.stop_kernels()


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Everything in this folder drives a browser, and on a busy machine that takes its time."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(TEST_S))
