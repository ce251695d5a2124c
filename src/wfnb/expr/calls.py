"""Calls of functions as closures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wfnb.expr import syntax as s
from wfnb.expr.budget import Run
from wfnb.expr.faults import Fault
from wfnb.expr.functions import Function
from wfnb.expr.operators import Build, Closure
from wfnb.expr.values import Value, unwrap

__all__ = ["build_call"]


def build_call(node: s.Call, build: Build, functions: Mapping[str, Function]) -> Closure:
    """The closure of a call; the allow-list has already checked name and number of arguments."""
    function = functions[node.name]
    arguments = [build(argument) for argument in node.arguments]
    if function.context and len(arguments) < function.least:
        arguments.insert(0, lambda context, _run: context)
    if len(arguments) == 1:
        return _with_one(function.work, arguments[0], node.at)
    work, at = function.work, node.at

    def call(context: Value, run: Run) -> Value:
        values = [argument(context, run) for argument in arguments]
        try:
            return unwrap(work(run, *values))
        except Fault as fault:
            if fault.at is None:
                fault.at = at
            raise

    return call


def _with_one(work: Callable[..., Value], argument: Closure, at: int) -> Closure:
    def call(context: Value, run: Run) -> Value:
        value = argument(context, run)
        try:
            return unwrap(work(run, value))
        except Fault as fault:
            if fault.at is None:
                fault.at = at
            raise

    return call
