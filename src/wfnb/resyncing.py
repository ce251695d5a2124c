"""The part of a workspace that follows the files of its folder: `Workspace.resync`, and what it says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wfnb.engine.clock import Clock
from wfnb.engine.engine import Engine
from wfnb.model.times import iso
from wfnb.operator_rows import columns_of
from wfnb.resync.known import Source
from wfnb.resync.resync import Outcome, Resyncs
from wfnb.security.escape import escape_html, visible
from wfnb.services.audit import Actor
from wfnb.store.port import Store
from wfnb.tables import Rows, html_table
from wfnb.validate.catalog import Catalog

__all__ = ["Resync", "Resyncing", "WorkflowFile"]


@dataclass(frozen=True)
class WorkflowFile:
    """A definition that comes from a file.

    Parameters
    ----------
    workflow
        What runs are started with; of a file that was never read, nothing.
    name, scope, path
        Its display name, ``project`` or ``global``, and the file in that folder.
    version
        The version that was published from it last.
    status
        ``active`` or ``archived``.
    archived_by, archived_at
        ``user``, or ``system`` because the file is gone; and since when.
    file_exists
        Whether the file is there.
    error, line
        Why the file cannot be used at the moment, and where; the workflow goes on as it was.
    """

    workflow: str | None
    name: str
    scope: str
    path: str
    version: int | None
    status: str
    archived_by: str | None
    archived_at: str | None
    file_exists: bool
    error: str | None
    line: int | None

    @classmethod
    def of(cls, source: Source) -> WorkflowFile:
        """From what is known of it."""
        return cls(
            None if source.placeholder else source.workflow, source.name, source.scope, source.path, source.version,
            "archived" if source.archived else "active", source.archived_by,
            None if source.archived_us is None else iso(source.archived_us), source.file_exists, source.error, source.line,
        )  # fmt: skip


@dataclass(frozen=True)
class Resync:
    """What a resync changed. Every definition stands in one list at most.

    Parameters
    ----------
    new, updated, archived, errors, unchanged
        Definitions that came, changed, went, cannot be read, and are as they were.
    generation
        Counts the resyncs of this project.
    """

    new: Rows[WorkflowFile]
    updated: Rows[WorkflowFile]
    archived: Rows[WorkflowFile]
    errors: Rows[WorkflowFile]
    unchanged: int
    generation: int

    @classmethod
    def of(cls, outcome: Outcome) -> Resync:
        """From what was done."""
        settled = outcome.settled
        return cls(
            _rows(settled.new), _rows(settled.updated), _rows(settled.archived), _rows(settled.errors),
            len(settled.unchanged), outcome.generation,
        )  # fmt: skip

    @property
    def summary(self) -> dict[str, int]:
        """How many there are of each kind, and of all that changed or failed."""
        counts = {name: len(getattr(self, name)) for name in ("new", "updated", "archived", "errors")}
        return {"total": sum(counts.values()), **counts}

    def __repr__(self) -> str:
        parts = [f"{count} {name}" for name, count in self.summary.items() if count and name != "total"]
        said = ", ".join(parts) or "no workflow changes detected"
        lines = [f"  {visible(file.path, 200)}{_at(file)}: {file.error}" for file in self.errors]
        return "\n".join([f"<Resync {self.generation}: {said}>", *lines])

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        cells = [
            (kind, file.name, file.scope, f"{file.path}{_at(file)}", file.version or "", file.error or "")
            for kind in ("new", "updated", "archived", "errors")
            for file in getattr(self, kind)
        ]
        head = f"<p>{escape_html(repr(self).partition(chr(10))[0])}</p>"
        columns = ("", "workflow", "scope", "file", "version", "what is wrong")
        return {"text/plain": repr(self), "text/html": head + (html_table(columns, cells) if cells else "")}


def _rows(sources: Iterable[Source]) -> Rows[WorkflowFile]:
    return Rows(map(WorkflowFile.of, sources), columns=columns_of(WorkflowFile))


def _at(file: WorkflowFile) -> str:
    return "" if file.line is None else f":{file.line}"


class Resyncing:
    """The part of a workspace that follows the files of its folder."""

    _by: Actor
    _catalog: Catalog
    _clock: Clock
    _engine: Engine
    _store: Store
    path: Path

    _resyncs: Resyncs | None = None

    def resync(self, progress: Callable[[str], None] | None = None) -> Resync:
        r"""Read the workflow files of the folder anew, and let the published definitions follow them.

        Files are ``*.workflow.json`` and ``*.workflow.yaml`` anywhere in the workspace's folder, cells of its notebooks that
        begin with ``%%workflow``, and the same in the folder that all projects share (``WFNB_HOME``, or ``~/.wfnb/workflows``).
        Nothing in them is executed. A file that cannot be read touches no other, and its workflow goes on as it was. Runs
        under way end with the version they began with; new ones begin with the new one. A workflow whose file is gone is
        archived, and comes back with its file.

        Parameters
        ----------
        progress
            Told in a word what is done now.

        Examples
        --------
        >>> import pathlib, tempfile, wfnb
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> text = "id: hello\nname: Hello\nsteps:\n  - {id: done, type: control.return}\n"
        >>> _ = (folder / "hello.workflow.yaml").write_text(text)
        >>> with wfnb.open(folder, clock="2026-01-01", seed=1) as ws:
        ...     ws.resync()
        <Resync 1: 1 new>
        """
        outcome = self._files().resync(
            self._by,
            now_us=self._clock.lease_us(),
            from_us=self._clock.ready_us(),
            progress=progress or (lambda _word: None),
        )
        self._engine.scan()
        return Resync.of(outcome)

    def workflow_files(self) -> Rows[WorkflowFile]:
        """Definitions that come from files, as the last resync left them, with what is wrong with each."""
        return _rows(self._files().known())

    def _files(self) -> Resyncs:
        if self._resyncs is None:
            home = Path(os.environ.get("WFNB_HOME", Path.home() / ".wfnb")) / "workflows"
            self._resyncs = Resyncs(self._store, self._catalog, self.path, home)
        return self._resyncs
