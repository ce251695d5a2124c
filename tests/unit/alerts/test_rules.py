"""Rules, pure: what is refused, when they fire, what they say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from wfnb.alerts.rules import KINDS, Figure, Rule, evaluate, make_rule
from wfnb.errors import ValidationError


def rule(kind: str = "failure rate", **given: Any) -> Rule:
    return make_rule(
        kind, **{"workflow": None, "threshold": 0.5, "window": "1 h", "name": None, "least": 1, **given}
    )


@pytest.mark.parametrize(
    ("kind", "given", "where"),
    [
        ("heat", {}, "kind"),
        ("failure rate", {"threshold": 0}, "threshold"),
        ("failure rate", {"threshold": 1.5}, "threshold"),
        ("failure rate", {"threshold": "high"}, "threshold"),
        ("backlog growth", {"threshold": 0.5}, "threshold"),
        ("failure rate", {"window": "soon"}, "window"),
        ("failure rate", {"window": "0 s"}, "window"),
        ("failure rate", {"window": "9" * 30 + " d"}, "window"),
        ("failure rate", {"window": 5}, "window"),
        ("failure rate", {"window": timedelta(days=-1)}, "window"),
        ("failure rate", {"workflow": ""}, "workflow"),
        ("failure rate", {"name": ""}, "name"),
        ("failure rate", {"least": 0}, "least"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(kind: str, given: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rule(kind, **given)
    assert (refused.value.code, refused.value.where) == ("INVALID_ARGUMENT", where)


@pytest.mark.parametrize(
    ("window", "text"),
    [
        ("90 s", "1.5 min"),
        ("15min", "15 min"),
        ("1 h", "1 h"),
        ("36h", "1.5 d"),
        (timedelta(seconds=5), "5 s"),
        ("0.5 s", "0.5 s"),
    ],
)
def test_a_window_is_text_or_a_timedelta(window: str | timedelta, text: str) -> None:
    assert rule(window=window).window_text == text


def test_a_name_is_made_of_kind_and_workflow() -> None:
    assert rule().name == "failure_rate"
    assert rule(workflow="orders").name == "failure_rate of orders"
    assert rule(name="too many").name == "too many"


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_fires_when_the_figure_reaches_the_threshold(kind: str) -> None:
    threshold = 0.5 if kind == "failure_rate" else 3
    checked = rule(kind, threshold=threshold)
    assert evaluate(checked, Figure("orders", threshold, 10, "r1", "root.steps[0]", 0)) is not None
    assert evaluate(checked, Figure("orders", threshold * 0.99, 10, "r1", "root.steps[0]", 0)) is None


def test_a_failure_rate_of_few_runs_does_not_count() -> None:
    assert evaluate(rule(least=5), Figure("orders", 1.0, 4, "r1", None, 0)) is None
    assert evaluate(rule(least=5), Figure("orders", 1.0, 5, "r1", None, 0)) is not None


def test_an_alert_says_what_was_found_and_what_was_asked() -> None:
    alert = evaluate(rule(workflow="orders"), Figure("orders", 0.6, 10, "r9", None, 1_000_000))
    assert alert is not None
    assert (
        alert.message
        == "60 % of 10 runs of orders failed in 1 h; the threshold is 50 %. The last failure is r9."
    )
    assert (alert.at, alert.run, alert.value) == ("1970-01-01T00:00:01.000Z", "r9", 0.6)


def test_a_message_holds_no_control_characters() -> None:
    alert = evaluate(rule("repeated retries", threshold=1), Figure("a\x1b[31m", 2, 1, "r", "root\x07", 0))
    assert alert is not None
    assert alert.message.isprintable()


def test_a_condition_is_told_with_all_its_numbers() -> None:
    assert rule(threshold=0.125, least=5).condition == "failure rate ≥ 12.5 % in 1 h (of 5 runs or more)"
    assert rule("backlog growth", threshold=1_000).condition == "backlog growth ≥ 1,000 in 1 h"
