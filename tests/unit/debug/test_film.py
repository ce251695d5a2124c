"""The film of a run, read from a source piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wfnb.debug.film import Film, Mark, StepMark, stretches
from wfnb.machine.state import State, fold, initial_state
from wfnb.model.values import DELETE, Write

START = {"workflow_id": "w", "workflow_version": 1, "started_at_us": 0}
ERROR = {"message": "no"}


class Tape:
    """A run told by hand: one step for every macrostep. Counts what is read."""

    def __init__(self, payload: Any = None, meta: Any = None) -> None:
        self.start = initial_state(
            "r", **START, payload={"n": 0} if payload is None else payload, meta=meta or {}
        )
        self.made: list[tuple[tuple[Write, ...], StepMark | None, int]] = []
        self.reads = 0

    def add(
        self,
        *writes: Write,
        error: Any = None,
        handled_by: str | None = None,
        ends: bool = True,
        mark: int = 0,
    ) -> Tape:
        number = len(self.made) + 1
        step = StepMark(
            f"s{number}", "t", f"root.steps[{number}]", "SUCCEEDED", 1, error=error, handled_by=handled_by
        )
        self.made.append((writes, step if ends else None, mark))
        return self

    def counted(self, count: int) -> Tape:
        for n in range(len(self.made) + 1, len(self.made) + count + 1):
            self.add(Write(("envelope", "vars", "x"), n), Write(("frames",), []))
        return self

    def film(self, *, over: bool = False) -> Film:
        film = Film(self)
        film.extend(len(self.made), over=over)
        return film

    def ends(self, from_seq: int) -> Iterator[tuple[int, int | None, int]]:
        for seq, (_, step, mark) in enumerate(self.made, 1):
            if seq >= from_seq and step is not None:
                yield seq, seq, mark

    def steps(self, begins: Sequence[int]) -> dict[int, StepMark]:
        return {seq: step for seq in begins if (step := self.made[seq - 1][1]) is not None}

    def writes(self, after: int, upto: int) -> list[tuple[int, int, tuple[Write, ...]]]:
        self.reads += 1
        return [(seq, seq, self.made[seq - 1][0]) for seq in range(after + 1, upto + 1)]

    def state(self, seq: int) -> State:
        self.reads += 1
        return fold(self.start, (write for writes, _, _ in self.made[:seq] for write in writes))


def film(count: int) -> Film:
    return Tape().counted(count).film()


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
    assert film(1).written(1) == (("vars", "x"),)


def test_secrets_are_masked_in_states_changes_and_what_expressions_read() -> None:
    tape = Tape(payload={}, meta={"redactions": ["/vars/ssn"]})
    made = tape.add(Write(("envelope", "vars"), {"apiKey": "abc", "ssn": 12})).film()
    assert made.public(1)["vars"] == {"apiKey": "[REDACTED]", "ssn": "[REDACTED]"}
    assert made.masked(1)["vars"] == {"apiKey": "[REDACTED]", "ssn": "[REDACTED]"}
    assert "abc" not in repr(made.changes(1))


def test_what_becomes_secret_later_was_one_before() -> None:
    tape = (
        Tape()
        .add(Write(("envelope", "vars", "pin"), 1234))
        .add(Write(("envelope", "meta", "redactions"), ["/vars/pin"]))
    )
    assert tape.film().masked(1)["vars"] == {"pin": "[REDACTED]"}


def test_a_state_too_large_to_show_says_so() -> None:
    assert Tape(payload={"b": "x" * 300_000}).film().public(0)["truncated"] is True


def marked() -> Tape:
    return Tape().counted(2).add(error=ERROR, mark=2).add(error=ERROR, handled_by="retry", mark=1).add(mark=3)


def test_marks_stand_where_errors_retries_and_waits_are() -> None:
    made = marked().film()
    assert made.marks() == [Mark(3, "error"), Mark(4, "retry"), Mark(5, "wait")]
    made.edited([2, 99])
    assert made.marks()[0] == Mark(2, "edit")


def test_too_many_marks_are_the_worst_of_every_stretch() -> None:
    tape = Tape()
    for number in range(1_000):
        tape.add(error=ERROR, mark=2 if number % 10 == 3 else 1)
    made = tape.film()
    assert len(made.marks()) == 1_000
    found = made.marks(20)
    assert len(found) == 10
    assert {mark.kind for mark in found} == {"error"}
    bins = made.bins(1, 1_000, 10)
    assert [one["error"] for one in bins] == [10] * 10
    assert bins[0] == {"from": 1, "to": 100, "retry": 90, "error": 10, "wait": 0, "edit": 0}
    assert made.bins(5, 4, 10) == []


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 20))
def test_stretches_hold_every_position_once(first: int, more: int, count: int) -> None:
    found = stretches(first, first + more, count)
    assert [number for low, high in found for number in range(low, high + 1)] == list(
        range(first, first + more + 1)
    )
    assert len(found) <= count


def test_a_film_grows_and_keeps_what_it_knows() -> None:
    tape = Tape().counted(3)
    made = tape.film()
    assert made.step(3) is not None
    tape.counted(2)
    made.extend(5, over=False)
    assert (made.length, [step.id for step in made.steps(5)]) == (5, ["s1", "s2", "s3", "s4", "s5"])
    assert made.state(5).envelope["vars"] == {"x": 5}


def test_the_end_of_a_run_that_no_step_made_is_a_position() -> None:
    tape = Tape().counted(2).add(Write(("status",), "CANCELED"), ends=False)
    made = tape.film(over=True)
    assert (made.length, made.step(3), made.state(3).status) == (3, None, "CANCELED")
    assert tape.film(over=False).length == 2


def test_a_step_that_ends_after_later_ones_has_its_place_behind_them() -> None:
    class Lanes(Tape):
        def ends(self, from_seq: int) -> Iterator[tuple[int, int | None, int]]:
            yield from [row for row in ((1, self.slow, 0), (2, 2, 0), (3, 3, 0)) if row[0] >= from_seq]

    tape = Lanes().counted(4)
    tape.slow = None
    made = tape.film()
    assert [step.id for step in made.steps(9)] == ["s2", "s3"]
    tape.slow = 4
    made.extend(4, over=True)
    assert [step.id for step in made.steps(9)] == ["s2", "s3", "s1"]


def test_what_is_not_looked_at_is_not_read() -> None:
    tape = Tape().counted(5_000)
    made = tape.film()
    assert tape.reads == 0
    made.state(3_000)
    made.state(3_001)
    made.changes(3_010)
    assert tape.reads <= 4


def test_the_position_of_a_macrostep_is_the_first_at_or_behind_it() -> None:
    made = film(3)
    assert [made.position_of(seq) for seq in (0, 1, 3, 9)] == [0, 1, 3, 3]
