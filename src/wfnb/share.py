"""Files that come with wfnb beside its code: notebooks and sample data, in a wheel and in a checkout alike."""

from __future__ import annotations

from pathlib import Path

from wfnb.errors import NotFoundError

__all__ = ["shared"]


def shared(name: str) -> Path:
    """The folder ``notebooks`` or ``data``.

    Raises
    ------
    NotFoundError
        ``NOT_INSTALLED`` when this installation came without it.
    """
    here = Path(__file__).parent
    for folder in (here / "_share" / name, here.parent.parent / name):
        if folder.is_dir():
            return folder
    raise NotFoundError(
        f"This installation has no {name}.", code="NOT_INSTALLED", hint="Install wfnb from its wheel."
    )
