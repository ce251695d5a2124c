"""Performers: they call the function of an action and turn whatever happens into an output or a typed error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from wfnb.errors import ActionError, StepError, WfnbError
from wfnb.model.values import JsonValue, check_json
from wfnb.registry.actions import Action, ActionContext
from wfnb.security.escape import visible
from wfnb.security.output import masked_output
from wfnb.security.taint import Taint

__all__ = ["InlinePerformer", "Performer", "ThreadPerformer"]

_MESSAGE_CHARS = 500  # an error text is for people; a page of it is not


class Performer(Protocol):
    """Performs one call of an action."""

    async def perform(self, action: Action, data: JsonValue, context: ActionContext) -> JsonValue:
        """The output as JSON.

        Raises
        ------
        WfnbError
            Always typed: a StepError keeps its category, anything else becomes an ActionError.
        """

    def widen(self, size: int) -> None:
        """Be able to have so many calls under way at once."""

    def close(self) -> None:
        """Give threads back."""


class InlinePerformer:
    """Calls actions on the engine's own thread, one after another: for tests, and for simulated time."""

    async def perform(self, action: Action, data: JsonValue, context: ActionContext) -> JsonValue:
        """See `Performer.perform`."""
        call = _prepare(action, data, context)
        taint = context.taint
        return await _finish(action, call, taint) if action.is_async else _guard(action, call, taint)

    def widen(self, size: int) -> None:
        """Nothing to widen: one call after another."""

    def close(self) -> None:
        """Nothing to give back."""


class ThreadPerformer:
    """Calls actions on a pool of threads; coroutine functions on the engine's loop.

    Parameters
    ----------
    size
        Calls that may be under way at once.
    """

    def __init__(self, size: int = 8) -> None:
        self._size = size
        self._pool = _threads(size)

    def widen(self, size: int) -> None:
        """See `Performer.widen`. Calls that are under way end on the threads they have."""
        if size > self._size:
            self._pool.shutdown(wait=False)
            self._size, self._pool = size, _threads(size)

    async def perform(self, action: Action, data: JsonValue, context: ActionContext) -> JsonValue:
        """See `Performer.perform`."""
        call = _prepare(action, data, context)
        if action.is_async:
            return await _finish(action, call, context.taint)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _guard, action, call, context.taint)

    def close(self) -> None:
        """Take no further calls; those under way end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _threads(size: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(size, thread_name_prefix="wfnb-action")


def _prepare(action: Action, data: JsonValue, context: ActionContext) -> Callable[[], Any]:
    model = action.parse_input(data)
    arguments = (model, context) if action.takes_context else (model,)
    return lambda: action.function(*arguments)


def _guard(action: Action, call: Callable[[], Any], taint: Taint) -> JsonValue:
    try:
        with masked_output(taint):
            result = call()
    except Exception as error:
        raise _typed(action, error, taint) from error
    return _checked(action, result)


async def _finish(action: Action, call: Callable[[], Any], taint: Taint) -> JsonValue:
    try:
        with masked_output(taint):
            result = await call()
    except Exception as error:
        raise _typed(action, error, taint) from error
    return _checked(action, result)


def _checked(action: Action, result: Any) -> JsonValue:
    return check_json(action.dump_output(result), where=f"output of {action.id}@{action.version}")


def _typed(action: Action, error: Exception, taint: Taint) -> WfnbError:
    if isinstance(error, StepError):
        return error
    if isinstance(error, WfnbError):
        return ActionError(error.message, code=error.code, where=error.where, hint=error.hint)
    # Masked before it is cut: half a secret is too much.
    text = visible(taint.text(str(error)), _MESSAGE_CHARS)
    detail = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return ActionError(f"{action.id}@{action.version} failed: {detail}", code="ACTION_FAILED")
