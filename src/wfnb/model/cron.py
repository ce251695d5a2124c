"""Recurring moments: cron expressions in a time zone (pipeline specification, 4.12).

The library knows cron and the changes of the clock: a moment that a change skips comes right after it, one that a change
repeats comes once, unless the expression means every hour or every minute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from wfnb.errors import ValidationError
from wfnb.limits import LIMITS

__all__ = ["check_cron", "check_timezone", "next_moment"]

_FIELD = re.compile(r"^[0-9*/,-]+$")
_SAMPLE = 300  # firings looked at for the shortest time between two
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def check_timezone(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises
    ------
    ValidationError
        ``INVALID_TIMEZONE``.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValidationError(
            "There is no such time zone.",
            code="INVALID_TIMEZONE",
            where="timezone",
            hint="Give an IANA name such as Europe/Berlin, or UTC.",
        ) from None


def check_cron(cron: str) -> str:
    """The expression, when it is one: five fields, not both days, no more often than every five minutes.

    Raises
    ------
    ValidationError
        ``INVALID_CRON``.

    Examples
    --------
    >>> check_cron("0 9 * * 1-5")
    '0 9 * * 1-5'
    """
    fault = _fault(cron)
    if fault is not None:
        raise ValidationError(
            f"The cron expression {fault}.",
            code="INVALID_CRON",
            where="cron",
            hint="Write minute, hour, day, month and weekday, for example “0 9 * * 1-5”.",
        )
    return cron


def _fault(cron: str) -> str | None:
    fields = cron.split()
    checks = (
        (len(cron) > LIMITS.cron_length, f"is longer than {LIMITS.cron_length} characters"),
        (len(fields) != 5, f"has {len(fields)} fields; five are needed"),
        (not all(map(_FIELD.match, fields)), "may hold digits and * / , - only"),
        (
            len(fields) == 5 and "*" not in (fields[2], fields[4]),
            "names days of the month and of the week; only one of them may be",
        ),
    )
    said = next((text for wrong, text in checks if wrong), None)
    return said or _unusable(cron)


def _unusable(cron: str) -> str | None:
    """Why an expression of the right form cannot be a schedule."""
    try:
        moments = _from(cron, ZoneInfo("UTC"), datetime(2024, 1, 1, tzinfo=UTC))
        sample = [moment for moment, _ in zip(moments, range(_SAMPLE), strict=False)]
    except CronSimError as error:
        return f"cannot be read: {error}"
    if not sample:
        return "never comes"
    if any(later - earlier < timedelta(minutes=5) for earlier, later in pairwise(sample)):
        return "comes more often than every five minutes"
    return None


def next_moment(cron: str, timezone: str, after_us: int) -> int | None:
    """The first moment after another one, in microseconds since 1970; None when there is none.

    Parameters
    ----------
    cron, timezone
        A checked expression, and the zone whose clocks it means.
    after_us
        Microseconds since 1970.

    Examples
    --------
    >>> from wfnb.model.times import iso, parse_iso
    >>> iso(next_moment("0 9 * * *", "Europe/Berlin", parse_iso("2026-07-01T12:00:00Z")))
    '2026-07-02T07:00:00.000Z'
    """
    zone = ZoneInfo(timezone)
    after = (_EPOCH + timedelta(microseconds=after_us)).astimezone(zone)
    moment = next(_from(cron, zone, after), None)
    return None if moment is None else round((moment - _EPOCH) / timedelta(microseconds=1))


def _from(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    return iter(CronSim(cron, after.astimezone(zone)))
