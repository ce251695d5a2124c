"""Which data an expression reads: paths from the roots, with where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from wfnb.expr import syntax as s
from wfnb.expr.faults import place

__all__ = ["ROOTS", "Reference", "references_of"]

ROOTS = ("payload", "vars", "meta", "error")

_At: TypeAlias = tuple[str | None, ...] | None
"""Where a value comes from: a path, or None when it is computed."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One place where an expression reads data.

    Parameters
    ----------
    path
        Segments from the root; None stands for an item of an array or any member.
    line, column
        Where the written part of the path begins, from 1.
    nested
        Read inside a filter, a step, an order-by or a grouping, so relative to the items there.
    start
        Index in `path` of the first segment that is written at this place; what is before comes from the context.

    Examples
    --------
    >>> Reference(("payload", "items", None, "sku"), 1, 1).text
    'payload.items[].sku'
    """

    path: tuple[str | None, ...]
    line: int
    column: int
    nested: bool = False
    start: int = 0

    @property
    def text(self) -> str:
        """The path as people write it."""
        out = ""
        for segment in self.path:
            out += "[]" if segment is None else f".{segment}" if out else segment
        return out


def references_of(tree: s.Node, source: str) -> tuple[Reference, ...]:
    """Every place where `tree` reads data, in the order of the text, each place once."""
    reader = _Reader(source)
    reader.read(tree, (), {}, nested=False)
    return tuple(sorted(dict.fromkeys(reader.found), key=lambda one: (one.line, one.column)))


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.found: list[Reference] = []

    def read(  # noqa: PLR0911 - one return per kind of node
        self, node: s.Node, context: _At, known: dict[str, _At], *, nested: bool
    ) -> _At:
        """Note what `node` reads and return where its value comes from."""
        if isinstance(node, s.Path):
            return self._path(node, context, known, nested=nested)
        if isinstance(node, s.Variable):
            origin, _ = self._variable(node, context, known)
            if origin and node.name:
                self._note(origin, node.at, nested=nested, start=0)
            return origin
        if isinstance(node, s.Field):
            return self._name(node, context, nested=nested)
        if isinstance(node, s.Selected):
            origin = self._filters(node.filters, self.read(node.node, context, known, nested=nested), known)
            self._group(node.group, origin, known)
            return origin
        if isinstance(node, s.Block):
            inner = dict(known)
            last: _At = None
            for part in node.parts:
                last = self.read(part, context, inner, nested=nested)
            return last
        if isinstance(node, s.Bind):
            known[node.name] = self.read(node.value, context, known, nested=nested)
            return known[node.name]
        for part in s.children(node):
            self.read(part, context, known, nested=nested)
        return None

    def _variable(self, node: s.Variable, context: _At, known: dict[str, _At]) -> tuple[_At, bool]:
        """Where a variable's value comes from, and whether it is relative to the context."""
        if node.name == "":
            return context, True
        if node.name == "$":
            return (), False
        if node.name in known:
            return known[node.name], False
        return ((node.name,) if node.name in ROOTS else (f"${node.name}",)), False

    def _path(self, node: s.Path, context: _At, known: dict[str, _At], *, nested: bool) -> _At:
        origin, at, start = context, node.at, len(context) if context is not None else 0
        plain = True  # still following names; what follows a computed step is not a path from a root
        for index, step in enumerate(node.steps):
            inside = step.node
            if isinstance(inside, s.Field):
                origin = None if origin is None else (*origin, inside.name)
            elif index == 0 and isinstance(inside, s.Variable):
                origin, relative = self._variable(inside, context, known)
                start = start if relative else 0
                nested = nested and relative
            elif isinstance(inside, s.Wildcard):
                origin = None if origin is None else (*origin, None)
            elif isinstance(inside, s.Sort):
                for term in inside.terms:
                    self.read(term.key, _item(origin), known, nested=True)
            else:
                plain = self._step(
                    inside, origin, at, known, nested=nested or index > 0, start=start, first=index == 0
                )
                origin = None
            origin = self._filters(step.filters, origin, known)
        if plain and origin:
            self._note(origin, at, nested=nested, start=start)
        self._group(node.group, origin, known)
        return origin

    def _step(
        self,
        inside: s.Node,
        origin: _At,
        at: int,
        known: dict[str, _At],
        *,
        nested: bool,
        start: int,
        first: bool,
    ) -> bool:
        """Note a computed step; false because nothing behind it is a path from a root."""
        if origin and not first:
            self._note(origin, at, nested=nested and start > 0, start=start)
        self.read(inside, origin if first else _item(origin), known, nested=nested)
        return False

    def _filters(self, filters: tuple[s.Node, ...], origin: _At, known: dict[str, _At]) -> _At:
        for one in filters:
            origin = _item(origin)
            self.read(one, origin, known, nested=True)
        return origin

    def _group(self, group: s.Group | None, origin: _At, known: dict[str, _At]) -> None:
        for pair in group.pairs if group else ():
            for part in pair:
                self.read(part, _item(origin), known, nested=True)

    def _name(self, node: s.Field, context: _At, *, nested: bool) -> _At:
        if context is None:
            return None
        self._note((*context, node.name), node.at, nested=nested, start=len(context))
        return (*context, node.name)

    def _note(self, path: tuple[str | None, ...], at: int, *, nested: bool, start: int) -> None:
        line, column = place(self.source, at)
        self.found.append(Reference(path, line, column, nested, min(start, len(path) - 1)))


def _item(origin: _At) -> _At:
    """An item of what a path names; the second of two filters does not go deeper."""
    if origin is None or not origin or origin[-1] is None:
        return origin
    return (*origin, None)
