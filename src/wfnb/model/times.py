"""Moments as whole microseconds since 1970 (UTC), and their ISO text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wfnb.errors import ValidationError

__all__ = ["iso", "parse_iso"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(at_us: int) -> str:
    """ISO 8601 text with milliseconds and Z.

    Examples
    --------
    >>> iso(1_767_225_600_123_456)
    '2026-01-01T00:00:00.123Z'
    """
    moment = _EPOCH + timedelta(microseconds=at_us)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def parse_iso(text: str) -> int:
    """Microseconds since 1970 of an ISO 8601 date or moment; UTC unless it names an offset.

    Raises
    ------
    ValidationError
        ``INVALID_TIME``.

    Examples
    --------
    >>> iso(parse_iso("2026-01-01"))
    '2026-01-01T00:00:00.000Z'
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValidationError(
            f"“{text}” is not an ISO 8601 date or time.",
            code="INVALID_TIME",
            hint="Write 2026-01-31 or 2026-01-31T09:00:00Z.",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)
