"""Forks: the state that a run had at some point, changed, as the first state of another run. Pure.

The new run stands before the steps that were under way at that point: it begins them anew, with the attempts that they had used
up. So nothing that was pending in the one run, and no answer that had come for it, is pending in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wfnb.errors import CommandError
from wfnb.machine.pipeline.changes import Change, writes_of
from wfnb.machine.pipeline.remap import carried
from wfnb.machine.state import State
from wfnb.model.times import iso
from wfnb.model.values import JsonValue, apply_writes
from wfnb.validate.program import Program

__all__ = ["Branch", "forked"]

Tree = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a fork leaves its origin, and how it lives.

    Parameters
    ----------
    of, at
        The origin, and its macrostep.
    live
        Whether the fork causes effects, or lives on the record of its origin.
    source, target
        The version that the origin ran, and the one that the fork runs.
    version
        Number of the latter.
    """

    of: str
    at: int
    live: bool
    source: Program
    target: Program
    version: int


def forked(state: State, branch: Branch, changes: Iterable[Change], *, run_id: str, started_us: int) -> State:
    """The first state of a fork.

    Raises
    ------
    CommandError
        ``FORK_RUN_OVER`` when nothing is left to do at that point; ``FORK_STEP_GONE`` and ``FORK_STEP_DIFFERS`` when the other
        version has no such place; ``EDIT_NO_SUCH_ITEM``, ``EDIT_NO_SUCH_PLACE``.
    """
    if state.terminal:
        raise CommandError(
            f"At macrostep {branch.at} the run is over: it has {state.status}, and nothing is left to do.",
            code="FORK_RUN_OVER",
            where=branch.of,
            hint="Name an earlier macrostep, or the step before which to go on: run.fork(“id of a step”).",
        )
    tree = carried(state.tree, branch.source, branch.target)
    tree = _everywhere(tree, _stand_before)
    tree = _everywhere(tree, lambda inner: _named(inner, branch, run_id, started_us))
    for change in changes:
        tree = apply_writes(tree, writes_of(tree, change))
    return State(run_id, {**tree, "fork": {"of": branch.of, "at": branch.at, "live": branch.live}})


def _everywhere(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """A state tree and those of its open items, each changed."""
    frames = tree["frames"]
    if frames and "lanes" in frames[-1]:
        lanes = frames[-1]["lanes"]
        opened = {index: _everywhere(lane, change) for index, lane in lanes["open"].items()}
        frames = [*frames[:-1], {**frames[-1], "lanes": {**lanes, "open": opened}}]
    return change({**tree, "frames": frames})


def _stand_before(tree: Tree) -> Tree:
    """Nothing is under way: the steps that were are the next ones."""
    status = "RUNNING" if tree["status"] == "WAITING" else tree["status"]
    return {**tree, "status": status, "pending": {}}


def _named(tree: Tree, branch: Branch, run_id: str, started_us: int) -> Tree:
    """The facts of the new run instead of those of its origin."""
    envelope = tree["envelope"]
    facts = {
        **envelope["run"],
        "id": run_id,
        "workflowVersion": branch.version,
        "startedAt": iso(started_us),
    }
    return {**tree, "envelope": {**envelope, "run": facts}}
