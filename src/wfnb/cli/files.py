"""``wfnb resync``: let the published definitions follow the files of the folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import wfnb
from wfnb.cli.app import Workspace, app

__all__ = ["resync"]


@app.command()
def resync(
    workspace: Workspace = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
) -> None:
    """Read the workflow files of the folder anew; exit code 1 when one of them cannot be used."""
    with wfnb.open(workspace) as ws:
        done = ws.resync()
    if as_json:
        lists = {name: [asdict(file) for file in getattr(done, name)] for name in _LISTS}
        facts = {"unchanged": done.unchanged, "generation": done.generation, "workflows": lists}
        typer.echo(json.dumps({"success": not done.errors, "summary": done.summary, **facts}))
    else:
        typer.echo(repr(done))
    if done.errors:
        raise typer.Exit(1)


_LISTS = ("new", "updated", "archived", "errors")
