"""``wfnb tour``: process the sample mailbox, then open the tour notebooks."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

import wfnb
from wfnb.cli.app import app, console, emit
from wfnb.cli.commands import process_mailbox
from wfnb.cli.notebooks import execute_notebook
from wfnb.errors import MissingExtraError
from wfnb.share import shared

__all__ = ["TOUR_CLOCK", "TOUR_SEED"]

TOUR_CLOCK = "2026-01-05T09:00:00Z"
"""Simulated start of the tour; the notebooks open their workspace with the same."""
TOUR_SEED = 7
"""Seed of the tour; the notebooks open their workspace with the same."""


@app.command()
def tour(
    folder: Annotated[Path, typer.Option(help="Folder that the tour is set up in.")] = Path("wfnb-tour"),
    browser: Annotated[
        bool, typer.Option(help="Open JupyterLab; without it the notebooks are executed headless.")
    ] = True,
) -> None:
    """Process the sample mailbox, show its runs, and open the tour in JupyterLab."""
    _set_up(folder)
    workspace = folder / "workspaces" / "mail"
    workspace.parent.mkdir(exist_ok=True)
    console.print(f"[bold]1.[/] Processing the sample mailbox in {workspace} …")
    with wfnb.open(workspace, clock=TOUR_CLOCK, seed=TOUR_SEED) as ws:
        rows = process_mailbox(ws, folder / "mailbox")
        emit([vars(row) for row in rows], rows.columns, as_json=False, title=f"{len(rows)} messages")
        console.print(repr(ws), markup=False, soft_wrap=True)
    if browser and os.environ.get("TOUR_BROWSER") != "0":
        _open_lab(folder)
    else:
        _execute(folder)


def _set_up(folder: Path) -> None:
    """Copy notebooks and mailbox; notebooks that are there already are somebody's work and stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(shared("notebooks").glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copy(notebook, folder / notebook.name)
    shutil.copytree(shared("data") / "mailbox", folder / "mailbox", dirs_exist_ok=True)


def _execute(folder: Path) -> None:
    notebooks = sorted(folder.glob("[0-9]*.ipynb"))
    console.print(f"[bold]2.[/] Executing {len(notebooks)} notebooks …")
    for number, path in enumerate(notebooks, 1):
        execute_notebook(path, folder)
        console.print(f"   {number}/{len(notebooks)} {path.name}: ok")


def _open_lab(folder: Path) -> None:
    try:
        import jupyterlab  # noqa: F401 - only whether it is there
        import nbformat
        from nbformat.sign import NotebookNotary
    except ImportError:
        raise MissingExtraError(
            "The tour needs JupyterLab.", hint='Install it with: pip install "wfnb[lab]"'
        ) from None
    notary = NotebookNotary()  # type: ignore[no-untyped-call]  # nbformat has no types
    for path in folder.glob("*.ipynb"):
        notary.sign(nbformat.read(path, as_version=4))  # type: ignore[no-untyped-call]  # nbformat has no types
    port, token = _free_port(), secrets.token_hex(16)
    url = f"http://127.0.0.1:{port}/lab/tree/00_tour.ipynb?token={token}"
    console.print("[bold]2.[/] The tour is at")
    console.print(url, soft_wrap=True, markup=False)
    console.print("   Ctrl-C ends it.")
    console.file.flush()
    command = [
        sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}", "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
        "--LabApp.default_url=/lab/tree/00_tour.ipynb", "--log-level=WARN",
    ]  # fmt: skip
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    try:
        subprocess.run(command, check=False)  # noqa: S603 - our own interpreter, and nothing from outside in the arguments
    except KeyboardInterrupt:
        console.print("The tour has ended.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
