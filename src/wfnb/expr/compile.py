"""From syntax tree to closures: one Python function per construct, built once and run often."""

from __future__ import annotations

from collections.abc import Mapping

from wfnb.expr import syntax as s
from wfnb.expr.budget import Run
from wfnb.expr.calls import build_call
from wfnb.expr.constructors import build_array, build_object
from wfnb.expr.functions import Function
from wfnb.expr.operators import Closure, build_binary, build_negate
from wfnb.expr.paths import build_field, build_path, build_selected, read_variable
from wfnb.expr.values import MISSING, Value, truth, unwrap
from wfnb.expr.wildcards import descend, spread_values

__all__ = ["compile_tree"]


def compile_tree(tree: s.Node, functions: Mapping[str, Function]) -> Closure:
    """The closure of a checked syntax tree.

    Parameters
    ----------
    tree
        What `wfnb.expr.check.check` has let pass.
    functions
        The functions that may be called, by name.
    """
    return _Compiler(functions).build(tree)


class _Compiler:
    def __init__(self, functions: Mapping[str, Function]) -> None:
        self.functions = functions

    def build(self, node: s.Node) -> Closure:  # noqa: C901, PLR0911, PLR0912 - one arm per kind of node
        match node:
            case s.Literal(value=value):
                return lambda _context, _run: value
            case s.Field(name=name):
                return build_field(name)
            case s.Path():
                return build_path(node, self.build)
            case s.Variable(name=name):
                return read_variable(name)
            case s.Binary():
                return build_binary(node, self.build)
            case s.Call():
                return build_call(node, self.build, self.functions)
            case s.Condition():
                return self._condition(node)
            case s.Default():
                return self._default(node)
            case s.Object():
                return build_object(node, self.build)
            case s.Array():
                return build_array(node, self.build)
            case s.Selected():
                return build_selected(node, self.build)
            case s.Block():
                return self._block(node)
            case s.Bind():
                return self._bind(node)
            case s.Negate():
                return build_negate(node, self.build)
            case s.Wildcard():
                return spread_values
            case s.Descendant():
                return descend
            case s.Sort():
                raise TypeError("An order-by is compiled by the path it belongs to.")

    def _condition(self, node: s.Condition) -> Closure:
        test, then = self.build(node.test), self.build(node.then)
        if node.otherwise is None:
            return lambda context, run: then(context, run) if truth(test(context, run)) else MISSING
        otherwise = self.build(node.otherwise)
        return lambda context, run: (
            then(context, run) if truth(test(context, run)) else otherwise(context, run)
        )

    def _default(self, node: s.Default) -> Closure:
        left, right = self.build(node.left), self.build(node.right)
        if node.operator == "??":

            def unless_missing(context: Value, run: Run) -> Value:
                value = left(context, run)
                return right(context, run) if value is MISSING else value

            return unless_missing

        def unless_false(context: Value, run: Run) -> Value:
            value = left(context, run)
            return value if truth(value) else right(context, run)

        return unless_false

    def _block(self, node: s.Block) -> Closure:
        parts = [self.build(part) for part in node.parts]
        if not parts:
            return lambda _context, _run: MISSING
        # A binding deeper inside has to stay inside, so only a part that binds nothing may go without variables of its own.
        if len(parts) == 1 and not any(isinstance(inner, s.Bind) for inner in s.walk(node.parts[0])):
            return parts[0]

        def block(context: Value, run: Run) -> Value:
            outside = run.variables
            run.variables = outside.copy()
            value: Value = MISSING
            for part in parts:
                value = part(context, run)
            run.variables = outside
            return value

        return block

    def _bind(self, node: s.Bind) -> Closure:
        name, value = node.name, self.build(node.value)

        def bind(context: Value, run: Run) -> Value:
            bound = unwrap(value(context, run))
            run.variables[name] = bound
            return bound

        return bind
