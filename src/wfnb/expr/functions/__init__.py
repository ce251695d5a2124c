"""The functions expressions may call: one table per profile, and the names that exist in JSONata but not here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wfnb.expr.functions import arrays, numbers, objects, standard, strings
from wfnb.expr.functions.model import Function
from wfnb.expr.profiles import Profile

__all__ = ["FUNCTIONS", "REFUSED", "Function"]

_EXTENDED = (
    *standard.FUNCTIONS,
    *strings.FUNCTIONS,
    *numbers.FUNCTIONS,
    *arrays.FUNCTIONS,
    *objects.FUNCTIONS,
)

FUNCTIONS: Mapping[Profile, Mapping[str, Function]] = MappingProxyType(
    {
        Profile.STANDARD: MappingProxyType({one.name: one for one in standard.FUNCTIONS}),
        Profile.EXTENDED: MappingProxyType({one.name: one for one in _EXTENDED}),
    }
)
"""Every function by name, per profile."""

_CLOCK = "Use nowIso(), which gives the time of the run."
_CHANCE = "Make the value in an action, so that it is recorded and the run can be repeated."
_CODE = "Expressions cannot define or run code; write an action."
_PATH = "Use a path instead: items.(price * qty) maps, items[price > 5] filters."

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "now": _CLOCK,
        "millis": _CLOCK,
        "random": _CHANCE,
        "shuffle": _CHANCE,
        "eval": _CODE,
        "map": _PATH,
        "filter": _PATH,
        "single": _PATH,
        "reduce": "Use $sum, $max, $min or $join, or do the work in an action.",
        "sift": _PATH,
        "each": _PATH,
        "match": "Regular expressions are not available in expressions.",
        "error": "Raise the error in an action.",
        "assert": "Check the value with a condition step.",
        "clone": "Values never change, so a copy is not needed.",
    }
)
"""Functions of JSONata that no profile has, with what to do instead."""
