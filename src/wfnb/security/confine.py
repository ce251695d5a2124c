"""Confinement: file paths that must stay inside a folder."""

from __future__ import annotations

from pathlib import Path

from wfnb.errors import PathOutsideRootError

__all__ = ["confine"]


def confine(root: Path, name: str) -> Path:
    """The path of `name` below `root`, links resolved.

    Raises
    ------
    PathOutsideRootError
        When the path leaves `root`: by ``..``, an absolute path, a link or a NUL.

    Examples
    --------
    >>> confine(Path("/srv/ws"), "runs/a.json").name
    'a.json'
    """
    base = root.resolve()
    fault = "\0" in name or not name
    path = base if fault else (base / name).resolve()
    if fault or not path.is_relative_to(base) or path == base:
        raise PathOutsideRootError(
            "The path leaves the folder it belongs to.",
            where=repr(name),
            hint=f"Name a file below {base.name}/.",
        )
    return path
