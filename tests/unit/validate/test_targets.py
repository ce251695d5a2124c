"""Write sites: what each kind of step writes, and from when on."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import Made, assign, attempt, call, expr, loop, make_catalog
from wfnb.validate.raw import RawStep
from wfnb.validate.targets import WriteSite, step_writes

CHILD = {"id": "w", "type": "control.callWorkflow", "outputMapping": {"a": expr("1"), "payload.b": expr("2")}}


def writes(raw: dict[str, Any]) -> list[WriteSite]:
    return list(step_writes(RawStep("root.steps[3]", 3, raw), make_catalog()))


@pytest.mark.parametrize(
    ("raw", "paths"),
    [
        ({"type": "state.set", "config": {"state": "X"}}, [("meta", "state")]),
        (assign(vars__a=1, **{"/b": 2}), [("vars", "a"), ("payload", "b")]),
        (call(saveAs="made"), [("vars", "made")]),
        (call(), []),
        (call(saveAs=5), []),
        (CHILD, [("vars", "a"), ("payload", "b")]),
        (attempt(captureErrorAs="problem"), [("vars", "problem")]),
        (attempt(), []),
        (loop(), [("vars", "itemErrors")]),
        ({"type": "email.parseBody"}, [("payload", "parsedEmail")]),
        ({"type": "email.parseBody", "config": {"saveAs": "mine"}}, [("vars", "mine")]),
        ({"type": "text.wrap", "config": {"saveAs": "wrapped"}}, [("vars", "wrapped")]),
        ({"type": "control.return"}, []),
        ({"type": "no.such", "config": {"assign": {"vars.x": 1}}}, []),
    ],
)
def test_each_kind_of_step_writes_its_places(raw: dict[str, Any], paths: list[tuple[str, ...]]) -> None:
    assert [write.path for write in writes(raw)] == paths


def test_a_place_that_cannot_be_written_keeps_its_fault() -> None:
    [write] = writes(assign(x=1))
    assert write.path is None
    assert write.fault is not None
    assert write.fault.code == "INVALID_ASSIGN_PATH"


def test_the_model_of_a_result_is_the_output_of_its_action() -> None:
    assert [write.model for write in writes(call(saveAs="made"))] == [Made]
    assert [write.model for write in writes(call(saveAs="made", version=9))] == [None]


def test_a_write_is_before_what_comes_later_only() -> None:
    first, second = writes(assign(vars__a=1, vars__b=2))
    step = first.step
    assert not first.is_before(step, (3, 0))
    assert first.is_before(step, (3, 1))
    assert not second.is_before(step, (3, 1))
    assert second.is_before(step, (4, 0))


def test_a_captured_error_is_not_there_inside_the_try() -> None:
    [write] = writes(attempt(captureErrorAs="problem"))
    inside, behind = RawStep("root.steps[3].try.steps[0]", 4, {}), RawStep("root.steps[4]", 5, {})
    assert not write.is_before(inside, (4, 0))
    assert write.is_before(behind, (5, 0))
