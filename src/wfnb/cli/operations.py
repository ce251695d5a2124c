"""``wfnb metrics``: what a scraper asks for, on standard output."""

from __future__ import annotations

from pathlib import Path

import typer

import wfnb
from wfnb.cli.app import Workspace, app

__all__ = ["metrics"]


@app.command()
def metrics(workspace: Workspace = Path()) -> None:
    """Print the metrics of all runs as OpenMetrics text."""
    with wfnb.open(workspace) as ws:
        typer.echo(ws.metrics(), nl=False)
