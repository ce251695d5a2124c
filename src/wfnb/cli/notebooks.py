"""``wfnb nb clean``: notebooks without widget state, so that they stay small, readable and comparable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from wfnb.cli.app import nb
from wfnb.errors import DefinitionError, MissingExtraError

__all__ = ["clean_notebook", "execute_notebook"]

_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@nb.command()
def clean(
    paths: Annotated[list[Path], typer.Argument(help="Notebooks, or folders of them.")],
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 when something would change.")
    ] = False,
) -> None:
    """Strip widget state and views from notebooks; their static pictures stay."""
    changed = []
    for path in _notebooks(paths):
        if _clean_file(path, write=not check):
            changed.append(path)
            typer.echo(f"{'would clean' if check else 'cleaned'} {path}")
    if not changed:
        typer.echo("All clean.")
    if check and changed:
        raise typer.Exit(1)


def _notebooks(paths: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        inside = sorted(p for p in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
        found += inside if path.is_dir() else [path]
    return found


def _clean_file(path: Path, *, write: bool) -> bool:
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DefinitionError(
            "The file is not a notebook.", code="BROKEN_NOTEBOOK", where=path.name
        ) from None
    cleaned = clean_notebook(notebook)
    if cleaned == notebook:
        return False
    if write:
        path.write_text(json.dumps(cleaned, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return True


def clean_notebook(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook without widget state, widget views, execution times and the version of the kernel's Python."""
    metadata = {key: value for key, value in notebook.get("metadata", {}).items() if key != "widgets"}
    if "language_info" in metadata:
        metadata["language_info"] = {"name": metadata["language_info"].get("name", "python")}
    return {
        **notebook,
        "metadata": metadata,
        "cells": [_clean_cell(cell) for cell in notebook.get("cells", [])],
    }


def _clean_cell(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = {
        key: value for key, value in cell.get("metadata", {}).items() if key not in ("execution", "trusted")
    }
    cleaned = {**cell, "metadata": metadata}
    if "outputs" in cell:
        cleaned["outputs"] = [_clean_output(output) for output in cell["outputs"]]
    return cleaned


def _clean_output(output: dict[str, Any]) -> dict[str, Any]:
    if "data" not in output:
        return output
    return {**output, "data": {kind: value for kind, value in output["data"].items() if kind != _WIDGET_VIEW}}


def execute_notebook(path: Path, folder: Path) -> Any:
    """Execute a notebook from top to bottom, with `folder` as its working directory; the notebook with its outputs.

    Raises
    ------
    MissingExtraError
        Without nbclient (``wfnb[lab]``).
    """
    try:
        import nbformat
        from nbclient import NotebookClient
    except ImportError:
        raise MissingExtraError(
            "Notebooks are executed by nbclient.", hint='Install it with: pip install "wfnb[lab]"'
        ) from None
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    client = NotebookClient(
        notebook,
        timeout=300,
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
        extra_arguments=[
            "--IPKernelApp.log_level=ERROR"
        ],  # its warnings are about transports, and for administrators
    )
    client.execute()
    return notebook
