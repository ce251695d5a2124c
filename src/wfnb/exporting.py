"""The part of a workspace that writes files for others: exports as jobs of their own, with their progress."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Self, TypeVar

from wfnb.engine.clock import Clock
from wfnb.errors import ValidationError, WfnbError
from wfnb.security.escape import visible
from wfnb.services import exports
from wfnb.services.audit import Actor, record
from wfnb.services.listing import run_filter
from wfnb.store.port import Store

__all__ = ["ExportJob", "Exporting"]

T = TypeVar("T")


class ExportJob:
    """An export under way. Made by `Workspace.export`.

    Attributes
    ----------
    path
        The file; it is there when all of it is.
    rows
        Rows written so far.
    status
        ``running``, ``done`` or ``failed``.
    """

    def __init__(self, path: Path, write: Callable[[ExportJob, Path], None]) -> None:
        self.path = path
        self.rows = 0
        self.status = "running"
        self._write = write
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="wfnb-export", daemon=True)
        self._thread.start()

    def wait(self, timeout: float | None = None) -> Self:
        """Wait until the file is there.

        Raises
        ------
        TimeoutError
            When it is not there after `timeout` seconds.
        WfnbError
            What went wrong.
        """
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"The export has written {self.rows} rows after {timeout} s.")
        if self._error is not None:
            raise self._error
        return self

    def counted(self, rows: Iterable[T]) -> Iterator[T]:
        """The rows, counted as they are written."""
        for row in rows:
            yield row
            self.rows += 1

    def _run(self) -> None:
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            self._write(self, part)
            part.replace(self.path)
            self.status = "done"
        except OSError as error:
            self._fail(WfnbError(f"The file cannot be written: {error.strerror}.", code="EXPORT_FAILED"))
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            self._fail(error)
        finally:
            part.unlink(missing_ok=True)

    def _fail(self, error: Exception) -> None:
        self._error = error
        self.status = "failed"

    def __repr__(self) -> str:
        return f"<ExportJob {visible(self.path.name, 80)}: {self.status}, {self.rows} rows>"


class Exporting:
    """The part of a workspace that exports."""

    _by: Actor
    _clock: Clock
    _store: Store
    tenant: str

    def export(
        self,
        what: str,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,  # noqa: A002 - the public word is "format"
        status: str | Iterable[str] | None = None,
        workflow: str | None = None,
        overwrite: bool = False,
    ) -> ExportJob:
        """Write a file, beside everything else that goes on; `ExportJob.wait` waits for it.

        Secrets are masked. In CSV, text that a spreadsheet would take for a formula begins with an apostrophe.

        Parameters
        ----------
        what
            ``runs``, ``events``, ``audit`` or ``logs``.
        path
            The file.
        format
            ``csv``, ``json`` or ``parquet``; without it, what the name of the file ends in.
        status, workflow
            Only these runs; for ``runs``.
        overwrite
            Whether a file that is there may be replaced.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT``; ``FILE_EXISTS``.
        """
        if not isinstance(what, str) or what not in exports.COLUMNS:
            raise _refused("what", f"Say one of {', '.join(exports.COLUMNS)}.")
        if not isinstance(path, str | os.PathLike) or "\0" in os.fspath(path):
            raise _refused("path", "Give the path of a file.")
        file = Path(path)
        form = file.suffix.removeprefix(".").lower() if format is None else format
        if form not in exports.FORMATS:
            raise _refused("format", f"Say one of {', '.join(exports.FORMATS)}.")
        if file.exists() and not (overwrite and file.is_file()):
            raise ValidationError(
                "There is such a file already.",
                code="FILE_EXISTS",
                where=file.name,
                hint="Say overwrite=True.",
            )
        chosen = run_filter(status, workflow, None, before=None, limit=1)

        def write(job: ExportJob, part: Path) -> None:
            rows = job.counted(exports.rows_of(self._store, what, self.tenant, chosen))
            exports.write(part, form, exports.COLUMNS[what], rows)
            facts = {"rows": job.rows, "format": form, "file": file.name}
            at_us = self._clock.lease_us()
            record(self._store.database, self._by, "exported", ("export", what), at_us=at_us, changes=facts)

        return ExportJob(file, write)


def _refused(where: str, hint: str) -> ValidationError:
    return ValidationError("This cannot be exported.", code="INVALID_ARGUMENT", where=where, hint=hint)
