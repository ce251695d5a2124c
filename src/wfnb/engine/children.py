"""Child runs: how a step's call of another workflow becomes a run, and what the step gets back."""

from __future__ import annotations

from wfnb.engine.clock import Clock
from wfnb.engine.programs import Programs
from wfnb.errors import ActionError, LimitExceeded
from wfnb.limits import LIMITS
from wfnb.machine.state import State, initial_state
from wfnb.model.values import JsonValue
from wfnb.store.port import Store
from wfnb.store.records import NewRun, RunRow

__all__ = ["child_outcome", "child_run", "is_orphan"]


def child_run(
    parent: RunRow,
    effect_id: str,
    pending: dict[str, JsonValue],
    *,
    programs: Programs,
    clock: Clock,
    lease: tuple[str, int],
) -> NewRun:
    """The run that a pending call asks for.

    Raises
    ------
    WfnbError
        When there is no such version, its payload does not fit, or calls nest too deep (``TOO_DEEP``).
    """
    if parent.depth + 1 > LIMITS.child_depth:
        raise LimitExceeded(
            f"Workflows call each other more than {LIMITS.child_depth} levels deep.", code="TOO_DEEP"
        )
    workflow_id, version = str(pending["workflowId"]), int(pending["workflowVersion"])
    program = programs.get(workflow_id, version)
    payload = programs.payload(program, pending["payload"])
    run_id = f"{parent.run_id}.{parent.seq}"
    started_us = clock.moment_us(run_id, 0, parent.updated_us, acted=False)
    state = initial_state(
        run_id,
        workflow_id=workflow_id,
        workflow_version=version,
        started_at_us=started_us,
        payload=payload,
        meta={},
        tenant=parent.tenant,
    )
    if pending.get("forked"):
        state.tree["fork"] = {"of": parent.run_id, "at": parent.seq, "live": True}
    return NewRun(
        run_id,
        workflow_id,
        version,
        program.hash,
        state,
        started_us,
        trigger="workflow",
        parent_run_no=parent.run_no,
        parent_effect=effect_id,
        depth=parent.depth + 1,
        owner=lease[0],
        lease_until_us=lease[1],
        tenant=parent.tenant,
    )


def child_outcome(child: RunRow, state: State) -> JsonValue:
    """What the calling step gets: the child's envelope.

    Raises
    ------
    ActionError
        ``CHILD_FAILED`` when the child did not succeed.
    """
    if child.status != "SUCCEEDED":
        reason = child.error["message"] if child.error else child.status.lower()
        raise ActionError(f"The child run {child.run_id} did not succeed: {reason}", code="CHILD_FAILED")
    return {key: state.envelope[key] for key in ("payload", "vars", "meta")}


def is_orphan(store: Store, run: RunRow) -> bool:
    """Whether the run that called this one was cancelled, and the process that did it died before it came here."""
    parent = store.run_by_no(run.parent_run_no) if run.parent_run_no is not None else None
    return parent is not None and parent.status == "CANCELED"
