"""From the parser's symbols to wfnb's syntax tree; refuses the constructs that expressions do not have."""

from __future__ import annotations

import re
from typing import Any

from wfnb.expr import syntax as s
from wfnb.expr.faults import Fault
from wfnb.model.values import JsonValue

__all__ = ["convert"]

_EXACT = 2**53  #: above it a float no longer holds every integer, so literals are read from the text
_DIGITS = re.compile(r"(?<![0-9.])([0-9]+)$")

_REFUSED = {
    "lambda": (
        "A function definition is not allowed in an expression.",
        "Write the steps as actions, or use a path: items.(price * qty).",
    ),
    "partial": (
        "Partial application is not allowed in an expression.",
        "Call the function with all its arguments.",
    ),
    "transform": (
        "A transform (|...|) is not allowed in an expression.",
        "Build a new object: {'key': value}.",
    ),
    "regex": (
        "Regular expressions are not available in expressions.",
        "Compare strings, or use $contains and $split with plain text.",
    ),
    "parent": (
        "The parent operator % is not available in expressions.",
        "Reach the value from a root: $payload, $vars or $meta.",
    ),
}


def convert(symbol: Any, source: str) -> s.Node:
    """The syntax tree of a parsed expression.

    Raises
    ------
    Fault
        CONSTRUCT_NOT_ALLOWED for anything that is not data in, data out.
    """
    return _Converter(source).node(symbol)


class _Converter:
    def __init__(self, source: str) -> None:
        self.source = source

    def node(self, symbol: Any) -> s.Node:
        if symbol.type == "path":
            return self._path(symbol)
        return self._selected(symbol, self._plain(symbol))

    def _plain(self, symbol: Any) -> s.Node:
        if symbol.type in _REFUSED:
            message, hint = _REFUSED[symbol.type]
            raise Fault("CONSTRUCT_NOT_ALLOWED", message, self._start(symbol), hint)
        method = getattr(self, f"_on_{symbol.type}", None)
        if method is None:
            raise Fault("EXPRESSION_SYNTAX", "The expression cannot be read here.", self._start(symbol))
        node: s.Node = method(symbol)
        return node

    def _selected(self, symbol: Any, node: s.Node) -> s.Node:
        filters = tuple(self.node(part.expr) for part in symbol.predicate or ())
        group = self._group(symbol)
        if filters or group is not None or symbol.keep_array:
            return s.Selected(node, filters, group, bool(symbol.keep_array), node.at)
        return node

    def _group(self, symbol: Any) -> s.Group | None:
        if symbol.group is None:
            return None
        return s.Group(self._pairs(symbol.group.lhs_object), max(symbol.group.position - 1, 0))

    def _pairs(self, pairs: Any) -> tuple[tuple[s.Node, s.Node], ...]:
        return tuple((self.node(key), self.node(value)) for key, value in pairs)

    def _path(self, symbol: Any) -> s.Path:
        steps = tuple([self._step(step) for step in symbol.steps])
        keep = bool(symbol.keep_singleton_array or symbol.keep_array)
        return s.Path(steps, keep, self._group(symbol), steps[0].node.at)

    def _step(self, symbol: Any) -> s.Step:
        stages = symbol.stages or ()
        if (
            symbol.focus is not None
            or symbol.index is not None
            or any(stage.type != "filter" for stage in stages)
        ):
            raise Fault(
                "CONSTRUCT_NOT_ALLOWED",
                "Binding a variable inside a path (@$name, #$name) is not available in expressions.",
                self._start(symbol),
                "Use a filter that names the value from its root: [id = $vars.id].",
            )
        filters = tuple([self.node(stage.expr) for stage in stages])
        if symbol.type == "sort":
            terms = tuple(
                [s.Term(self.node(term.expression), bool(term.descending)) for term in symbol.terms]
            )
            return s.Step(s.Sort(terms, max(symbol.position - 1, 0)), filters)
        if symbol.type == "name":
            filters = tuple([self.node(part.expr) for part in symbol.predicate or ()]) + filters
            return s.Step(s.Field(symbol.value, self._start(symbol)), filters)
        return s.Step(self.node(symbol), filters)

    def _start(self, symbol: Any) -> int:
        """Offset of the first character; the library keeps the offset behind the token."""
        end = int(symbol.position or 0)
        if symbol.type in {"function", "partial"}:
            return self._start(self._callee(symbol.procedure))
        text = str(symbol.value) if symbol.value is not None else ""
        for candidate in (text, f"${text}", f"`{text}`", f'"{text}"', f"'{text}'"):
            if candidate and self.source.endswith(candidate, 0, end):
                return end - len(candidate)
        return max(end - 1, 0)

    @staticmethod
    def _callee(procedure: Any) -> Any:
        return procedure.steps[0] if procedure.type == "path" else procedure

    def _literal(self, symbol: Any) -> s.Literal:
        return s.Literal(symbol.value, self._start(symbol))

    _on_string = _literal
    _on_value = _literal

    def _on_number(self, symbol: Any) -> s.Literal:
        value: JsonValue = symbol.value
        if abs(value) >= _EXACT:
            digits = _DIGITS.search(self.source, 0, symbol.position)
            exact = digits is not None and float(digits[1]) == abs(float(value))
            size = int(digits[1]) if digits is not None and exact else abs(float(value))
            value = size if value > 0 else -size
        return s.Literal(value, self._start(symbol))

    def _on_variable(self, symbol: Any) -> s.Variable:
        return s.Variable(symbol.value, max(symbol.position - len(symbol.value) - 1, 0))

    def _on_name(self, symbol: Any) -> s.Field:
        return s.Field(symbol.value, self._start(symbol))

    def _on_wildcard(self, symbol: Any) -> s.Wildcard:
        return s.Wildcard(max(symbol.position - 1, 0))

    def _on_descendant(self, symbol: Any) -> s.Descendant:
        return s.Descendant(max(symbol.position - 2, 0))

    def _on_binary(self, symbol: Any) -> s.Binary:
        operator = str(symbol.value)
        at = max(symbol.position - len(operator), 0)
        return s.Binary(operator, self.node(symbol.lhs), self.node(symbol.rhs), at)

    def _on_unary(self, symbol: Any) -> s.Node:
        at = max(symbol.position - 1, 0)
        if symbol.value == "[":
            return s.Array(
                tuple([self.node(item) for item in symbol.expressions]), bool(symbol.consarray), at
            )
        if symbol.value == "{":
            return s.Object(self._pairs(symbol.lhs_object), at)
        return s.Negate(self.node(symbol.expression), at)

    def _on_condition(self, symbol: Any) -> s.Node:
        at = max(symbol.position - 1, 0)
        if symbol.value in {"??", "?:"}:
            return s.Default(symbol.value, self.node(symbol.then), self.node(symbol._else), at - 1)  # noqa: SLF001 - the library's spelling
        otherwise = None if symbol._else is None else self.node(symbol._else)  # noqa: SLF001 - the library's spelling
        return s.Condition(self.node(symbol.condition), self.node(symbol.then), otherwise, at)

    def _on_block(self, symbol: Any) -> s.Block:
        return s.Block(tuple([self.node(part) for part in symbol.expressions]), max(symbol.position - 1, 0))

    def _on_bind(self, symbol: Any) -> s.Bind:
        return s.Bind(symbol.lhs.value, self.node(symbol.rhs), self._start(symbol.lhs))

    def _on_function(self, symbol: Any) -> s.Call:
        return self._call(symbol, ())

    def _call(self, symbol: Any, first: tuple[s.Node, ...]) -> s.Call:
        procedure = symbol.procedure
        at = self._start(symbol)
        arguments = first + tuple([self.node(argument) for argument in symbol.arguments])
        if procedure.type == "variable" and procedure.value not in {"", "$"}:
            return s.Call(procedure.value, arguments, bare=False, at=at)
        if procedure.type == "path" and len(procedure.steps) == 1 and procedure.steps[0].type == "name":
            return s.Call(procedure.steps[0].value, arguments, bare=True, at=at)
        raise Fault(
            "CONSTRUCT_NOT_ALLOWED",
            "A function is called by its name; a computed function is not allowed.",
            at,
            "Write the name of the function in front of the brackets.",
        )

    def _on_apply(self, symbol: Any) -> s.Call:
        """``value ~> $f(x)`` is ``$f(value, x)``."""
        left = self.node(symbol.lhs)
        right = symbol.rhs
        if right.type == "function" and not right.predicate and right.group is None:
            return self._call(right, (left,))
        if right.type == "variable":
            return s.Call(right.value, (left,), bare=False, at=self._start(right))
        if right.type == "path" and len(right.steps) == 1 and right.steps[0].type == "name":
            return s.Call(
                right.steps[0].value,
                (left,),
                bare=True,
                at=right.steps[0].position - len(right.steps[0].value),
            )
        raise Fault(
            "CONSTRUCT_NOT_ALLOWED",
            "Behind ~> stands the name of a function.",
            self._start(right),
            "Write: value ~> $string.",
        )
