"""``wfnb``: the commands and what they share."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wfnb.security.escape import visible

__all__ = ["AsJson", "Workspace", "app", "console", "emit", "json_text", "nb"]

app = typer.Typer(
    name="wfnb",
    help="Durable workflows you can run, step through and ask.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
nb = typer.Typer(help="Notebooks: keep them small and free of state.", no_args_is_help=True)
app.add_typer(nb, name="nb")

_PLAIN_WIDTH = 140  # columns of a log or a pipe, which have no width of their own

console = Console(highlight=False, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)

Workspace = Annotated[
    Path, typer.Option("--workspace", "-w", help="Folder of the workspace.", show_default=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def emit(rows: list[dict[str, Any]], columns: tuple[str, ...], *, as_json: bool, title: str = "") -> None:
    """Print rows as a table, or as JSON: one list, for programs."""
    if as_json:
        typer.echo(json_text(rows))
        return
    table = Table(title=Text(title) if title else None, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
    shown = (
        [column for column in columns if any(row.get(column) is not None for row in rows)]
        if rows
        else columns
    )
    for column in shown:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in shown))
    console.print(table)


def json_text(value: Any) -> str:
    r"""JSON for programs that a person's terminal may show as well: what could steer it stands as an escape.

    Examples
    --------
    >>> json_text(["é\x9b"])
    '[\n  "é\\u009b"\n]'
    """
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return _ODD.sub(lambda char: char[0] if char[0].isprintable() else json.dumps(char[0])[1:-1], text)


_ODD = re.compile("[^\x20-\x7e\n]")


def _cell(value: Any) -> Text:
    text = "" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)
    return Text(visible(text.replace("\n", " "), 300))  # not markup: text from data has no say in its style
