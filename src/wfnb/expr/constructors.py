"""Arrays, objects and groupings as closures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from wfnb.expr import syntax as s
from wfnb.expr.budget import Run
from wfnb.expr.faults import Fault
from wfnb.expr.operators import Build, Closure
from wfnb.expr.values import MISSING, Cons, Seq, Value, kind

__all__ = ["Grouping", "build_array", "build_object", "build_pairs"]

Grouping: TypeAlias = Callable[[Value, Run], dict[str, Value]]


def build_array(node: s.Array, build: Build) -> Closure:
    """``[a, b]``: missing items vanish, lists are poured out unless written as an array."""
    parts = [(build(item), _is_array(item)) for item in node.items]
    kept = Cons if node.step else list

    def make(context: Value, run: Run) -> Value:
        out: list[Value] = kept()
        for part, nested in parts:
            value = part(context, run)
            if nested or not isinstance(value, list):
                if value is not MISSING:
                    out.append(value)
            else:
                run.check_items(len(out) + len(value), len(value))
                out.extend(value)
        return out

    return make


def _is_array(item: s.Node) -> bool:
    return isinstance(item, s.Array) or (isinstance(item, s.Selected) and isinstance(item.node, s.Array))


def build_object(node: s.Object, build: Build) -> Closure:
    """``{key: value}`` on the context; keys that are literals are made without grouping."""
    names = [key.value for key, _ in node.pairs if isinstance(key, s.Literal) and isinstance(key.value, str)]
    if len(names) < len(node.pairs) or len(set(names)) < len(names):
        return build_pairs(node.pairs, build, node.at)
    compiled = _compiled(node.pairs, build)
    parts = [(name, pair.value) for name, pair in zip(names, compiled, strict=True)]
    group = _grouping(compiled, node.at)

    def make(context: Value, run: Run) -> Value:
        if isinstance(context, list):
            return group(context, run)
        out: dict[str, Value] = {}
        for name, part in parts:
            value = part(context, run)
            if value is not MISSING:
                out[name] = list(value) if type(value) is Seq else value
        return out

    return make


def build_pairs(pairs: tuple[tuple[s.Node, s.Node], ...], build: Build, at: int) -> Grouping:
    """Grouping: each item goes to the group its key names, then each group gives one value."""
    return _grouping(_compiled(pairs, build), at)


@dataclass(frozen=True, slots=True)
class _Pair:
    key: Closure
    value: Closure
    key_cost: int
    value_cost: int


def _compiled(pairs: tuple[tuple[s.Node, s.Node], ...], build: Build) -> list[_Pair]:
    return [_Pair(build(key), build(value), s.cost(key), s.cost(value)) for key, value in pairs]


def _grouping(pairs: list[_Pair], at: int) -> Grouping:
    def group(value: Value, run: Run) -> dict[str, Value]:
        items = value if isinstance(value, list) else (value,)
        groups: dict[str, tuple[int, list[Value]]] = {}
        for item in items or (MISSING,):
            for index, pair in enumerate(pairs):
                run.spend(pair.key_cost)
                name = pair.key(item, run)
                if name is not MISSING:
                    _put(groups, name, index, item, at)
        out: dict[str, Value] = {}
        for name, (index, members) in groups.items():
            run.spend(pairs[index].value_cost)
            found = pairs[index].value(_merged(members, run), run)
            if found is not MISSING:
                out[name] = list(found) if type(found) is Seq else found
        return out

    return group


def _put(groups: dict[str, tuple[int, list[Value]]], name: Value, index: int, item: Value, at: int) -> None:
    if not isinstance(name, str):
        raise Fault(
            "EXPRESSION_TYPE", f"A key of an object must be a string, but this one is {kind(name)}.", at
        )
    found = groups.setdefault(name, (index, []))
    if found[0] != index:
        raise Fault("EXPRESSION_TYPE", f"Two parts of the object give the same key {name!r}.", at)
    found[1].append(item)


def _merged(members: list[Value], run: Run) -> Value:
    """The context of a group: its only item, or all of them with lists poured out."""
    if len(members) == 1:
        return members[0]
    out: list[Value] = []
    for member in members:
        if isinstance(member, list):
            run.check_items(len(out) + len(member), len(member))
            out.extend(member)
        elif member is not MISSING:
            out.append(member)
    return out
