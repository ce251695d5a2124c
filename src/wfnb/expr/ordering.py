"""Order-by (``^(a, >b)``): stable, missing keys last, keys evaluated once per item."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import TypeAlias

from wfnb.expr import syntax as s
from wfnb.expr.budget import Run
from wfnb.expr.faults import Fault
from wfnb.expr.operators import Build
from wfnb.expr.values import MISSING, Seq, Value, is_number, kind

__all__ = ["Order", "build_sort"]

Order: TypeAlias = Callable[[Sequence[Value], Run], Value]


def build_sort(node: s.Sort, build: Build) -> Order:
    """What sorts the items of a sequence by the terms of an order-by."""
    keys = [build(term.key) for term in node.terms]
    signs = [-1 if term.descending else 1 for term in node.terms]
    cost = s.cost(node) + len(keys)
    at = node.at

    def order(items: Sequence[Value], run: Run) -> Value:
        if len(items) < 2:
            return Seq(items)

        def compare(one: tuple[list[Value], Value], other: tuple[list[Value], Value]) -> int:
            return _compare(one[0], other[0], signs, run, at)

        rows: list[tuple[list[Value], Value]] = []
        for item in items:
            run.fuel -= cost
            if run.fuel < run.mark:
                run.look()
            rows.append(([key(item, run) for key in keys], item))
        if len(keys) == 1 and _uniform([row[0][0] for row in rows]):
            rows.sort(key=_first_key, reverse=signs[0] < 0)
        else:
            rows.sort(key=cmp_to_key(compare))
        return [item for _, item in rows]

    return order


def _first_key(row: tuple[list[Value], Value]) -> Value:
    return row[0][0]


def _uniform(keys: list[Value]) -> bool:
    """Whether all keys are numbers, or all are strings: then Python's own order is JSONata's."""
    first = type(keys[0])
    return first in (int, float, str) and all(type(key) is first for key in keys)


def _compare(one: list[Value], other: list[Value], signs: list[int], run: Run, at: int) -> int:
    for left, right, sign in zip(one, other, signs, strict=True):
        run.spend(1)
        if left is MISSING or right is MISSING:
            if left is right:
                continue
            return 1 if left is MISSING else -1
        for key in (left, right):
            if not (isinstance(key, str) or is_number(key)):
                raise Fault(
                    "EXPRESSION_TYPE", f"An order-by key must be a number or a string, not {kind(key)}.", at
                )
        if isinstance(left, str) != isinstance(right, str):
            raise Fault("EXPRESSION_TYPE", "The keys of an order-by must be all numbers or all strings.", at)
        if left != right:
            return -sign if left < right else sign
    return 0
