"""The film of a run and the cursor on it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wfnb.debug.cursor import Cursor
from wfnb.debug.film import Film, Frame, StepMark
from wfnb.machine.state import initial_state
from wfnb.model.values import DELETE, Write


def film(count: int) -> Film:
    start = initial_state(
        "r", workflow_id="w", workflow_version=1, started_at_us=0, payload={"n": 0}, meta={}
    )
    frames = [
        Frame(
            n,
            n,
            (Write(("envelope", "vars", "x"), n), Write(("frames",), [])),
            StepMark(f"s{n}", "t", f"root.steps[{n}]", "SUCCEEDED", 1),
        )
        for n in range(1, count + 1)
    ]
    return Film(start, frames)


@given(st.integers(1, 450), st.data())
def test_the_state_at_any_position_is_what_walking_there_gives(count: int, data: st.DataObject) -> None:
    made = film(count)
    for position in data.draw(st.lists(st.integers(0, count), max_size=10)):
        assert made.state(position).envelope["vars"] == ({"x": position} if position else {})


def test_changes_tell_old_and_new() -> None:
    made = film(2)
    assert [(c.path, c.old, c.new) for c in made.changes(1)] == [(("vars", "x"), DELETE, 1)]
    assert [c.to_json() for c in made.changes(2)] == [
        {"op": "set", "path": ["vars", "x"], "old": 1, "new": 2}
    ]
    assert made.changes(0) == []


def test_writes_outside_the_envelope_are_no_changes() -> None:
    assert [c.path[0] for c in film(1).changes(1)] == ["vars"]


def test_secrets_are_masked_in_states_and_changes() -> None:
    start = initial_state(
        "r",
        workflow_id="w",
        workflow_version=1,
        started_at_us=0,
        payload={},
        meta={"redactions": ["/vars/ssn"]},
    )
    made = Film(start, [Frame(1, 1, (Write(("envelope", "vars"), {"apiKey": "abc", "ssn": 12}),), None)])
    assert made.public(1)["vars"] == {"apiKey": "[REDACTED]", "ssn": "[REDACTED]"}
    assert "abc" not in repr(made.changes(1))


def test_a_state_too_large_to_show_says_so() -> None:
    start = initial_state(
        "r", workflow_id="w", workflow_version=1, started_at_us=0, payload={"b": "x" * 300_000}, meta={}
    )
    assert Film(start).public(0)["truncated"] is True


def test_marks_stand_where_errors_are() -> None:
    made = film(2)
    error = {"message": "no"}
    made.extend(
        [
            Frame(3, 3, (), StepMark("f", "t", "root.steps[9]", "FAILED", 1, error=error)),
            Frame(
                4,
                4,
                (),
                StepMark("f", "t", "root.steps[9]", "RETRY_SCHEDULED", 1, error=error, handled_by="retry"),
            ),
        ]
    )
    assert [(m.at, m.kind) for m in made.marks()] == [(3, "error"), (4, "retry")]


@given(st.integers(0, 50), st.lists(st.sampled_from(["forward", "back"]), max_size=60))
def test_the_cursor_stays_on_the_film(length: int, moves: list[str]) -> None:
    cursor = Cursor(0, length)
    for move in moves:
        cursor = getattr(cursor, move)()
        assert 0 <= cursor.position <= length


def test_back_undoes_a_step_and_growth_keeps_the_place() -> None:
    cursor = Cursor(3, 9)
    assert cursor.forward().back() == cursor
    assert cursor.grown(20) == Cursor(3, 20)
    assert cursor.grown(1) == cursor
