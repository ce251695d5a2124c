"""Node steps: assignments, and calls of actions."""

from __future__ import annotations

import hashlib

from wfnb.errors import ActionError, ValidationError, WfnbError
from wfnb.machine.messages import InvocationScheduled
from wfnb.machine.pipeline.control import succeed
from wfnb.machine.pipeline.turn import Turn
from wfnb.model.secret_names import SECRET
from wfnb.model.values import JsonValue, Write, apply_writes, canonical_json
from wfnb.validate.program import ActionBinding, LinkedStep

__all__ = ["begin_node", "call_value"]


def begin_node(turn: Turn, step: LinkedStep) -> None:
    """Begin a node step: make its assignments, or schedule its action.

    Raises
    ------
    WfnbError
        When an expression fails or an input does not fit.
    """
    if step.kind == "assign":
        succeed(turn, tuple(turn.assignments(step.targets)))
        return
    inputs = _inputs(turn, step)
    data: JsonValue = inputs
    if step.shape is not None:
        data = step.shape.begin(inputs)
        if data is None:
            succeed(turn, _saved(step, step.shape.finish(inputs, None)))
            return
    _schedule(turn, step, data)


def call_value(turn: Turn, step: LinkedStep, output: JsonValue) -> tuple[Write, ...]:
    """Writes of a call that gave `output`."""
    if step.shape is not None:
        output = step.shape.finish(_inputs(turn, step), output)
    return _saved(step, output)


def _inputs(turn: Turn, step: LinkedStep) -> dict[str, JsonValue]:
    value = turn.value(step.inputs) if step.inputs is not None else {}
    if not isinstance(value, dict):
        raise ValidationError("The inputs of a call are an object of fields.", where="inputMapping")
    return value


def _saved(step: LinkedStep, value: JsonValue) -> tuple[Write, ...]:
    return (Write(("envelope", *step.save_as), value),) if step.save_as else ()


def _schedule(turn: Turn, step: LinkedStep, data: JsonValue) -> None:
    if step.action is None:
        raise AssertionError("a call is linked with its action")
    effect_id = f"{turn.instance}#{turn.attempt}"
    turn.emit(
        InvocationScheduled(
            at_us=turn.at_us,
            effect_id=effect_id,
            instance=turn.instance,
            action_id=step.action.id,
            action_version=step.action.version,
            key=_own(turn, _key(turn, step, step.action, data)),
            input=data,
            attempt=turn.attempt,
            writes=(Write(("pending", effect_id), {"kind": "action", "instance": turn.instance}),),
        )
    )


def _key(turn: Turn, step: LinkedStep, action: ActionBinding, data: JsonValue) -> str:
    """The explicit key, else the action's own, else one made from run and instance path: stable over attempts."""
    if step.key is not None:
        value = turn.value(step.key)
        if value is None or isinstance(value, dict | list):
            raise ValidationError(
                "The idempotency key is not text or a number.",
                code="INVALID_IDEMPOTENCY_KEY",
                where="idempotencyKey",
            )
        return value if isinstance(value, str) else canonical_json(value)
    try:
        own = action.key_of(_with_names(step, data))
    except WfnbError:
        raise
    except Exception as error:
        raise ActionError(
            f"The key of {action.id}@{action.version} could not be made: {type(error).__name__}."
        ) from error
    return own if own is not None else _engine_key(turn, action)


def _own(turn: Turn, key: str) -> str:
    """A key as one of its tenant, and of its fork: what one has done is never the answer to another."""
    tenant = turn.state.envelope["run"].get("tenant")
    if turn.forked:
        key = f"{turn.state.run_id}/{key}"
    return key if tenant is None else f"{tenant}:{key}"


def _with_names(step: LinkedStep, data: JsonValue) -> JsonValue:
    """The input with a text in place of every secret: a key is made from which secret it is, not from its value."""
    found = tuple(step.inputs.secrets()) if step.inputs is not None else ()
    return apply_writes(data, [Write(path, f"{SECRET}:{name}") for path, name in found]) if found else data


def _engine_key(turn: Turn, action: ActionBinding) -> str:
    facts = canonical_json([turn.state.run_id, turn.instance, action.id, action.version])
    return hashlib.sha256(facts.encode()).hexdigest()[:40]
