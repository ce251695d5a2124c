"""The rule about the order of writes and reads in vars."""

from __future__ import annotations

from unit.validate.examples import assign, attempt, call, definition, expr, findings, loop, only, when


def test_a_read_after_the_write_is_fine() -> None:
    assert findings(definition(call(saveAs="made"), assign(vars__x=expr("vars.made.ok")))) == ()


def test_a_read_before_the_write_is_warned_about() -> None:
    found = only(definition(assign(vars__x=expr("vars.made.ok")), call(saveAs="made")), "READS_LATER_RESULT")
    assert (found.severity, found.step_id, found.field) == ("warning", "a", "config.assign.vars.x")
    assert "“c” writes it later" in found.message


def test_assignments_of_one_step_are_made_in_order() -> None:
    assert findings(definition(assign(vars__a=1, vars__b=expr("vars.a")))) == ()
    only(definition(assign(vars__b=expr("vars.a"), vars__a=1)), "READS_LATER_RESULT")


def test_a_value_may_be_carried_from_one_round_of_a_loop_to_the_next() -> None:
    body = [assign("r", vars__x=expr("coalesce(vars.last, 0)")), assign("w", vars__last=1)]
    assert findings(definition(loop(*body))) == ()
    assert [one.code for one in findings(definition(*body))] == ["READS_LATER_RESULT"]


def test_a_counter_that_reads_itself_is_fine() -> None:
    assert findings(definition(assign(vars__n=expr("coalesce(vars.n, 0) + 1")))) == ()


def test_a_branch_written_first_counts_as_written() -> None:
    steps = [
        when(expr("payload.paid"), assign("a", vars__x=1)),
        assign("b", vars__y=expr("coalesce(vars.x, 0)")),
    ]
    assert findings(definition(*steps)) == ()


def test_a_captured_error_is_there_in_the_catch_and_not_in_the_try() -> None:
    read = assign("r", vars__m=expr("vars.problem.message"))
    assert findings(definition(attempt(call(), catch=[read], captureErrorAs="problem"))) == ()
    assert only(definition(attempt(read, captureErrorAs="problem")), "READS_LATER_RESULT").step_id == "r"
