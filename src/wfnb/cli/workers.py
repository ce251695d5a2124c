"""``wfnb worker``, ``wfnb workers`` and ``wfnb queue``: who drives runs, and what waits for it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

import wfnb
from wfnb.cli.app import AsJson, Workspace, app, emit
from wfnb.cli.apps import load_app
from wfnb.limits import LIMITS
from wfnb.security.escape import visible
from wfnb.services.worker import Worker
from wfnb.worker_rows import Queued, WorkerInfo

__all__ = ["COMMANDS"]

Store = Annotated[str | None, typer.Option(help="URL of the store; SQLite in the folder without it.")]


@app.command()
def worker(
    *,
    app_name: Annotated[str, typer.Option("--app", help="module:function that registers actions.")],
    folder: Annotated[Path, typer.Argument(help="Folder of the workspace.")] = Path(),
    app_dir: Annotated[Path | None, typer.Option(help="Folder to import the app from.")] = None,
    store: Store = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Runs driven at once.")] = 8,
    dispatch: Annotated[
        str | None, typer.Option(help="How runs are found: lookout, or procrastinate on PostgreSQL.")
    ] = None,
    poll: Annotated[int | None, typer.Option(min=1, help="Milliseconds between two looks for runs.")] = None,
    lease: Annotated[
        int, typer.Option(min=1_000, help="Milliseconds of silence after which its runs are free.")
    ] = LIMITS.lease_ms,
    stop_within: Annotated[
        int, typer.Option(min=0, help="Milliseconds that steps under way have when it is told to stop.")
    ] = 30_000,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
) -> None:
    """Drive the runs of a workspace until SIGTERM or SIGINT; a second signal ends it at once."""
    register = load_app(app_name, app_dir)
    with wfnb.open(folder, store=store, drive=False) as ws:
        register(ws)
        made = ws.worker(
            name,
            runs=concurrency,
            dispatch=dispatch,
            poll_ms=poll,
            lease_ms=lease,
            stop_within_ms=stop_within,
            say=_say,
        )
        _obey_signals(made)
        late = made.run()
    if late:
        os._exit(0)  # the interpreter would wait for the calls under way


def _say(line: str) -> None:
    typer.echo(visible(line))


def _obey_signals(made: Worker) -> None:
    told: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if told:
            os._exit(128 + number)  # its runs are free at once: their owner is dead
        told.append(number)
        made.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


@app.command()
def workers(workspace: Workspace = Path(), store: Store = None, as_json: AsJson = False) -> None:
    """List workers: what each is doing, and when it last said so."""
    with wfnb.open(workspace, store=store, drive=False) as ws:
        found = ws.workers()
        emit([vars(row) for row in found], WorkerInfo.COLUMNS, as_json=as_json, title=f"{len(found)} workers")


@app.command()
def queue(workspace: Workspace = Path(), store: Store = None, as_json: AsJson = False) -> None:
    """Show the runs that wait for somebody to drive them, by workflow."""
    with wfnb.open(workspace, store=store, drive=False) as ws:
        found = ws.queue()
        total = sum(row.runs for row in found)
        emit([vars(row) for row in found], Queued.COLUMNS, as_json=as_json, title=f"{total} runs wait")


COMMANDS = (worker, workers, queue)
"""In the order in which help lists them."""
