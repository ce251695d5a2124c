"""Child runs: what a call of a workflow begins, and what its step gets back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from unit.machine.world import assign
from unit.test_rows import RUN
from wfnb.engine.children import child_outcome, child_run
from wfnb.engine.clock import SimulatedClock
from wfnb.engine.programs import Programs
from wfnb.errors import ActionError, LimitExceeded, NotFoundError, ValidationError
from wfnb.limits import LIMITS
from wfnb.machine.state import State
from wfnb.services.audit import Actor
from wfnb.services.definitions import publish
from wfnb.store.memory import MemoryStore
from wfnb.store.records import NewRun
from wfnb.validate.catalog import Catalog


class Order(BaseModel):
    id: str
    note: str = "none"


@pytest.fixture
def programs() -> Programs:
    catalog, store = Catalog(), MemoryStore()
    catalog.schemas.add("payload.Order.v1", Order)
    written = {
        "id": "child",
        "name": "Child",
        "payloadSchemaRef": "payload.Order.v1",
        "steps": [assign("a", x="1")],
    }
    assert publish(store, catalog, written, by=Actor("test"), now_us=0).ok
    return Programs(store, catalog)


def begin(programs: Programs, parent: Any = RUN, **pending: Any) -> NewRun:
    asked = {"workflowId": "child", "workflowVersion": 1, "payload": {"id": "7"}, **pending}
    return child_run(
        parent, "effect", asked, programs=programs, clock=SimulatedClock("2026-01-01"), lease=("me", 99)
    )


def test_a_child_knows_its_parent_and_the_step_that_called_it(programs: Programs) -> None:
    child = begin(programs)
    assert (child.parent_run_no, child.parent_effect, child.depth, child.trigger) == (
        1,
        "effect",
        1,
        "workflow",
    )
    assert (child.owner, child.lease_until_us) == ("me", 99)


def test_the_same_call_gives_the_same_child(programs: Programs) -> None:
    """After a crash the call is made again: another id or another time would be another run."""
    assert begin(programs) == begin(programs)
    assert begin(programs).run_id == f"{RUN.run_id}.{RUN.seq}"


@pytest.mark.behaviour(67)
def test_its_payload_is_checked_and_filled(programs: Programs) -> None:
    assert begin(programs).state.envelope["payload"] == {"id": "7", "note": "none"}
    with pytest.raises(ValidationError, match="id"):
        begin(programs, payload={})


def test_a_version_that_is_not_there_is_told(programs: Programs) -> None:
    with pytest.raises(NotFoundError):
        begin(programs, workflowVersion=9)


def test_calls_nest_to_a_depth(programs: Programs) -> None:
    assert begin(programs, replace(RUN, depth=LIMITS.child_depth - 1)).depth == LIMITS.child_depth
    with pytest.raises(LimitExceeded) as caught:
        begin(programs, replace(RUN, depth=LIMITS.child_depth))
    assert caught.value.code == "TOO_DEEP"


def test_a_child_that_succeeded_gives_its_envelope() -> None:
    state = State("r", {"envelope": {"payload": {"a": 1}, "vars": {"b": 2}, "meta": {}, "run": {"id": "r"}}})
    assert child_outcome(RUN, state) == {"payload": {"a": 1}, "vars": {"b": 2}, "meta": {}}


@pytest.mark.behaviour(115)
@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [("FAILED", {"message": "No."}, "No."), ("CANCELED", None, "canceled")],
)
def test_a_child_that_did_not_is_an_error_with_its_reason(status: str, error: Any, reason: str) -> None:
    with pytest.raises(ActionError, match=reason) as caught:
        child_outcome(replace(RUN, status=status, error=error), State("r", {}))
    assert caught.value.code == "CHILD_FAILED"
