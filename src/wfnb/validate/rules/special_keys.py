"""Rule: a key that begins with $ is one that means something, and nothing stands beside $expr or $secret."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.model.values import JsonValue
from wfnb.validate.findings import Finding, nearest
from wfnb.validate.raw import RawStep
from wfnb.validate.sites import step_values
from wfnb.validate.source import Source

__all__ = ["check"]

_KNOWN = ("$expr", "$secret")


def check(source: Source) -> Iterator[Finding]:
    """A warning for every special key that means nothing, and for keys that an expression or a secret hides."""
    for step in source.steps:
        for field, _, value in step_values(step):
            yield from _keys(step, field, value)


def _keys(step: RawStep, field: str, value: JsonValue) -> Iterator[Finding]:
    for key in value:
        if key.startswith("$") and key not in _KNOWN:
            hint = (
                nearest(key, _KNOWN) or "Special keys are $expr and $secret; other keys do not begin with $."
            )
            message = f"The key “{key}” in {field} means nothing special; it is passed on as it is."
            yield step.warning("UNKNOWN_SPECIAL_KEY", message, hint, f"{field}.{key}")
        elif (first := next((known for known in _KNOWN if known in value), key)) != key:
            message = f"The key “{key}” stands beside {first} in {field} and is ignored."
            hint = "Remove it, or put it into an object of its own."
            yield step.warning("IGNORED_KEY", message, hint, f"{field}.{key}")
