"""Ticks of a time axis: round steps that people count in."""

from __future__ import annotations

from typing import Final

__all__ = ["ticks"]

_SECOND, _MINUTE, _HOUR, _DAY = 1_000.0, 60_000.0, 3_600_000.0, 86_400_000.0
_STEPS: Final = (
    *(base * 10.0**power for power in range(-3, 3) for base in (1, 2, 5)),
    *(_SECOND * count for count in (1, 2, 5, 10, 15, 30)),
    *(_MINUTE * count for count in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * count for count in (1, 2, 3, 6, 12)),
)
_DAYS: Final = tuple(_DAY * base * 10**power for power in range(12) for base in (1, 2, 5))


def ticks(span_ms: float, most: float) -> list[tuple[float, str]]:
    """Offsets from the start with their labels.

    Parameters
    ----------
    span_ms
        Length of the axis in milliseconds.
    most
        About how many ticks have room.

    Examples
    --------
    >>> ticks(4_200, 6)
    [(0.0, '0'), (1000.0, '1 s'), (2000.0, '2 s'), (3000.0, '3 s'), (4000.0, '4 s')]
    """
    wanted = span_ms / max(most, 1)
    step = next((step for step in (*_STEPS, *_DAYS) if step >= wanted), span_ms)
    count = int(span_ms / step + 1e-9)
    return [(index * step, _label(index * step, step)) for index in range(count + 1)]


def _label(offset: float, step: float) -> str:
    if offset == 0:
        return "0"
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m"), (_SECOND, "s")):
        if step >= unit:
            whole = f"{offset / unit:g}"
            return f"{whole} {name}" if name in ("d", "s") else _clock(offset, unit, name)
    return f"{offset:g} ms" if offset < _SECOND else f"{offset / _SECOND:g} s"


def _clock(offset: float, unit: float, name: str) -> str:
    """Hours and minutes, without a part that is zero: ``1 h 30 m``."""
    hours, rest = divmod(offset, _HOUR)
    if unit == _HOUR or not hours:
        return f"{offset / unit:g} {name}"
    return f"{hours:g} h {rest / _MINUTE:g} m" if rest else f"{hours:g} h"
