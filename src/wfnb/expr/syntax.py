"""The syntax tree of wfnb expressions: small frozen nodes, independent of the parser that produced them.

``at`` is always the offset of the first character of the construct in the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from wfnb.model.values import JsonValue

__all__ = [
    "Array",
    "Binary",
    "Bind",
    "Block",
    "Call",
    "Condition",
    "Default",
    "Descendant",
    "Field",
    "Group",
    "Literal",
    "Negate",
    "Node",
    "Object",
    "Path",
    "Selected",
    "Sort",
    "Step",
    "Term",
    "Variable",
    "Wildcard",
    "children",
    "cost",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, string, true, false or null."""

    value: JsonValue
    at: int


@dataclass(frozen=True, slots=True)
class Variable:
    """``$name``; the name is empty for ``$`` (the context) and ``$`` for ``$$`` (the root)."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Field:
    """A name step of a path."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``*``: every value of an object."""

    at: int


@dataclass(frozen=True, slots=True)
class Descendant:
    """``**``: the value and everything below it."""

    at: int


@dataclass(frozen=True, slots=True)
class Negate:
    """Unary minus."""

    operand: Node
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two operands; ``..`` counts as one."""

    operator: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Condition:
    """``test ? then : otherwise``; a missing `otherwise` gives a missing value."""

    test: Node
    then: Node
    otherwise: Node | None
    at: int


@dataclass(frozen=True, slots=True)
class Default:
    """``left ?? right`` (left unless missing) and ``left ?: right`` (left when true)."""

    operator: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Array:
    """``[a, b]``; `step` marks one that is a step of a path, whose result is not flattened."""

    items: tuple[Node, ...]
    step: bool
    at: int


@dataclass(frozen=True, slots=True)
class Object:
    """``{key: value}``."""

    pairs: tuple[tuple[Node, Node], ...]
    at: int


@dataclass(frozen=True, slots=True)
class Bind:
    """``$name := value``."""

    name: str
    value: Node
    at: int


@dataclass(frozen=True, slots=True)
class Block:
    """``(a; b)``: the value of the last part, with variables of its own."""

    parts: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a named function; `bare` when it is written without ``$``."""

    name: str
    arguments: tuple[Node, ...]
    bare: bool
    at: int


@dataclass(frozen=True, slots=True)
class Term:
    """One key of an order-by."""

    key: Node
    descending: bool


@dataclass(frozen=True, slots=True)
class Sort:
    """``^(a, >b)``: an order-by step."""

    terms: tuple[Term, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Group:
    """``{key: value}`` behind a path: groups what the path gave."""

    pairs: tuple[tuple[Node, Node], ...]
    at: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path and the filters applied to each of its results."""

    node: Node
    filters: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """Steps, each evaluated for every item the step before gave."""

    steps: tuple[Step, ...]
    keep: bool
    group: Group | None
    at: int


@dataclass(frozen=True, slots=True)
class Selected:
    """Something other than a path with filters, a grouping or ``[]`` behind it."""

    node: Node
    filters: tuple[Node, ...]
    group: Group | None
    keep: bool
    at: int


Node: TypeAlias = (
    Literal
    | Variable
    | Field
    | Wildcard
    | Descendant
    | Negate
    | Binary
    | Condition
    | Default
    | Array
    | Object
    | Bind
    | Block
    | Call
    | Sort
    | Path
    | Selected
)


def children(node: Node) -> tuple[Node, ...]:  # noqa: PLR0911 - one return per kind of node reads best
    """The direct parts of a node, in the order they are written."""
    match node:
        case Negate(operand=one) | Bind(value=one):
            return (one,)
        case Binary(left=left, right=right) | Default(left=left, right=right):
            return (left, right)
        case Condition(test=test, then=then, otherwise=otherwise):
            return (test, then) if otherwise is None else (test, then, otherwise)
        case Array(items=parts) | Block(parts=parts) | Call(arguments=parts):
            return parts
        case Object(pairs=pairs):
            return tuple(part for pair in pairs for part in pair)
        case Sort(terms=terms):
            return tuple(term.key for term in terms)
        case Path(steps=steps, group=group):
            inner = tuple(part for step in steps for part in (step.node, *step.filters))
            return inner + _grouped(group)
        case Selected(node=inside, filters=filters, group=group):
            return (inside, *filters, *_grouped(group))
        case _:
            return ()


def _grouped(group: Group | None) -> tuple[Node, ...]:
    return () if group is None else tuple(part for pair in group.pairs for part in pair)


def walk(node: Node) -> Iterator[Node]:
    """Every node of a tree, each before its parts. Uses no recursion, so depth does not matter."""
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(children(here)))


def cost(node: Node) -> int:
    """Fuel of evaluating a node once: grows with its size, so that long steps over many items are charged fairly."""
    return 1 + sum(1 for _ in walk(node)) // 4
