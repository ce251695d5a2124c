"""Paths as closures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wfnb.expr import syntax as s
from wfnb.expr.budget import Run
from wfnb.expr.constructors import Grouping, build_pairs
from wfnb.expr.filters import build_filter
from wfnb.expr.operators import Build, Closure
from wfnb.expr.steps import Stage, build_stage
from wfnb.expr.values import MISSING, Cons, Kept, Seq, Value, field, unwrap

__all__ = ["build_field", "build_path", "build_selected", "read_variable"]


def build_field(name: str) -> Closure:
    """A name read on the context."""

    def read(context: Value, _run: Run) -> Value:
        if type(context) is dict:
            return context.get(name, MISSING)
        return unwrap(field(context, name))

    return read


def read_variable(name: str) -> Closure:
    """``$name``, ``$`` or ``$$``."""
    if name == "":
        return lambda context, _run: context
    if name == "$":
        return lambda _context, run: run.root
    return lambda _context, run: run.variables.get(name, MISSING)


@dataclass(frozen=True, slots=True)
class _Stages:
    """The stages of a path and what happens to the sequence they give."""

    stages: tuple[Stage, ...]
    keep: bool
    group: Grouping | None

    def resume(self, value: Value, start: int, run: Run) -> Value:
        """Go on from `value`, the result of the stages before `start`."""
        if value is MISSING and start:
            return self.finish(Seq(), run)
        items = value if isinstance(value, list) else Seq((value,))
        if start < len(self.stages):
            items = self.run(items, start, run) if items else Seq()
        return self.finish(items, run)

    def run(self, items: Sequence[Value], start: int, run: Run) -> Value:
        """The sequence that the stages from `start` on give; an empty one ends the path early."""
        for stage in self.stages[start:]:
            items = stage(items, run)
            if not items:
                break
        return items

    def finish(self, found: Value, run: Run) -> Value:
        """The value of the path."""
        if self.keep and isinstance(found, (Seq, Cons)):
            found = Kept([found] if type(found) is Cons else found)
        return unwrap(found) if self.group is None else self.group(found, run)


def build_path(node: s.Path, build: Build) -> Closure:
    """The closure of a path; leading plain names are followed without building sequences."""
    steps = node.steps
    first, filtered = steps[0].node, bool(steps[0].filters)
    from_array = isinstance(first, s.Array) and first.step
    # The first array is compiled once, or compiling nested ones would take exponential time.
    staged = steps[1:] if from_array else steps
    path = _Stages(
        tuple([build_stage(step, build, last=step is steps[-1]) for step in staged]),
        node.keep,
        build_pairs(node.group.pairs, build, node.group.at) if node.group else None,
    )
    if from_array:
        return _from_array(build(first), path)
    if isinstance(first, s.Field) and not filtered:
        return _from_names(_names(steps), path)
    if isinstance(first, s.Variable):
        if filtered:
            # A variable does not depend on the context, so it is not evaluated for each item of it.
            return lambda context, run: path.finish(path.run((context,), 0, run), run)
        return _from_variable(read_variable(first.name), _names(steps[1:]), path)
    return lambda context, run: path.resume(context, 0, run)


def _names(steps: tuple[s.Step, ...]) -> tuple[str, ...]:
    """The names of the leading steps that are nothing but names."""
    names: list[str] = []
    for step in steps:
        if step.filters or not isinstance(step.node, s.Field):
            break
        names.append(step.node.name)
    return tuple(names)


def _from_names(names: tuple[str, ...], path: _Stages) -> Closure:
    complete = len(names) == len(path.stages) and not path.keep and path.group is None
    if complete and len(names) == 1:
        return _from_name(names[0], path)
    steps = tuple(enumerate(names))

    def follow(context: Value, run: Run) -> Value:
        value = context
        for index, name in steps:
            if type(value) is not dict:
                return path.resume(value, index, run)
            value = value.get(name, MISSING)
        return value if complete else path.resume(value, len(names), run)

    return follow


def _from_name(name: str, path: _Stages) -> Closure:
    """A single name: what most expressions inside filters and steps are."""

    def follow(context: Value, run: Run) -> Value:
        if type(context) is dict:
            return context.get(name, MISSING)
        return path.resume(context, 0, run)

    return follow


def _from_variable(variable: Closure, names: tuple[str, ...], path: _Stages) -> Closure:
    complete = len(names) + 1 == len(path.stages) and not path.keep and path.group is None
    steps = tuple(enumerate(names, start=1))

    def follow(context: Value, run: Run) -> Value:
        value = variable(context, run)
        for index, name in steps:
            if type(value) is not dict:
                return path.resume(value, index, run)
            value = value.get(name, MISSING)
        return value if complete else path.resume(value, len(names) + 1, run)

    return follow


def _from_array(array: Closure, path: _Stages) -> Closure:
    """An array written at the start of a path is made once, not for each item of the context."""

    def follow(context: Value, run: Run) -> Value:
        items = array(context, run)
        return path.finish(path.run(items, 0, run) if items else items, run)

    return follow


def build_selected(node: s.Selected, build: Build) -> Closure:
    """Filters, grouping and ``[]`` behind something that is not a path."""
    inner = build(node.node)
    filters = [build_filter(one, build) for one in node.filters]
    group = build_pairs(node.group.pairs, build, node.group.at) if node.group else None
    keep = node.keep

    def selected(context: Value, run: Run) -> Value:
        value = inner(context, run)
        for one in filters:
            value = one(value, run)
        if group is not None:
            value = group(value, run)
        if keep and isinstance(value, Seq):
            value = Kept(value)
        return unwrap(value)

    return selected
