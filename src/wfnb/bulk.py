"""The same intervention for many runs: first which they are, then one after the other, with what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wfnb.errors import ValidationError, WfnbError
from wfnb.operator_rows import columns_of
from wfnb.store.records import RunRow
from wfnb.tables import Rows

__all__ = ["Bulk", "BulkOutcome", "Intervenable"]

_OPERATIONS = ("cancel", "resume", "retry")
Progress = Callable[[int, int], None]


class Intervenable(Protocol):
    """A run, as far as it is needed here."""

    @property
    def row(self) -> RunRow:
        """The run's row in the tables, read now."""

    def cancel(self, reason: str) -> Any:
        """End the run."""

    def resume(self, payload: Any = None, *, reason: str) -> Any:
        """Let the run go on without what it waits for."""

    def retry(self, reason: str) -> Any:
        """Let a failed run go on."""


@dataclass(frozen=True)
class BulkOutcome:
    """What became of one run: ``done``, ``left alone`` because it was over, or ``refused`` with the code and what it says."""

    run: str
    outcome: str
    error: str | None = None
    message: str | None = None


class Bulk:
    """An intervention that was looked at and not yet done. Made by `Workspace.bulk`.

    Attributes
    ----------
    operation, reason
        What is to be done, and why.
    runs
        Ids of the runs it is for.
    """

    def __init__(
        self, operation: str, reason: str, runs: Sequence[str], run_of: Callable[[str], Intervenable]
    ) -> None:
        if operation not in _OPERATIONS:
            raise ValidationError(
                "Many runs can be told to cancel, resume or retry.",
                code="INVALID_ARGUMENT",
                where="operation",
            )
        self.operation = operation
        self.reason = reason
        self.runs = list(runs)
        self._run_of = run_of

    def go(self, progress: Progress | None = None) -> Rows[BulkOutcome]:
        """Do it, one run after the other; one that refuses does not keep the others.

        Parameters
        ----------
        progress
            Called after each run with how many are done, and how many there are.
        """
        outcomes: list[BulkOutcome] = []
        for run_id in self.runs:
            outcomes.append(self._one(run_id))
            if progress is not None:
                progress(len(outcomes), len(self.runs))
        return Rows(outcomes, columns=columns_of(BulkOutcome))

    def _one(self, run_id: str) -> BulkOutcome:
        try:
            run = self._run_of(run_id)
            if self.operation == "cancel":
                if run.row.over:
                    return BulkOutcome(run_id, "left alone")
                run.cancel(self.reason)
            elif self.operation == "resume":
                run.resume(reason=self.reason)
            else:
                run.retry(self.reason)
        except WfnbError as error:
            return BulkOutcome(run_id, "refused", error.code, error.message)
        return BulkOutcome(run_id, "done")

    def __repr__(self) -> str:
        return f"<Bulk {self.operation} of {len(self.runs)} runs, not done yet: .go() does it>"
