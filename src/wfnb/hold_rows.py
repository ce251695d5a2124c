"""What the list of held runs holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wfnb.model.times import iso
from wfnb.security.escape import visible
from wfnb.services.holds import HeldRun

__all__ = ["HoldInfo"]


@dataclass(frozen=True)
class HoldInfo:
    """A run that somebody holds. `state` is ``stands``, ``stops`` (as soon as the step under way ends) or ``goes``.

    `until` is when the hold is over by itself; while a notebook that holds the run lives, it is put off again and again.
    """

    COLUMNS: ClassVar = ("run", "workflow", "state", "held_by", "reason", "since", "until", "at")

    run: str
    workflow: str
    state: str
    held_by: tuple[str, ...]
    reason: str
    since: str
    until: str
    at: str | None

    @classmethod
    def of(cls, held: HeldRun) -> HoldInfo:
        """From the tables."""
        run, hold = held.run, held.hold
        state = "stands" if held.standing else "stops" if hold.stands else "goes"
        first = hold.holders[0]
        names = tuple(visible(name, 100) for name in hold.names)
        return cls(
            run.run_id, run.workflow_id, state, names, visible(first.reason, 300), iso(first.since_us),
            iso(hold.until_us), run.cursor,
        )  # fmt: skip
