"""Actions: typed functions that reach the world, registered by id and version."""

from __future__ import annotations

import functools
import inspect
import math
import typing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel
from pydantic import ValidationError as PydanticError

from wfnb.errors import RegistryError, ValidationError
from wfnb.model.policies import RetryPolicy
from wfnb.model.values import JsonValue
from wfnb.security.taint import CLEAN, Taint

__all__ = [
    "Action",
    "ActionContext",
    "ActionRegistry",
    "Idempotency",
    "InDoubt",
    "describe_fault",
    "validate_model",
]

Idempotency = Literal["engine"] | Callable[[Any], str] | None
"""``"engine"``: the key is made from run and instance path. A function: the key is made from the input. None: no key."""


LogSink = Callable[[str, str, dict[str, JsonValue]], None]
"""Takes level, message and context of a log line."""


def _forget(_level: str, _message: str, _context: dict[str, JsonValue]) -> None:
    """Where nobody keeps a log."""


InDoubt = Literal["repeat", "hold"] | Callable[[str], Any]
"""What becomes of a call that was under way when its process died. ``"repeat"``: it is performed again with the same key.
``"hold"``: a person says. A function: asked by the key, it gives the output, or None when the call never arrived."""


@dataclass(frozen=True, slots=True)
class ActionContext:
    """What an action may know about its call.

    Parameters
    ----------
    run_id, instance_path
        The run, and the execution of the step inside it.
    idempotency_key
        The same for every attempt of the same call. Hand it to whatever you write to.
    attempt
        1 for the first try of this call.
    now
        ISO time of the call, from the run's clock.
    taint
        Masks the secrets that this call was given: ``ctx.taint.text(line)`` for logs of your own.
    sink
        Takes what `log` is given.
    """

    run_id: str
    instance_path: str
    idempotency_key: str
    attempt: int
    now: str
    taint: Taint = CLEAN
    sink: LogSink = _forget

    def log(self, level: str, message: str, **context: JsonValue) -> None:
        """Write a line into the log of the run; secrets of the call are masked. It is there at once, whatever becomes of the call.

        Parameters
        ----------
        level
            ``DEBUG``, ``INFO``, ``WARN`` or ``ERROR``.
        message
            A sentence for people.
        context
            Facts for programs.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT``, ``NOT_JSON``.
        """
        self.sink(level, message, context)


@dataclass(frozen=True, slots=True)
class Action:
    """A registered action: the function, its models, how it may be repeated, and what of it people are shown."""

    id: str
    version: int
    function: Callable[..., Any]
    input_model: type[BaseModel]
    output_model: type[BaseModel]
    takes_context: bool
    side_effect: bool = False
    idempotency: Idempotency = None
    retry: RetryPolicy | None = None
    label: str = ""
    category: str = ""
    description: str = ""
    examples: tuple[JsonValue, ...] = ()
    may_return_secrets: bool = False
    redact_input: tuple[str, ...] = ()
    redact_output: tuple[str, ...] = ()
    in_doubt: InDoubt = "repeat"

    @property
    def is_async(self) -> bool:
        """Whether the function is a coroutine function."""
        return inspect.iscoroutinefunction(self.function)

    def input_schema(self) -> dict[str, JsonValue]:
        """JSON Schema of the input."""
        return _schema(self.input_model, "validation")

    def output_schema(self) -> dict[str, JsonValue]:
        """JSON Schema of the output."""
        return _schema(self.output_model, "serialization")

    def key_of(self, data: JsonValue) -> str | None:
        """The key the action itself makes from its input, or None when the engine makes it.

        Raises
        ------
        ValidationError
            When the input does not fit the input model.
        """
        if not callable(self.idempotency):
            return None
        return str(self.idempotency(self.parse_input(data)))

    def parse_input(self, data: JsonValue) -> BaseModel:
        """The input as its model.

        Raises
        ------
        ValidationError
            ``VALIDATION_ERROR`` naming the first field at fault; values are never quoted.
        """
        return validate_model(self.input_model, data, what=f"The input of {self.id}@{self.version}")

    def dump_output(self, result: Any) -> JsonValue:
        """The output as JSON, checked against the output model.

        Raises
        ------
        ValidationError
            ``VALIDATION_ERROR`` when the function returned something else than it promised.
        """
        what = f"The output of {self.id}@{self.version}"
        model = (
            result
            if isinstance(result, self.output_model)
            else validate_model(self.output_model, result, what=what)
        )
        # The JSON mode of pydantic turns NaN and infinity into null, and nobody would know.
        if _not_finite(model.model_dump()):
            raise ValidationError(f"{what} holds a number that is not finite.", code="NOT_JSON")
        return model.model_dump(mode="json", by_alias=True)


def _not_finite(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(map(_not_finite, value.values()))
    return isinstance(value, list | tuple | set) and any(map(_not_finite, value))


def validate_model(model: type[BaseModel], data: Any, *, what: str) -> BaseModel:
    """`data` as `model`; the error names fields and never quotes values, which may be secret.

    Raises
    ------
    ValidationError
        ``VALIDATION_ERROR``.
    """
    try:
        return model.model_validate(data)
    except PydanticError as error:
        raise ValidationError(f"{what} does not fit: {describe_fault(error)}.") from None
    except Exception as error:
        # A validator of the model's own may raise anything.
        raise ValidationError(f"{what} made its model fail with {type(error).__name__}.") from error


def describe_fault(error: PydanticError) -> str:
    """The faults of a pydantic error as ``field: message``, joined; without any value."""
    faults = error.errors(include_input=False, include_context=False, include_url=False)
    lines = [
        f"{'.'.join(map(str, f['loc'])) or 'value'}: {f['msg'].removeprefix('Value error, ')}"
        for f in faults[:5]
    ]
    more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
    return "; ".join(lines) + more


@functools.lru_cache(maxsize=1024)
def _schema(model: type[BaseModel], mode: Literal["validation", "serialization"]) -> dict[str, JsonValue]:
    return model.model_json_schema(by_alias=True, mode=mode)


@dataclass(slots=True)
class ActionRegistry:
    """Actions by id and version; registering the same twice is an error."""

    _actions: dict[tuple[str, int], Action] = field(default_factory=dict)

    def adopt(self, action: Action) -> None:
        """Take over an action that another registry has checked."""
        self._actions[action.id, action.version] = action

    def add(
        self,
        function: Callable[..., Any],
        *,
        id: str,  # noqa: A002 - the public word is "id"
        version: int = 1,
        side_effect: bool = False,
        idempotency: Idempotency = None,
        retry: RetryPolicy | dict[str, Any] | None = None,
        label: str = "",
        category: str = "",
        description: str = "",
        examples: Sequence[JsonValue] = (),
        may_return_secrets: bool = False,
        redact_input: Sequence[str] = (),
        redact_output: Sequence[str] = (),
        in_doubt: InDoubt = "repeat",
    ) -> Action:
        """Register a function as an action.

        Raises
        ------
        RegistryError
            ``ALREADY_REGISTERED``; ``INCOMPLETE_ACTION`` when id, version, a model or the idempotency of a side effect is
            missing, or what it hides is no JSON pointer.
        """
        where = f"action {id}@{version}"
        if not isinstance(id, str) or not id or type(version) is not int or version < 1:
            raise RegistryError(
                "An action needs an id and a version of 1 or more.", code="INCOMPLETE_ACTION", where=where
            )
        if (id, version) in self._actions:
            raise RegistryError(
                f"The action {id}@{version} is registered already.",
                code="ALREADY_REGISTERED",
                where=where,
                hint="Give the new contract a new version, so that old runs keep theirs.",
            )
        if in_doubt not in ("repeat", "hold") and not callable(in_doubt):
            raise RegistryError(
                "What becomes of a call in doubt is repeat, hold, or a function.",
                code="INCOMPLETE_ACTION",
                where=where,
            )
        if side_effect and idempotency is None:
            raise RegistryError(
                "An action with a side effect must say how it is recognised when it is repeated.",
                code="INCOMPLETE_ACTION",
                where=where,
                hint='Pass idempotency="engine", or a function that makes the key from the input.',
            )
        input_model, output_model, takes_context = _signature(function, where)
        policy = retry if isinstance(retry, RetryPolicy) or retry is None else _policy(retry, where)
        action = Action(
            id, version, function, input_model, output_model, takes_context, side_effect, idempotency, policy,
            label or id.replace("_", " "), category, description or inspect.getdoc(function) or "", tuple(examples),
            may_return_secrets, _pointers(redact_input, where), _pointers(redact_output, where), in_doubt,
        )  # fmt: skip
        self._actions[id, version] = action
        return action

    def get(self, id: str, version: int) -> Action | None:  # noqa: A002 - the public word is "id"
        """The action, or None."""
        return self._actions.get((id, version))

    def names(self) -> list[str]:
        """All ids, sorted, each once."""
        return sorted({name for name, _ in self._actions})

    def versions(self, id: str) -> list[int]:  # noqa: A002 - the public word is "id"
        """Registered versions of an id, ascending."""
        return sorted(version for name, version in self._actions if name == id)

    def __iter__(self) -> Iterator[Action]:
        return iter(sorted(self._actions.values(), key=lambda action: (action.id, action.version)))

    def __len__(self) -> int:
        return len(self._actions)


def _pointers(given: Sequence[str], where: str) -> tuple[str, ...]:
    if isinstance(given, str) or not all(isinstance(one, str) and one[:1] in ("", "/") for one in given):
        raise RegistryError(
            "What an action hides is a list of JSON pointers.",
            code="INCOMPLETE_ACTION",
            where=where,
            hint='Write redact_input=("/card/number",).',
        )
    return tuple(given)


def _policy(retry: dict[str, Any], where: str) -> RetryPolicy:
    try:
        return RetryPolicy.model_validate(retry)
    except PydanticError as error:
        raise RegistryError(
            f"The retry policy does not fit: {describe_fault(error)}.", code="INCOMPLETE_ACTION", where=where
        ) from None


def _signature(function: Callable[..., Any], where: str) -> tuple[type[BaseModel], type[BaseModel], bool]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
        hints = typing.get_type_hints(function)
    except (NameError, TypeError, ValueError, AttributeError) as error:
        raise RegistryError(
            f"The signature cannot be read: {error}.", code="INCOMPLETE_ACTION", where=where
        ) from None
    given = hints.get(parameters[0].name) if parameters else None
    result = hints.get("return")
    if not _is_model(given) or not _is_model(result) or len(parameters) > 2:
        raise RegistryError(
            "An action is a function from one pydantic model to another, with type hints on both.",
            code="INCOMPLETE_ACTION",
            where=where,
            hint="Write def act(data: Input) -> Output, or def act(data: Input, ctx: ActionContext) -> Output.",
        )
    return given, result, len(parameters) == 2  # type: ignore[return-value]  # narrowed by _is_model


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, BaseModel)
