"""``wfnb hold``, ``wfnb release`` and ``wfnb holds``: keep a run standing, whoever drives it, and let it go on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import wfnb
from wfnb.cli.app import AsJson, Workspace, app, emit
from wfnb.hold_rows import HoldInfo
from wfnb.security.escape import visible

__all__ = ["COMMANDS"]

RunId = Annotated[str, typer.Argument(help="Id of a run.")]
Store = Annotated[str | None, typer.Option(help="URL of the store; SQLite in the folder without it.")]
Who = Annotated[str, typer.Option(help="Who holds it; stands in the audit.")]


@app.command()
def hold(
    run_id: RunId,
    *,
    reason: Annotated[str, typer.Option(help="Why; stands in the audit.")],
    workspace: Workspace = Path(),
    store: Store = None,
    minutes: Annotated[int, typer.Option(min=1, help="For how long.")] = 15,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the end of the step.")] = 30.0,
    actor: Who = "local",
) -> None:
    """Have a run stand still at the end of the step that it is in."""
    with wfnb.open(workspace, store=store, drive=False, actor=actor) as ws:
        ws.run(run_id).hold(reason, minutes=minutes, timeout=timeout)
        typer.echo(visible(f"{run_id} stands still for {minutes} minutes."))


@app.command()
def release(
    run_id: RunId,
    workspace: Workspace = Path(),
    store: Store = None,
    *,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="End the hold of everybody else, too.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help="Why; stands in the audit. Wanted with --everybody.")
    ] = None,
    actor: Who = "local",
) -> None:
    """Hold a run no longer."""
    with wfnb.open(workspace, store=store, drive=False, actor=actor) as ws:
        run = ws.run(run_id).release(reason, everybody=everybody)
        others = ", ".join(run.held_by)
        typer.echo(visible(f"{run_id} is still held by {others}." if others else f"{run_id} goes on."))


@app.command()
def holds(workspace: Workspace = Path(), store: Store = None, as_json: AsJson = False) -> None:
    """List the runs that somebody holds."""
    with wfnb.open(workspace, store=store, drive=False) as ws:
        found = ws.holds()
        emit(
            [vars(row) for row in found],
            HoldInfo.COLUMNS,
            as_json=as_json,
            title=f"{len(found)} runs are held",
        )


COMMANDS = (hold, release, holds)
"""In the order in which help lists them."""
