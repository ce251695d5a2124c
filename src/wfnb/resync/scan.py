"""Scanning a folder for files that may hold workflows. Links, hidden folders and what is too much are left out or refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from wfnb.limits import LIMITS
from wfnb.resync.found import Found, Scan, Scope
from wfnb.resync.reading import read_file
from wfnb.validate.catalog import Catalog

__all__ = ["scan", "workflow_files"]

_ENDINGS = (".workflow.json", ".workflow.yaml", ".workflow.yml", ".ipynb")
_OTHERS = frozenset({"__pycache__", "node_modules"})


def scan(folder: Path, scope: Scope, catalog: Catalog) -> Scan:
    """Everything in a folder that may be a workflow.

    A folder that does not exist holds none; one that cannot be read says so.
    """
    if not folder.exists():
        return Scan(scope)
    found: list[Found] = []
    try:
        for number, file in enumerate(workflow_files(folder)):
            if number == LIMITS.workflow_files:
                return Scan(scope, unreadable=f"The folder holds more than {LIMITS.workflow_files:,} files.")
            path = file.relative_to(folder).as_posix()
            found += [_link(path, scope)] if file.is_symlink() else read_file(file, path, scope, catalog)
    except OSError as error:
        return Scan(scope, unreadable=f"The folder cannot be read: {error.strerror}.")
    return Scan(scope, tuple(found))


def workflow_files(folder: Path) -> Iterator[Path]:
    """Files below a folder that may hold workflows, by path; never through the link of a folder.

    Raises
    ------
    OSError
        When the folder, or one inside it, cannot be read.
    """

    def fail(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(folder, onerror=fail, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _OTHERS)
        for name in sorted(names):
            file = Path(place) / name
            if name.endswith(_ENDINGS) and not name.startswith(".") and file.is_file():
                yield file


def _link(path: str, scope: Scope) -> Found:
    """A link may lead out of the folder, and what it leads to may change unseen."""
    return Found(
        scope, path, error="The file is a link; a workflow is read from a file in the folder itself."
    )
