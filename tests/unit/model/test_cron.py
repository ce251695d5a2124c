"""Recurring moments, and the changes of clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfnb.errors import ValidationError
from wfnb.model.cron import check_cron, check_timezone, next_moment
from wfnb.model.times import iso, parse_iso

MINUTE_US = 60_000_000


def following(cron: str, zone: str, after: str, count: int) -> list[str]:
    moment: int | None = parse_iso(after)
    found = []
    for _ in range(count):
        assert moment is not None
        moment = next_moment(cron, zone, moment)
        assert moment is not None
        found.append(iso(moment)[:16])
    return found


@pytest.mark.parametrize("cron", ["0 9 * * 1-5", "*/5 * * * *", "0 0 1 1 *", "15,45 8-18/2 * 3,9 *"])
def test_expressions_that_are_right(cron: str) -> None:
    assert check_cron(cron) == cron


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 9 * *", "4 fields"),
        ("0 9 * * * *", "6 fields"),
        ("", "0 fields"),
        ("@daily", "1 fields"),
        ("0 9 * * MON", "digits"),
        ("0 9 L * *", "digits"),
        ("0 9 1 * 1", "only one of them"),
        ("61 * * * *", "cannot be read"),
        ("*/4 * * * *", "every five minutes"),
        ("0,3 * * * *", "every five minutes"),
        ("58,1 * * * *", "every five minutes"),
        ("0 0 30 2 *", "never|cannot"),
        ("0 " + ",".join(["9"] * 80) + " * * *", "128"),
    ],
)
def test_expressions_that_are_wrong(cron: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        check_cron(cron)
    assert caught.value.code == "INVALID_CRON"


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "Europe", "\0"])
def test_time_zones_that_are_none(name: str) -> None:
    with pytest.raises(ValidationError, match="INVALID_TIMEZONE"):
        check_timezone(name)


def test_clocks_that_are_put_forward_skip_no_day() -> None:
    assert following("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 3) == [
        "2026-03-29T01:00",
        "2026-03-30T00:30",
        "2026-03-31T00:30",
    ]


def test_clocks_that_are_put_back_repeat_no_day() -> None:
    assert following("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2) == [
        "2026-10-25T00:30",
        "2026-10-26T01:30",
    ]


@settings(max_examples=200, deadline=None)
@given(
    minute=st.sampled_from(["0", "5", "30", "*/15", "59"]),
    hour=st.sampled_from(["*", "0", "2", "3", "9-17", "23"]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    after=st.integers(0, 2_000_000_000),
)
def test_the_next_moment_lies_ahead_on_a_whole_minute_and_nothing_lies_between(
    minute: str, hour: str, zone: str, after: int
) -> None:
    cron = f"{minute} {hour} * * *"
    found = next_moment(cron, zone, after * 1_000_000)
    assert found is not None
    assert found > after * 1_000_000
    assert found % MINUTE_US == 0
    assert next_moment(cron, zone, found - 1) == found
    local = datetime.fromtimestamp(found / 1_000_000, UTC).astimezone(ZoneInfo(zone))
    assert minute.startswith("*/") or local.minute in (
        int(minute),
        0,
        30,
    )  # 0 and 30: where clocks were put forward
