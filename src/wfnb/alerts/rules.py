"""Alert rules, pure: what each kind judges, when it fires, and what it then says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from wfnb.errors import ValidationError
from wfnb.model.arguments import check_number, check_text, check_whole
from wfnb.model.times import iso
from wfnb.security.escape import visible

__all__ = ["KINDS", "Alert", "Figure", "Rule", "evaluate", "make_rule"]

KINDS: Final = ("backlog_growth", "failure_rate", "repeated_retries")
"""Kinds of rules, sorted."""

_WINDOW = re.compile(r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>s|min|h|d)")
_UNITS: Final = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Rule:
    """When somebody wants to be told.

    Parameters
    ----------
    name
        Its name; it stands in every alert.
    kind
        One of `KINDS`.
    workflow
        Only this workflow; None judges each workflow by itself.
    threshold
        The rule fires when the figure reaches it.
    window
        The time before now that is judged.
    least
        With fewer runs than that in the window a failure rate says nothing, and the rule does not fire.
    """

    name: str
    kind: str
    workflow: str | None
    threshold: float
    window: timedelta
    least: int = 1

    @property
    def window_text(self) -> str:
        """The window with its largest unit that fits."""
        seconds = self.window.total_seconds()
        unit = next(unit for unit in ("d", "h", "min", "s") if seconds >= _UNITS[unit] or unit == "s")
        return f"{seconds / _UNITS[unit]:g} {unit}"

    @property
    def condition(self) -> str:
        """When it fires, for people."""
        least = f" (of {self.least:,} runs or more)" if self.kind == "failure_rate" else ""
        return f"{self.kind.replace('_', ' ')} ≥ {_figure(self, self.threshold)} in {self.window_text}{least}"


@dataclass(frozen=True, slots=True)
class Figure:
    """What a rule judges, of one workflow: the value, how many runs or executions it comes from, an example, and until when."""

    workflow: str
    value: float
    number: int
    run: str | None
    place: str | None
    until_us: int


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule that fires for a workflow.

    Parameters
    ----------
    rule, kind, workflow
        Which rule, and for which workflow.
    value, threshold, window
        What was found, and what was asked.
    run
        An example: the last failure, the oldest open run, the run with the most retries.
    at
        End of the window, ISO 8601.
    message
        One sentence for people.
    """

    rule: str
    kind: str
    workflow: str
    value: float
    threshold: float
    window: str
    run: str | None
    at: str
    message: str


def make_rule(
    kind: str,
    *,
    workflow: str | None,
    threshold: float,
    window: timedelta | str,
    name: str | None,
    least: int,
) -> Rule:
    """A checked rule.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT``.

    Examples
    --------
    >>> rule = make_rule("failure rate", workflow="orders", threshold=0.2, window="90 min", name=None, least=5)
    >>> rule.kind, rule.name, rule.window_text
    ('failure_rate', 'failure_rate of orders', '1.5 h')
    """
    known = check_text(kind, "kind").replace(" ", "_")
    if known not in KINDS:
        raise _refused("There is no such kind of alert.", "kind", f"Say one of {', '.join(KINDS)}.")
    limit = check_number(threshold, "threshold")
    if known == "failure_rate" and not 0 < limit <= 1:
        raise _refused("A failure rate lies above 0 and is at most 1.", "threshold", "Say 0.2 for 20 %.")
    if limit < 1 and known != "failure_rate":
        raise _refused("The threshold must be 1 or more.", "threshold", "It counts runs, or retries.")
    if workflow is not None:
        check_text(workflow, "workflow")
    label = name if name is not None else f"{known} of {workflow}" if workflow else known
    check_text(label, "name")
    return Rule(label, known, workflow, limit, _window(window), check_whole(least, "least", least=1))


def evaluate(rule: Rule, figure: Figure) -> Alert | None:
    """The alert, when the figure reaches the rule's threshold.

    Examples
    --------
    >>> rule = Rule("r", "backlog_growth", None, 10, timedelta(hours=1))
    >>> evaluate(rule, Figure("orders", 12.0, 30, "run-0001", None, 0)).message
    'The backlog of orders grew by 12 runs to 30 in 1 h; the threshold is 10. The oldest is run-0001.'
    >>> evaluate(rule, Figure("orders", 9.0, 30, "run-0001", None, 0))
    """
    if figure.value < rule.threshold or (rule.kind == "failure_rate" and figure.number < rule.least):
        return None
    return Alert(
        rule.name,
        rule.kind,
        figure.workflow,
        round(figure.value, 4),
        rule.threshold,
        rule.window_text,
        figure.run,
        iso(figure.until_us),
        _message(rule, figure),
    )


def _figure(rule: Rule, value: float) -> str:
    """A figure of the rule's kind as text: a share, or a number of runs or retries."""
    return f"{value * 100:.3g} %" if rule.kind == "failure_rate" else f"{value:,.0f}"


def _message(rule: Rule, figure: Figure) -> str:
    workflow, window = visible(figure.workflow, 100), rule.window_text
    value, limit = _figure(rule, figure.value), _figure(rule, rule.threshold)
    if rule.kind == "failure_rate":
        return (
            f"{value} of {figure.number:,} runs of {workflow} failed in {window}; "
            f"the threshold is {limit}. The last failure is {figure.run}."
        )
    if rule.kind == "backlog_growth":
        return (
            f"The backlog of {workflow} grew by {value} runs to {figure.number:,} in {window}; "
            f"the threshold is {limit}. The oldest is {figure.run}."
        )
    return (
        f"A step of {workflow} was tried again {value} times in {window}; the threshold is "
        f"{limit}. It is {visible(figure.place or '', 200)} of {figure.run}."
    )


def _window(window: timedelta | str) -> timedelta:
    if isinstance(window, str) and (found := _WINDOW.fullmatch(window.strip())):
        number = float(found["number"]) * _UNITS[found["unit"]]
        window = timedelta(seconds=min(number, 2 * _LONGEST.total_seconds()))
    if not isinstance(window, timedelta):
        raise _refused(
            "The window is not a time.", "window", 'Say "15 min", "1 h", "7 d" or pass a timedelta.'
        )
    if not timedelta(0) < window <= _LONGEST:
        raise _refused("The window must be above zero and at most 366 days long.", "window", 'Say "1 h".')
    return window


def _refused(message: str, where: str, hint: str) -> ValidationError:
    return ValidationError(message, code="INVALID_ARGUMENT", where=where, hint=hint)
