"""Actions: what can be registered, and how an action treats its input and output."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field, model_validator

from wfnb.errors import RegistryError, ValidationError
from wfnb.model.policies import RetryPolicy
from wfnb.registry.actions import ActionContext, ActionRegistry


class In(BaseModel):
    ticket_title: str = Field(alias="ticketTitle")


class Out(BaseModel):
    ticket_id: str = Field(alias="ticketId")


class Fragile(BaseModel):
    x: int

    @model_validator(mode="before")
    @classmethod
    def crash(cls, data: Any) -> Any:
        raise KeyError("x")


def act(data: In) -> Out:
    """Make a ticket."""
    return Out(ticketId=data.ticket_title)


async def act_later(data: In, ctx: ActionContext) -> Out:
    return Out(ticketId=ctx.run_id + data.ticket_title)


def frail(data: Fragile) -> Out:
    return Out(ticketId=str(data.x))


def no_hints(data, ctx):
    return data


def no_models(data: dict[str, Any]) -> dict[str, Any]:
    return data


def too_many(data: In, ctx: ActionContext, more: int) -> Out:
    return act(data)


def unknown_hint(data: Nowhere) -> Out:  # type: ignore[name-defined]  # noqa: F821 - that is the point
    return Out(ticketId="")


def test_a_registered_action_is_described_by_its_function() -> None:
    actions = ActionRegistry()
    action = actions.add(act, id="make_ticket")
    assert actions.get("make_ticket", 1) is action
    assert (action.label, action.description, action.takes_context, action.is_async) == (
        "make ticket",
        "Make a ticket.",
        False,
        False,
    )


def test_a_second_parameter_is_the_context() -> None:
    action = ActionRegistry().add(act_later, id="later")
    assert (action.takes_context, action.is_async) == (True, True)


def test_actions_are_listed_by_id_and_version() -> None:
    actions = ActionRegistry()
    for name, version in (("b", 1), ("a", 10), ("a", 2)):
        actions.add(act, id=name, version=version)
    assert actions.names() == ["a", "b"]
    assert actions.versions("a") == [2, 10]
    assert actions.versions("none") == []
    assert [(action.id, action.version) for action in actions] == [("a", 2), ("a", 10), ("b", 1)]
    assert len(actions) == 3
    assert actions.get("a", 1) is None


def test_the_same_version_cannot_be_registered_twice() -> None:
    actions = ActionRegistry()
    actions.add(act, id="a")
    with pytest.raises(RegistryError) as caught:
        actions.add(act_later, id="a")
    assert caught.value.code == "ALREADY_REGISTERED"


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (act, {"id": ""}),
        (act, {"id": "a", "version": 0}),
        (act, {"id": "a", "side_effect": True}),
        (act, {"id": "a", "retry": {"maxAttempts": 0}}),
        (no_hints, {"id": "a"}),
        (no_models, {"id": "a"}),
        (too_many, {"id": "a"}),
        (unknown_hint, {"id": "a"}),
        (5, {"id": "a"}),
    ],
)
def test_an_incomplete_action_is_refused(function: Any, options: dict[str, Any]) -> None:
    with pytest.raises(RegistryError) as caught:
        ActionRegistry().add(function, **options)
    assert caught.value.code == "INCOMPLETE_ACTION"


@pytest.mark.behaviour(59)
def test_a_side_effect_needs_a_way_to_be_recognised() -> None:
    actions = ActionRegistry()
    engine = actions.add(act, id="a", side_effect=True, idempotency="engine")
    own = actions.add(act, id="b", side_effect=True, idempotency=lambda data: data.ticket_title)
    assert engine.key_of({"ticketTitle": "x"}) is None
    assert own.key_of({"ticketTitle": "x"}) == "x"


@pytest.mark.behaviour(59)
def test_a_retry_policy_may_be_written_as_in_a_definition() -> None:
    action = ActionRegistry().add(act, id="a", retry={"maxAttempts": 3, "backoffMs": 10})
    assert action.retry == RetryPolicy(max_attempts=3, backoff_ms=10)


def test_schemas_have_the_names_that_are_written() -> None:
    action = ActionRegistry().add(act, id="a")
    assert action.input_schema()["required"] == ["ticketTitle"]
    assert action.output_schema()["required"] == ["ticketId"]


def test_input_and_output_go_by_their_models() -> None:
    action = ActionRegistry().add(act, id="a")
    assert action.parse_input({"ticketTitle": "x"}) == In(ticketTitle="x")
    assert action.dump_output(Out(ticketId="7")) == action.dump_output({"ticketId": "7"}) == {"ticketId": "7"}


@pytest.mark.parametrize("output", [None, {}, {"ticketId": 5}, "7"])
def test_another_output_than_promised_is_refused(output: Any) -> None:
    with pytest.raises(ValidationError):
        ActionRegistry().add(act, id="a").dump_output(output)


def test_a_message_names_the_field_and_never_the_value() -> None:
    with pytest.raises(ValidationError, match="ticketTitle") as caught:
        ActionRegistry().add(act, id="a").parse_input({"ticketTitle": ["s3cret"]})
    assert "s3cret" not in str(caught.value)


def test_a_model_that_fails_by_itself_gives_a_typed_error() -> None:
    with pytest.raises(ValidationError, match="KeyError"):
        ActionRegistry().add(frail, id="a").parse_input({"x": 1})
