"""Clocks: real time never goes back, simulated time depends on start, seed and run alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.engine.clock import SimulatedClock, SystemClock
from wfnb.errors import ValidationError


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.booleans())
def test_simulated_time_moves_on_and_repeats_itself(seed: int, seq: int, acted: bool) -> None:
    moments = {
        SimulatedClock("2026-01-01", seed=seed).moment_us("run-0001", seq, 5, acted=acted) for _ in range(2)
    }
    assert len(moments) == 1
    assert moments.pop() > 5


def test_runs_begin_one_gap_apart() -> None:
    clock = SimulatedClock("2026-01-01T00:00:00Z", gap_ms=1000)
    assert clock.start_us("b", 3) - clock.start_us("a", 1) == 2_000_000


def test_simulated_waits_are_over_at_once() -> None:
    assert SimulatedClock("2026-01-01").due_now_us(10**18) == 10**18


def test_real_time_never_goes_back() -> None:
    clock = SystemClock()
    far = clock.lease_us() + 10**12
    assert clock.moment_us("r", 1, far, acted=False) == far
    assert clock.due_now_us(far) is None
    assert clock.due_now_us(0) is not None


@pytest.mark.parametrize("start", ["yesterday", "2026-13-01"])
def test_a_start_that_is_no_moment_is_refused(start: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SimulatedClock(start)
    assert caught.value.code == "INVALID_TIME"


def test_a_tick_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError):
        SimulatedClock("2026-01-01", tick_ms=0)
