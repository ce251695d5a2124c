"""The rule about the error: it is read where there can be one."""

from __future__ import annotations

import pytest

from unit.validate.examples import assign, attempt, call, definition, expr, findings, loop, only, when

READ = assign("r", vars__m=expr("coalesce(error.message, '')"))
GOES_ON = {**call("go"), "onError": {"policy": "continue"}}


@pytest.mark.parametrize(
    "steps",
    [
        [attempt(call(), catch=[READ])],
        [attempt(call(), catch=[when(expr("payload.paid"), READ)])],
        [attempt(call()), READ],
        [GOES_ON, READ],
        [call(onError={"policy": "continue"}), READ],
        [loop(call(), onItemError="continue"), READ],
        [loop(READ, call(), onItemError="continue")],
        [loop(READ, GOES_ON)],
        [assign("w", **{"error.message": "x"}), READ],
        [loop(attempt(READ))],
    ],
)
def test_an_error_that_may_be_there_is_fine(steps: list[dict[str, object]]) -> None:
    assert findings(definition(*steps)) == ()


@pytest.mark.parametrize(
    "steps", [[READ], [READ, GOES_ON], [attempt(READ, catch=[call()])], [loop(READ, call())]]
)
def test_an_error_that_cannot_be_there_is_warned_about(steps: list[dict[str, object]]) -> None:
    found = only(definition(*steps), "ERROR_OUTSIDE_CATCH")
    assert (found.severity, found.step_id) == ("warning", "r")
