"""``wfnb backtest``: what a version makes of the runs there were."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import wfnb
from wfnb.backtested import CauseRow, bar
from wfnb.cli.app import AsJson, Workspace, app, emit
from wfnb.cli.apps import load_app

__all__ = ["backtest"]


@app.command()
def backtest(
    workflow: Annotated[str, typer.Argument(help="Id of a published workflow.")],
    *,
    workspace: Workspace = Path(),
    version: Annotated[int | None, typer.Option(help="The version; the latest one without it.")] = None,
    definition: Annotated[
        Path | None, typer.Option(help="A file that need not be published, instead.")
    ] = None,
    newest: Annotated[int | None, typer.Option(min=1, help="Only so many of the newest runs.")] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="Replay in so many processes.")] = None,
    app_name: Annotated[
        str | None, typer.Option("--app", help="module:function that registers actions.")
    ] = None,
    app_dir: Annotated[Path | None, typer.Option(help="Folder to import the app from.")] = None,
    store: Annotated[
        str | None, typer.Option(help="URL of the store; SQLite in the folder without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay the runs of a workflow against a version; exit code 1 when one of them goes another way."""
    register = load_app(app_name, app_dir) if app_name else None
    with wfnb.open(workspace, store=store, drive=False) as ws:
        if register is not None:
            register(ws)
        found = ws.backtest(
            workflow, version, definition=definition, runs=newest, processes=processes, progress=bar
        )
        told = ", ".join(f"{count:,} {name}" for name, count in found.counts.items() if count)
        columns = tuple(CauseRow.__dataclass_fields__)
        emit(
            [vars(row) for row in found.causes],
            columns,
            as_json=as_json,
            title=f"{found.total:,} runs: {told}",
        )
    if not found.identical:
        raise typer.Exit(1)
