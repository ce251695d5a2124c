"""Secrets of a call: references become values just before it, in memory only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wfnb.errors import ExpressionError, SecretError, WfnbError
from wfnb.model.paths import definition_path
from wfnb.model.values import JsonValue, Write, apply_writes
from wfnb.security.taint import CLEAN, Taint
from wfnb.validate.program import Program

__all__ = ["NO_SECRETS", "Call", "NoSecrets", "Secrets", "masked_error", "not_found", "with_secrets"]


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks for a secret: the call of a run; stands in the audit."""

    run_id: str
    tenant: str
    instance: str


class Secrets(Protocol):
    """Where values of secrets come from."""

    def reveal(self, names: Sequence[str], call: Call) -> Mapping[str, str]:
        """The values by name.

        Raises
        ------
        SecretError
            ``SECRET_NOT_FOUND``, or why the value cannot be opened.
        """


class NoSecrets:
    """An engine without a vault."""

    def reveal(self, names: Sequence[str], call: Call) -> Mapping[str, str]:
        """See `Secrets.reveal`."""
        raise not_found(names[0], call.instance)


NO_SECRETS = NoSecrets()


def not_found(name: str, where: str) -> SecretError:
    """The error for a secret that is not there."""
    return SecretError(
        f"There is no secret {name}.",
        code="SECRET_NOT_FOUND",
        where=where,
        hint=f'Store it with ws.secrets.ask("{name}") and try the run again.',
    )


def with_secrets(program: Program, data: JsonValue, call: Call, secrets: Secrets) -> tuple[JsonValue, Taint]:
    """The input of a call with values in place of references, and what masks those values.

    Only references that the definition wrote are resolved, at the places where it wrote them. One that came with the payload,
    or with the output of another action, stays what it is: data.
    """
    step = program.step(definition_path(call.instance))
    found = tuple(step.inputs.secrets()) if step is not None and step.inputs is not None else ()
    if not found:
        return data, CLEAN
    values = secrets.reveal(tuple(dict.fromkeys(name for _, name in found)), call)
    return apply_writes(data, [Write(path, values[name]) for path, name in found]), Taint(values.values())


def masked_error(error: WfnbError, taint: Taint) -> WfnbError:
    """The error without the secrets of its call: masked before anything of it is cut or escaped."""
    if taint:
        error.code, error.message = taint.text(str(error.code)), taint.text(str(error.message))
        error.where, error.hint = _text(error.where, taint), _text(error.hint, taint)
        if isinstance(error, ExpressionError):
            error.source, error.field = _text(error.source, taint), _text(error.field, taint)
    return error


def _text(text: str | None, taint: Taint) -> str | None:
    return None if text is None else taint.text(str(text))
