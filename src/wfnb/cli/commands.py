"""``wfnb run``, ``wfnb runs`` and ``wfnb show``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import wfnb
from wfnb.cli.app import AsJson, Workspace, app, console, emit, json_text
from wfnb.errors import DefinitionError
from wfnb.model.codec import load_text
from wfnb.security.escape import visible
from wfnb.tables import Rows

__all__ = ["process_mailbox"]

_DEFINITIONS = (".json", ".yaml", ".yml")


@app.command()
def run(
    target: Annotated[
        Path, typer.Argument(help="A workflow file (JSON or YAML), or a mailbox (folder, Maildir, mbox).")
    ],
    workspace: Workspace = Path(),
    payload: Annotated[str, typer.Option(help="Start payload as JSON, or @FILE.")] = "{}",
    key: Annotated[str | None, typer.Option(help="Start once: the same key begins no second run.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a workflow file, or the e-mail workflow on every message of a mailbox."""
    with wfnb.open(workspace) as ws:
        if target.suffix in _DEFINITIONS and target.is_file():
            _run_file(ws, target, payload, key, as_json=as_json)
            return
        rows = process_mailbox(ws, target, quiet=as_json)
        emit([vars(row) for row in rows], rows.columns, as_json=as_json, title=f"{len(rows)} messages")


def _run_file(ws: wfnb.Workspace, path: Path, payload: str, key: str | None, *, as_json: bool) -> None:
    publication = ws.publish(path)
    for finding in publication.findings:
        typer.echo(visible(str(finding)), err=True)
    if not publication.ok or publication.workflow is None:
        raise DefinitionError("The workflow has errors; nothing was started.", where=path.name)
    text = Path(payload[1:]).read_text(encoding="utf-8") if payload.startswith("@") else payload
    done = ws.start(
        publication.workflow, load_text(text, where="payload"), key=key, version=publication.version
    ).wait()
    _print_run(done, as_json=as_json)
    if done.status != "SUCCEEDED":
        raise typer.Exit(1)


def process_mailbox(ws: wfnb.Workspace, mailbox: Path, *, quiet: bool = False) -> Rows[Any]:
    """Process a mailbox with a progress bar; what `wfnb.maildesk.inbox.process` gives."""
    from wfnb.maildesk.inbox import connect, process

    desk = connect(ws)
    columns = (TextColumn("{task.description:40.40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("messages", total=None)

        def progress(name: str, done: int, total: int) -> None:
            bar.update(task, description=visible(name, 40) or "done", completed=done, total=total)

        return process(ws, desk, mailbox, progress=progress)


@app.command()
def runs(
    workspace: Workspace = Path(),
    status: Annotated[
        list[str] | None, typer.Option(help="Only this status; may be given several times.")
    ] = None,
    workflow: Annotated[str | None, typer.Option(help="Only this workflow.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first."""
    with wfnb.open(workspace) as ws:
        page = ws.runs(status, workflow, limit=limit)
        emit(
            [vars(row) for row in page],
            page.columns,
            as_json=as_json,
            title=f"{len(page)} of {page.total} runs",
        )


@app.command()
def show(
    run_id: Annotated[str, typer.Argument(help="Id of a run.")],
    workspace: Workspace = Path(),
    as_json: AsJson = False,
    picture: Annotated[
        Path | None, typer.Option(help="Also write the picture of the run (.svg, .png, .pdf).")
    ] = None,
) -> None:
    """Show one run: how it ended, its steps, its envelope."""
    with wfnb.open(workspace) as ws:
        found = ws.run(run_id)
        _print_run(found, as_json=as_json)
        if picture is not None:
            found.picture().save(picture)
            typer.echo(f"Picture: {picture}", err=True)


def _print_run(run: wfnb.Run, *, as_json: bool) -> None:
    steps = run.steps()
    if as_json:
        facts = {"id": run.id, "workflow": run.workflow, "version": run.version, "status": run.status}
        facts |= {"state": run.state, "error": run.error, "envelope": run.envelope}
        typer.echo(json_text({**facts, "steps": [vars(step) for step in steps]}))
        return
    columns = ("seq", "id", "type", "status", "attempt", "branch", "duration_ms")
    emit([vars(step) for step in steps], columns, as_json=False, title=visible(repr(run)))
    if run.error:
        console.print(visible(f"error: {run.error['message']}"), markup=False)
