"""Filters as closures: ``[...]`` behind a value picks by index or by condition."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from wfnb.expr import syntax as s
from wfnb.expr.budget import Run
from wfnb.expr.operators import Build
from wfnb.expr.values import MISSING, Seq, Value, is_number, truth

__all__ = ["Filter", "build_filter"]

Filter: TypeAlias = Callable[[Value, Run], Value]
"""The value to pick from in, what was picked out."""


def build_filter(node: s.Node, build: Build) -> Filter:
    """``[...]`` behind a value: an index, or a condition for each item."""
    if isinstance(node, s.Literal) and is_number(node.value):
        return _index(math.floor(node.value))
    test, cost = build(node), s.cost(node)

    def select(value: Value, run: Run) -> Value:
        if value is MISSING:
            test(MISSING, run)  # for its errors: a wrong comparison is wrong without items too
            return Seq()
        items = value if isinstance(value, list) else (value,)
        found = Seq()
        for position, item in enumerate(items):
            run.fuel -= cost
            if run.fuel < run.mark:
                run.look()
            chosen = test(item, run)
            if chosen is True:
                found.append(item)
            elif chosen is not False:
                times = _times(chosen, position, len(items), run)
                run.check_items(len(found) + times, times)
                found.extend([item] * times)
        return found

    return select


def _index(index: int) -> Filter:
    def pick(value: Value, _run: Run) -> Value:
        if value is MISSING:
            return Seq()
        if not isinstance(value, list):
            return value if index in {0, -1} else Seq()
        if not -len(value) <= index < len(value):
            return Seq()
        item = value[index]
        return item if isinstance(item, list) else Seq((item,))

    return pick


def _times(chosen: Value, position: int, size: int, run: Run) -> int:
    """How often a filter's value selects the item at `position`: numbers are indices, all else is a condition."""
    if is_number(chosen):
        chosen = (chosen,)
    if isinstance(chosen, (list, tuple)):
        run.spend(len(chosen))
    if isinstance(chosen, (list, tuple)) and all(is_number(one) for one in chosen):
        indices = [math.floor(one) for one in chosen]
        return sum(1 for one in indices if (one + size if one < 0 else one) == position)
    return int(truth(chosen))
