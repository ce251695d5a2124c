"""What is known of workflow files from earlier resyncs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wfnb.resync.found import Scope

__all__ = ["ERROR_PREFIX", "Source", "workflow_id_of"]

ERROR_PREFIX = "error:"
"""Begins the identifier of a file that has never been read: its path follows, because it has no other name yet."""


@dataclass(frozen=True, slots=True)
class Source:
    """A definition and the file it comes from.

    Parameters
    ----------
    scope, identifier
        Which definition: the same identifier in another scope is another one.
    path, name, digest
        The place it was last read from, its display name, and the hash of what was last taken in.
    archived, archived_by, archived_us
        Whether it is archived; by a ``user``, or by the ``system`` because its file is gone.
    file_exists
        Whether the file was there at the last resync.
    error, line
        Why the file cannot be used at the moment; the definition goes on as it was.
    version
        The version that was published from it last; None for a file that was never read.
    """

    scope: Scope
    identifier: str
    path: str
    name: str
    digest: str | None = None
    archived: bool = False
    archived_by: Literal["user", "system"] | None = None
    archived_us: int | None = None
    file_exists: bool = True
    error: str | None = None
    line: int | None = None
    version: int | None = None

    @property
    def key(self) -> tuple[Scope, str]:
        """Scope and identifier."""
        return self.scope, self.identifier

    @property
    def placeholder(self) -> bool:
        """Whether it stands for a file that has never been read."""
        return self.identifier.startswith(ERROR_PREFIX)

    @property
    def workflow(self) -> str:
        """Id of the workflow that runs are started with."""
        return workflow_id_of(self.scope, self.identifier)


def workflow_id_of(scope: Scope, identifier: str) -> str:
    """Id of the workflow of a definition: its identifier, and for a global one ``global.`` before it.

    Examples
    --------
    >>> workflow_id_of("global", "nightly")
    'global.nightly'
    """
    return identifier if scope == "project" else f"global.{identifier}"
