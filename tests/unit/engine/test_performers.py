"""Performers: whatever an action does becomes an output or a typed error."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from wfnb.engine.performers import InlinePerformer, Performer, ThreadPerformer
from wfnb.errors import ActionError, DefinitionError, TransientError, ValidationError, WfnbError
from wfnb.registry.actions import ActionContext, ActionRegistry


class Number(BaseModel):
    n: int


class Loose(BaseModel):
    value: Any = None


@pytest.fixture(params=[InlinePerformer, ThreadPerformer])
def performer(request: pytest.FixtureRequest) -> Any:
    made = request.param()
    yield made
    made.close()


def perform(performer: Performer, function: Callable[..., Any], data: Any) -> Any:
    action = ActionRegistry().add(function, id="act")
    context = ActionContext("run-0001", "root.steps[0]", "key", 1, "2026-01-01T00:00:00.000Z")
    return asyncio.run(performer.perform(action, data, context))


def test_the_output_is_json(performer: Performer) -> None:
    def act(data: Number) -> Number:
        return Number(n=data.n + 1)

    assert perform(performer, act, {"n": 1}) == {"n": 2}


def test_an_action_may_ask_for_its_context(performer: Performer) -> None:
    def act(data: Number, ctx: ActionContext) -> Loose:
        return Loose(value=[ctx.idempotency_key, ctx.attempt])

    assert perform(performer, act, {"n": 1}) == {"value": ["key", 1]}


def test_coroutine_functions_are_awaited(performer: Performer) -> None:
    async def act(data: Number) -> Number:
        await asyncio.sleep(0)
        return data

    assert perform(performer, act, {"n": 3}) == {"n": 3}


@pytest.mark.defect("D-17")
@pytest.mark.parametrize(
    ("raised", "kind", "code"),
    [
        (TransientError("Busy."), TransientError, "TRANSIENT_FAILURE"),
        (ActionError("No.", code="NO"), ActionError, "NO"),
        (DefinitionError("Odd.", code="ODD"), ActionError, "ODD"),
        (KeyError("x"), ActionError, "ACTION_FAILED"),
        (ValueError("a\x1b[31m" + "b" * 5000), ActionError, "ACTION_FAILED"),
    ],
)
def test_every_failure_is_typed(
    performer: Performer, raised: Exception, kind: type[WfnbError], code: str
) -> None:
    def act(data: Number) -> Number:
        raise raised

    with pytest.raises(kind) as caught:
        perform(performer, act, {"n": 1})
    assert caught.value.code == code
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 600


@pytest.mark.behaviour(77)
def test_input_that_does_not_fit_never_reaches_the_action(performer: Performer) -> None:
    def act(data: Number) -> Number:
        raise AssertionError

    with pytest.raises(ValidationError) as caught:
        perform(performer, act, {"n": "secret-value"})
    assert "n:" in caught.value.message
    assert "secret-value" not in str(caught.value)


@pytest.mark.behaviour(9, 78)
@pytest.mark.parametrize("value", [float("nan"), "\ud800"])
def test_output_that_is_no_json_is_refused(performer: Performer, value: Any) -> None:
    def act(data: Number) -> Loose:
        return Loose.model_construct(value=value)

    with pytest.raises(WfnbError):
        perform(performer, act, {"n": 1})


def test_dates_become_text(performer: Performer) -> None:
    def act(data: Number) -> Loose:
        return Loose(value=datetime(2026, 1, 1, tzinfo=UTC))

    assert perform(performer, act, {"n": 1}) == {"value": "2026-01-01T00:00:00Z"}


def test_threads_do_not_block_the_loop() -> None:
    performer = ThreadPerformer(2)
    gate = threading.Event()

    def slow(data: Number) -> Number:
        gate.wait(60)
        return data

    def quick(data: Number) -> Number:
        gate.set()
        return data

    async def both() -> list[Any]:
        registry = ActionRegistry()
        actions = [registry.add(slow, id="slow"), registry.add(quick, id="quick")]
        context = ActionContext("r", "i", "k", 1, "")
        return await asyncio.gather(*(performer.perform(a, {"n": 1}, context) for a in actions))

    assert asyncio.run(both()) == [{"n": 1}, {"n": 1}]
    performer.close()
