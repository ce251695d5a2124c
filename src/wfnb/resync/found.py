"""What a scan found: places in files that may be workflows, each read by itself, so that one's error touches no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wfnb.model.values import JsonValue

__all__ = ["Found", "Scan", "Scope"]

Scope = Literal["global", "project"]


@dataclass(frozen=True, slots=True)
class Found:
    """One place that may be a workflow.

    Parameters
    ----------
    scope, path
        The folder it belongs to, and the place in it: a relative path, and for a cell of a notebook ``#cell-3`` behind it.
    digest
        SHA-256 of what was read; None when it could not be read.
    identifier, name
        What the definition calls itself; None when it cannot be told.
    definition
        The definition as JSON; None when there is an error.
    error, line
        What is wrong, and on which line where that is known.
    """

    scope: Scope
    path: str
    digest: str | None = None
    identifier: str | None = None
    name: str | None = None
    definition: JsonValue = None
    error: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """Everything that was found in one folder; `unreadable` says why nothing was."""

    scope: Scope
    found: tuple[Found, ...] = ()
    unreadable: str | None = None
