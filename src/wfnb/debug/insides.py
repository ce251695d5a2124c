"""Microsteps as people see them: what was evaluated, what happened, what was written; without secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from wfnb.debug.conditions import value_of
from wfnb.debug.microsteps import Evaluation, Happened, Microstep
from wfnb.errors import ExpressionError
from wfnb.model.paths import definition_path
from wfnb.model.values import DELETE, JsonValue, get_path
from wfnb.security.redact import MASK, cap, is_secret_name, redact, scrub

__all__ = ["inside_json"]

Mask = Callable[[dict[str, JsonValue]], dict[str, JsonValue]]
"""What makes an envelope fit to be shown."""

_MOST: Final = 200  # microsteps that are shown of one step
_VALUE_BYTES: Final = 16_384


def inside_json(
    inside: Sequence[Microstep], mask: Mask, secrets: Iterable[str] = ()
) -> list[dict[str, JsonValue]]:
    """Microsteps as JSON; no text of them quotes one of the `secrets`."""
    known = tuple(secrets)
    return [scrub(_json(number, one, mask), known) for number, one in enumerate(inside[:_MOST], 1)]


def _json(number: int, one: Microstep, mask: Mask) -> dict[str, JsonValue]:
    what = one.what
    base: dict[str, JsonValue] = {"number": number, "kind": what.kind, "seq": one.seq}
    return base | (
        _evaluation(what, one, mask) if isinstance(what, Evaluation) else _happened(what, one, mask)
    )


def _evaluation(what: Evaluation, one: Microstep, mask: Mask) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {"field": what.field, "expression": what.source}
    if what.error is not None:
        return told | {"error": what.error}
    return told | {"value": cap(_shown(what, mask(one.envelope)), _VALUE_BYTES)}


def _shown(what: Evaluation, envelope: dict[str, JsonValue]) -> JsonValue:
    """The value as it comes out when secrets are masked: so none can come through, however it is cut or joined."""
    name = what.field.rpartition(".")[2]
    if is_secret_name(name) and not isinstance(what.value, dict | list | bool):
        return MASK
    try:
        there, value = value_of(what.source, envelope, what.at_us, variables=redact(what.variables))
    except ExpressionError:
        return MASK
    return redact(value) if there else MASK


def _happened(what: Happened, one: Microstep, mask: Mask) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {"event": what.name, **what.facts}
    if what.instance is not None:
        told |= {"instance": what.instance, "path": definition_path(what.instance)}
    paths = [path[1:] for path in what.writes if path[0] == "envelope"]
    shown = mask(one.envelope) if paths else {}
    values = [(path, get_path(shown, path, DELETE)) for path in paths]
    return told | {
        "writes": [
            {"path": list(path)} | ({} if value is DELETE else {"value": cap(value, _VALUE_BYTES)})
            for path, value in values
        ]
    }
