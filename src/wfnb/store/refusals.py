"""What stores refuse, in the same words whichever store it is."""

from __future__ import annotations

from wfnb.errors import CommandError, NotFoundError, StaleWriterError, StoreError
from wfnb.store.records import Commit, NewRun, VersionRow

__all__ = [
    "answered_meanwhile",
    "closed",
    "no_version",
    "run_exists",
    "stale_call",
    "stale_commit",
    "taken_over",
    "version_exists",
    "wait_over",
]


def closed(where: str) -> StoreError:
    """The store was closed before."""
    return StoreError("The store is closed.", code="STORE_CLOSED", where=where)


def version_exists(version: VersionRow) -> StoreError:
    """A version is published once."""
    return StoreError(
        f"Version {version.version} of “{version.workflow_id}” is published already; versions never change.",
        code="VERSION_EXISTS",
        hint="Publish it under the next number.",
    )


def no_version(run: NewRun) -> NotFoundError:
    """A run is a run of a stored version."""
    return NotFoundError(
        f"There is no version {run.workflow_version} of “{run.workflow_id}” in the store.",
        code="NO_SUCH_VERSION",
    )


def run_exists(run: NewRun) -> StoreError:
    """A run has an id of its own."""
    return StoreError(f"There is a run {run.run_id} already.", code="RUN_EXISTS")


def stale_commit(commit: Commit) -> StaleWriterError:
    """The run is not where its writer left it."""
    return StaleWriterError(
        f"The run has moved on since macrostep {commit.expected_seq}, is over, or belongs to another owner now.",
        where=commit.state.run_id,
    )


def taken_over(run_id: str) -> StaleWriterError:
    """Another owner drives the run."""
    return StaleWriterError("The run belongs to another owner now.", where=run_id)


def stale_call(invocation_no: int) -> StaleWriterError:
    """An invocation that has ended is not performed again."""
    return StaleWriterError("The invocation is not under way any more.", where=f"invocation {invocation_no}")


def wait_over(wait_no: int) -> CommandError:
    """A wait is answered once."""
    return CommandError(
        "The wait is not open any more: it was answered, ran out, or its run is over.",
        code="WAIT_OVER",
        where=f"wait {wait_no}",
    )


def answered_meanwhile(effect_id: str) -> StaleWriterError:
    """A wait whose time came in the moment in which it was answered: the answer counts."""
    return StaleWriterError("The wait was answered in the moment in which it ran out.", where=effect_id)
