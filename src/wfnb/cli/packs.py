"""``wfnb pack`` and ``wfnb unpack``: a run in one file, and what is in such a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import wfnb
from wfnb.cli.app import AsJson, Workspace, app, emit, json_text
from wfnb.security.escape import visible

__all__ = ["COMMANDS"]


@app.command()
def pack(
    run_id: Annotated[str, typer.Argument(help="Id of a run.")],
    workspace: Workspace = Path(),
    output: Annotated[Path | None, typer.Option(help="The file; RUN_ID.wfnb without it.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
) -> None:
    """Write a run into one file, without secrets, that opens on any machine."""
    with wfnb.open(workspace, drive=False) as ws:
        typer.echo(str(ws.pack(run_id, output, overwrite=overwrite)))


@app.command()
def unpack(
    file: Annotated[Path, typer.Argument(help="A file that wfnb pack wrote.")], as_json: AsJson = False
) -> None:
    """Show a packed run: how it ended, its steps, and whether it replays as it went."""
    with wfnb.open(store="memory", drive=False) as ws, ws.unpack(file) as packed:
        run, replay = packed.run, packed.run.replay()
        steps = [vars(step) for step in run.steps()]
        if as_json:
            facts = {"id": run.id, "workflow": run.workflow, "version": run.version, "status": run.status}
            facts |= {"error": run.error, "envelope": run.envelope, "identical": replay.identical}
            typer.echo(json_text({**facts, "missing": packed.missing, "steps": steps}))
            return
        columns = ("seq", "id", "type", "status", "attempt", "branch", "duration_ms")
        emit(steps, columns, as_json=False, title=visible(repr(packed)))
        if run.error:
            typer.echo(visible(f"error: {run.error['message']}"))
        typer.echo(visible(repr(replay)))


COMMANDS = (pack, unpack)
"""Both; importing this module registers them."""
