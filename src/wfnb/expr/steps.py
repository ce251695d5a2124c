"""Steps of a path as stages: each takes the items of the step before and gives the sequence for the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from wfnb.expr import syntax as s
from wfnb.expr.budget import Run
from wfnb.expr.filters import Filter, build_filter
from wfnb.expr.operators import Build, Closure
from wfnb.expr.ordering import build_sort
from wfnb.expr.values import MISSING, Cons, Seq, Value, field, unwrap

__all__ = ["Stage", "build_stage"]

Stage: TypeAlias = Callable[[Sequence[Value], Run], Value]
"""A compiled step: the items to work on in, a list of what they gave out."""


def build_stage(step: s.Step, build: Build, *, last: bool) -> Stage:
    """The stage of one step; `last` when no step follows."""
    filters = [build_filter(one, build) for one in step.filters]
    if isinstance(step.node, s.Sort):
        return _sorting(step.node, filters, build)
    if isinstance(step.node, s.Field) and not filters:
        return _naming(step.node.name, last=last)
    return _each(build(step.node), filters, s.cost(step.node), last=last)


def _sorting(node: s.Sort, filters: list[Filter], build: Build) -> Stage:
    order = build_sort(node, build)

    def stage(items: Sequence[Value], run: Run) -> Value:
        found = order(items, run)
        for one in filters:
            found = one(found, run)
        return found

    return stage


def _naming(name: str, *, last: bool) -> Stage:
    """A plain name over many items: the step most paths consist of."""

    def stage(items: Sequence[Value], run: Run) -> Value:
        run.spend(1 + len(items))
        found: list[Value] = []
        flat = True
        for item in items:
            value = item.get(name, MISSING) if type(item) is dict else unwrap(field(item, name))
            if value is not MISSING:
                found.append(value)
                if isinstance(value, list):
                    flat = False
        return Seq(found) if flat else _flatten(found, run, last=last)

    return stage


def _each(work: Closure, filters: list[Filter], cost: int, *, last: bool) -> Stage:
    def stage(items: Sequence[Value], run: Run) -> Value:
        found: list[Value] = []
        flat = True
        for item in items:
            run.fuel -= cost
            if run.fuel < run.mark:
                run.look()
            value = work(item, run)
            for one in filters:
                value = one(value, run)
            if value is not MISSING:
                found.append(value)
                if isinstance(value, list):
                    flat = False
        return Seq(found) if flat else _flatten(found, run, last=last)

    return stage


def _flatten(found: list[Value], run: Run, *, last: bool) -> Value:
    """Lists are poured into the sequence around them, except a single plain list at the end of a path."""
    if last and len(found) == 1 and isinstance(found[0], list) and not isinstance(found[0], Seq):
        return found[0]
    out = Seq()
    for value in found:
        if isinstance(value, list) and type(value) is not Cons:
            run.check_items(len(out) + len(value), len(value))
            out.extend(value)
        else:
            out.append(value)
    return out
