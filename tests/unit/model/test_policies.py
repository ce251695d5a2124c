"""Retry policies: who is tried again, and when."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from wfnb.model.policies import ErrorPolicy, RetryPolicy


@pytest.mark.behaviour(23, 25)
def test_delays_grow_by_the_factor_up_to_the_bound() -> None:
    policy = RetryPolicy(
        max_attempts=9, backoff_ms=100, backoff_multiplier=3.0, jitter=False, max_delay_ms=1_000
    )
    assert [policy.delay_ms(attempt, spread=0.9) for attempt in (1, 2, 3, 4)] == [100, 300, 900, 1_000]


@pytest.mark.behaviour(24, 25)
def test_jitter_spreads_by_a_fifth_and_keeps_the_bound() -> None:
    policy = RetryPolicy(max_attempts=2, backoff_ms=100, max_delay_ms=110)
    assert policy.delay_ms(1, spread=0.0) == pytest.approx(80)
    assert policy.delay_ms(1, spread=0.5) == pytest.approx(100)
    assert policy.delay_ms(1, spread=0.99) == 110


@pytest.mark.behaviour(152)
def test_attempts_and_categories_decide() -> None:
    policy = RetryPolicy(max_attempts=2)
    assert policy.allows("TransientError", 1)
    assert not policy.allows("TransientError", 2)
    assert not policy.allows("ActionError", 1)


@pytest.mark.parametrize(
    "fields",
    [{}, {"maxAttempts": 0}, {"maxAttempts": 1, "backoffMs": -1}, {"maxAttempts": 1, "retryOn": ["Any"]}],
)
def test_policies_that_make_no_sense_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RetryPolicy.model_validate(fields)


def test_an_error_is_let_out_unless_told_otherwise() -> None:
    assert ErrorPolicy().policy == "fail"
