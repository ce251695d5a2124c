"""Findings: what validation says about a definition, each with its place and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from wfnb.security.escape import visible

__all__ = ["Finding", "Severity", "has_errors", "nearest"]

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of a definition.

    Parameters
    ----------
    severity
        ``"error"`` blocks publishing, ``"warning"`` does not.
    code
        Stable identifier (pipeline specification, 4.15).
    path
        Definition path of the step, or ``root``.
    message
        One sentence: what is wrong and what was expected.
    hint
        What to do, or None.
    step_id
        Id of the step, where it has one.
    field
        Field of the step, such as ``config.inputMapping.title``.

    Examples
    --------
    >>> print(Finding("error", "UNKNOWN_ACTION", "root.steps[0]", "There is no action “sned”.", "Did you mean “send”?"))
    error UNKNOWN_ACTION at root.steps[0]: There is no action “sned”. Did you mean “send”?
    """

    severity: Severity
    code: str
    path: str
    message: str
    hint: str | None = None
    step_id: str | None = None
    field: str | None = None

    def __str__(self) -> str:
        hint = f" {self.hint}" if self.hint else ""
        return visible(f"{self.severity} {self.code} at {self.path}: {self.message}{hint}")


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any finding blocks publishing."""
    return any(finding.severity == "error" for finding in findings)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A “did you mean” sentence for a mistyped name, or None.

    The closest known name counts when it is at most 1 edit away for names of up to 4 characters, 2 for up to 8, else 3
    (Levenshtein, case-insensitive; pipeline specification, 4.15).

    Examples
    --------
    >>> nearest("creat_ticket", ["create_ticket", "close_ticket"])
    'Did you mean “create_ticket”?'
    """
    budget = 1 if len(name) <= 4 else 2 if len(name) <= 8 else 3
    scored = sorted((_distance(name.lower(), other.lower(), budget), other) for other in known)
    return f"Did you mean “{scored[0][1]}”?" if scored and scored[0][0] <= budget else None


def _distance(a: str, b: str, budget: int) -> int:
    if abs(len(a) - len(b)) > budget:
        return budget + 1
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (char != other))
    return row[-1]
