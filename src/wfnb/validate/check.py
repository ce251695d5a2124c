"""Check a definition: bounds first, then every rule, so that all problems are told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wfnb.errors import DefinitionError, LimitExceeded
from wfnb.model.codec import load_text
from wfnb.model.definition import Definition
from wfnb.model.paths import ROOT
from wfnb.model.values import JsonValue
from wfnb.validate.bounds import check_bounds
from wfnb.validate.catalog import Catalog
from wfnb.validate.findings import Finding, has_errors
from wfnb.validate.link import link
from wfnb.validate.rules import (
    actions,
    assign_paths,
    conditions,
    config,
    error_reads,
    expressions,
    loop_items,
    mappings,
    nested_roots,
    node_types,
    reachability,
    read_order,
    schemas,
    secret_values,
    shape,
    special_keys,
    step_ids,
    trigger,
    unknown_paths,
    waits,
    workflows,
)
from wfnb.validate.source import Source, read_source

__all__ = ["RULES", "Checked", "Rule", "check"]

Rule = Callable[[Source], Iterator[Finding]]
"""A rule gives findings about a source; it stops at nothing that is malformed."""

RULES: tuple[Rule, ...] = (
    shape.check,
    step_ids.check,
    node_types.check,
    config.check,
    actions.check,
    mappings.check,
    expressions.check,
    schemas.check,
    assign_paths.check,
    workflows.check,
    trigger.check,
    waits.check,
    secret_values.check,
    special_keys.check,
    conditions.check,
    nested_roots.check,
    unknown_paths.check,
    read_order.check,
    loop_items.check,
    error_reads.check,
    reachability.check,
)
"""Every rule, in the order in which findings about the same step are told."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check gave.

    Parameters
    ----------
    definition
        The definition, ready to be linked; None when a finding is an error.
    findings
        Every finding, from top to bottom of the definition.
    """

    definition: Definition | None
    findings: tuple[Finding, ...]


def check(written: JsonValue, catalog: Catalog) -> Checked:
    r"""Check a definition against everything it refers to.

    Parameters
    ----------
    written
        JSON or YAML text, or the definition as a JSON value; anything else ends in a finding.
    catalog
        What it may refer to.

    Examples
    --------
    >>> [finding.code for finding in check("id: hello\nname: Hello", Catalog()).findings]
    ['INVALID_WORKFLOW_DEFINITION', 'PAYLOAD_SCHEMA_REF_MISSING']
    """
    if isinstance(written, str):
        try:
            written = load_text(written)
        except (DefinitionError, LimitExceeded) as error:
            return Checked(None, (_unreadable(error),))
    broken = check_bounds(written) or _not_an_object(written)
    if broken is not None:
        return Checked(None, (broken,))
    source = read_source(written, catalog)
    order = {step.path: step.order for step in source.steps}
    found = [finding for rule in RULES for finding in rule(source)]
    found.sort(key=lambda finding: order.get(finding.path, -1))
    if source.definition is not None and not has_errors(found):
        found += _unlinked(source.definition, catalog)
    definition = None if has_errors(found) else source.definition
    return Checked(definition, tuple(found))


def _unreadable(error: DefinitionError | LimitExceeded) -> Finding:
    _, _, spot = (error.where or "").partition(", ")
    message = f"{error.message.rstrip('.')} ({spot})." if spot else error.message
    return Finding("error", error.code, ROOT, message, error.hint)


def _not_an_object(written: JsonValue) -> Finding | None:
    if isinstance(written, dict):
        return None
    what = "empty" if written is None else "a list" if isinstance(written, list) else "a single value"
    return Finding(
        "error",
        "INVALID_WORKFLOW_DEFINITION",
        ROOT,
        f"A definition is an object; this is {what}.",
        "Write an object with id, name and steps.",
    )


def _unlinked(definition: Definition, catalog: Catalog) -> list[Finding]:
    """Prove that the definition can be linked: whatever the rules have overlooked is told here, and not at the start."""
    try:
        link(definition, catalog)
    except Exception as error:  # noqa: BLE001 - this is the net under the rules
        reason = f"{type(error).__name__}: {error}"
        message = f"The definition passes every rule but cannot be linked ({reason})."
        return [
            Finding(
                "error", "CANNOT_LINK", ROOT, message, "Please report this definition: a rule is missing."
            )
        ]
    return []
