"""How much is tried: a short version for every change, a long one for `make proof`, and every count by a variable."""

from __future__ import annotations

import os

__all__ = ["LONG", "count", "examples"]

LONG = os.environ.get("WFNB_PROOF") == "long"
"""Whether this is `make proof`."""


def count(name: str, *, short: int, long: int) -> int:
    """How often something is tried: ``WFNB_<NAME>`` when it is set, else what the version at hand asks for."""
    return int(os.environ.get(f"WFNB_{name}") or (long if LONG else short))


def examples(short: int) -> int:
    """How many examples of a law are tried, when it is `short` in everyday work."""
    return max(short, count("EXAMPLES", short=0, long=100_000))
