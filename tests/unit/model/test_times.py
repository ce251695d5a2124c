"""Moments and their text."""

from __future__ import annotations

import pytest

from wfnb.errors import ValidationError
from wfnb.model.times import iso, parse_iso


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-01-31", "2026-01-31T00:00:00.000Z"),
        ("2026-01-31T09:00:00", "2026-01-31T09:00:00.000Z"),
        ("2026-01-31T09:00:00+02:00", "2026-01-31T07:00:00.000Z"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
    ],
)
def test_a_moment_comes_back_in_utc(text: str, same: str) -> None:
    assert iso(parse_iso(text)) == same


def test_microseconds_are_kept() -> None:
    assert parse_iso("2026-01-01T00:00:00.123456Z") % 1_000_000 == 123_456


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "31.01.2026"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_iso(text)
    assert caught.value.code == "INVALID_TIME"
