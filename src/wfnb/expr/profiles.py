"""Profiles: which functions an expression may call."""

from __future__ import annotations

from enum import Enum

__all__ = ["EXTENDED", "STANDARD", "Profile"]


class Profile(Enum):
    """A named set of functions.

    Examples
    --------
    >>> Profile("standard") is STANDARD
    True
    """

    STANDARD = "standard"  #: nowIso, coalesce, len, toString, append: what every workflow host offers
    EXTENDED = "extended"  #: the above and the built-in functions of JSONata that are pure and bounded


STANDARD = Profile.STANDARD
EXTENDED = Profile.EXTENDED
