"""Snapshots: what people see of a state, masked, capped and escaped."""

from __future__ import annotations

from typing import Any

import pytest

from wfnb.limits import LIMITS
from wfnb.machine.state import State, initial_state
from wfnb.rows import Step
from wfnb.snapshot import Snapshot, public_envelope


def state(payload: dict[str, Any], meta: dict[str, Any] | None = None) -> State:
    return initial_state(
        "run-0001", workflow_id="w", workflow_version=1, started_at_us=0, payload=payload, meta=meta or {}
    )


def snapshot(envelope: dict[str, Any], step: Step | None = None) -> Snapshot:
    return Snapshot("run-0001", 3, "RUNNING", envelope, step)


STEP = Step(
    3,
    "s",
    "state.set",
    "SUCCEEDED",
    1,
    None,
    "root.steps[0]",
    "root.steps[0]",
    "2026-01-01T00:00:00.000Z",
    1.0,
    None,
    None,
)


@pytest.mark.behaviour(19)
def test_secrets_are_masked_by_name_and_by_pointer() -> None:
    shown = public_envelope(state({"password": "x", "ssn": "1", "n": 1}, {"redactions": ["/payload/ssn"]}))
    assert shown["payload"] == {"password": "[REDACTED]", "ssn": "[REDACTED]", "n": 1}


@pytest.mark.behaviour(19)
def test_further_pointers_are_masked_too() -> None:
    assert public_envelope(state({"ssn": "1"}), ["/payload/ssn"])["payload"] == {"ssn": "[REDACTED]"}


@pytest.mark.defect("D-5")
def test_the_state_itself_is_left_as_it_was() -> None:
    given = state({"password": "x"})
    public_envelope(given)
    assert given.envelope["payload"] == {"password": "x"}


@pytest.mark.behaviour(26, 207)
def test_an_envelope_that_is_too_large_is_a_marker() -> None:
    shown = public_envelope(state({"text": "x" * LIMITS.snapshot_size_bytes}))
    assert set(shown) == {"truncated", "size", "max"}


def test_a_pointer_to_everything_masks_everything() -> None:
    assert public_envelope(state({"n": 1}), [""]) == {"redacted": "[REDACTED]"}


def test_it_says_where_it_stands() -> None:
    assert repr(snapshot({})) == "<Snapshot run-0001 at 3: RUNNING>"
    assert repr(snapshot({}, STEP)) == "<Snapshot run-0001 at 3: RUNNING behind s>"


def test_a_cell_shows_each_root_there_is() -> None:
    html = snapshot({"payload": {"n": "<b>"}, "vars": {}, "run": {}})._repr_mimebundle_()["text/html"]
    assert html.count("<details") == 2
    assert "&lt;b&gt;" in html
    assert "<b>" not in html.replace("<p><b>", "")


def test_a_long_value_is_cut_in_a_cell() -> None:
    html = snapshot({"payload": {"text": "x" * 100_000}})._repr_mimebundle_()["text/html"]
    assert len(html) < 25_000
