"""Lists of runs: which runs a page shows, refused where no run could ever be meant."""

from __future__ import annotations

from collections.abc import Iterable

from wfnb.errors import ValidationError
from wfnb.model.arguments import check_text, check_whole
from wfnb.store.records import RunFilter

__all__ = ["STATUSES", "run_filter"]

STATUSES = ("PENDING", "RUNNING", "WAITING", "SUCCEEDED", "FAILED", "CANCELED")


def run_filter(
    status: str | Iterable[str] | None,
    workflow: str | None,
    version: int | None,
    *,
    before: int | None,
    limit: int,
    tenant: str | None = None,
) -> RunFilter:
    """The filter of `Workspace.runs`, whose parameters these are; `tenant` is the workspace's.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT`` for a status that does not exist, or a page that cannot be.

    Examples
    --------
    >>> run_filter("FAILED", None, None, before=None, limit=10).status
    ('FAILED',)
    """
    check_whole(limit, "limit", least=1)
    for value, name in ((version, "version"), (before, "before")):
        if value is not None:
            check_whole(value, name)
    if workflow is not None:
        check_text(workflow, "workflow")
    return RunFilter(_statuses(status), workflow, version, before, limit, tenant)


def _statuses(status: str | Iterable[str] | None) -> tuple[str, ...]:
    if status is None:
        return ()
    wanted = (status,) if isinstance(status, str) or not isinstance(status, Iterable) else tuple(status)
    for name in wanted:
        if name not in STATUSES:
            raise ValidationError(
                "There is no such status.",
                code="INVALID_ARGUMENT",
                where="status",
                hint=f"Say one of {', '.join(STATUSES)}, or several.",
            )
    return tuple(dict.fromkeys(wanted))
