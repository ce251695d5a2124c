"""Rule: a secret that a step asks for is there, and the step hands it to a call and to nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from wfnb.model.secret_names import SECRET, valid_name
from wfnb.model.values import JsonValue
from wfnb.validate.catalog import Usage
from wfnb.validate.findings import Finding, nearest
from wfnb.validate.raw import RawStep, object_of
from wfnb.validate.sites import nested_values, step_values
from wfnb.validate.source import Source
from wfnb.validate.template import is_secret

__all__ = ["check"]

Secrets: TypeAlias = Mapping[str, Usage]


def check(source: Source) -> Iterator[Finding]:
    """Findings for every ``{"$secret": ...}``."""
    asked = [
        (step, field, value[SECRET])
        for step in source.steps
        for field, _, value in step_values(step)
        if is_secret(value)
    ]
    known = source.catalog.secret_names() if asked and source.catalog.secret_names else None
    for step, field, name in asked:
        yield from _asked(source, step, field, name, known)
    for field, value in nested_values(object_of(source.raw.get("trigger")), "trigger"):
        if is_secret(value):
            yield _misplaced(source.root, field)


def _asked(
    source: Source, step: RawStep, field: str, name: JsonValue, known: Secrets | None
) -> Iterator[Finding]:
    if not valid_name(name):
        message = f"The name of the secret in “{field}” is not one."
        hint = "Write capitals, digits and _, beginning with a letter, such as SMTP_PASSWORD."
        yield step.error("INVALID_SECRET_NAME", message, hint, field)
    elif not _is_input(source, step, field):
        yield _misplaced(step, field)
    else:
        yield from _known(step, field, name, known)


def _is_input(source: Source, step: RawStep, field: str) -> bool:
    """Whether the field goes to the function of an action or a node, and nowhere else."""
    if step.type == "action.call":
        return field.startswith(("config.inputMapping.", "config.args."))
    node = source.catalog.nodes.get(step.type)
    own = node is not None and node.function is not None
    return own and field.startswith("config.") and field.split(".")[1] != "saveAs"


def _misplaced(step: RawStep, field: str) -> Finding:
    return step.error(
        "SECRET_NOT_ALLOWED",
        f"The field “{field}” asks for a secret, which would become part of the state of the run.",
        "Give it to an action, in the inputMapping of an action.call: only the call itself sees the value.",
        field,
    )


def _known(step: RawStep, field: str, name: str, known: Secrets | None) -> Iterator[Finding]:
    if known is None:
        message = f"The secrets are not known here; whether there is one named {name} is seen when a run asks for it."
        yield step.warning("UNKNOWN_SECRET", message, None, field)
    elif name not in known:
        hint = nearest(name, known) or f'Store it first: ws.secrets.ask("{name}").'
        yield step.error("SECRET_NOT_FOUND", f"There is no secret {name}.", hint, field)
    elif known[name] == "never":
        message = f"The secret {name} has never been used; whether its value works is not known yet."
        yield step.warning("SECRET_NEVER_ACCESSED", message, None, field)
    elif known[name] == "stale":
        message = f"The secret {name} was neither used nor renewed for 90 days."
        yield step.warning("SECRET_STALE", message, "See whether its value still works.", field)
