"""The entry point of ``wfnb``: registers the commands and turns typed errors into one sentence and exit code 1."""

from __future__ import annotations

import sys

import typer

from wfnb.cli import backtests, commands, files, holds, notebooks, operations, packs, tour, workers
from wfnb.cli.app import app
from wfnb.errors import WfnbError
from wfnb.security.escape import visible

__all__ = ["main"]

COMMANDS = (
    tour.tour,
    commands.run,
    commands.runs,
    commands.show,
    files.resync,
    backtests.backtest,
    operations.metrics,
    *workers.COMMANDS,
    *holds.COMMANDS,
    *packs.COMMANDS,
    notebooks.clean,
)
"""Every command; importing their modules registers them."""


def main() -> None:
    """Run a command."""
    try:
        app()
    except WfnbError as error:
        typer.echo(visible(f"wfnb: {error}"), err=True)
        sys.exit(1)
