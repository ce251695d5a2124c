"""The allow-list: which functions and variables a checked expression uses, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from wfnb.expr import syntax as s
from wfnb.expr.faults import Fault
from wfnb.expr.functions import FUNCTIONS, REFUSED, Function
from wfnb.expr.profiles import Profile

__all__ = ["check"]

_EVERY_NAME = frozenset(FUNCTIONS[Profile.EXTENDED]) | frozenset(REFUSED)
_NO_VARIABLE = _EVERY_NAME - {"error"}  # $error is the root; the function of that name is refused by its call
_MOST_DEPTH = 250  # levels, steps of one path: what the interpreter's stack bears wherever it is called from


def check(tree: s.Node, profile: Profile) -> frozenset[str]:
    """The names of the functions `tree` calls.

    Raises
    ------
    Fault
        FUNCTION_NOT_ALLOWED, CONSTRUCT_NOT_ALLOWED, EXPRESSION_TYPE (number of arguments), EXPRESSION_LIMIT (depth).
    """
    allowed = FUNCTIONS[profile]
    called: set[str] = set()
    stack: list[tuple[s.Node, float]] = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > _MOST_DEPTH or (isinstance(node, s.Path) and len(node.steps) > _MOST_DEPTH):
            raise Fault(
                "EXPRESSION_LIMIT",
                f"The expression is nested more than {_MOST_DEPTH} levels deep.",
                node.at,
                "Split it over several assignments.",
            )
        if isinstance(node, s.Call):
            _check_call(node, allowed, profile)
            called.add(node.name)
        elif isinstance(node, s.Variable):
            _check_name(node.name, node.at, "")
        elif isinstance(node, s.Bind):
            _check_name(node.name, node.at, ":=")
        # A chain of & is compiled flat, so it counts for less.
        flat = isinstance(node, s.Binary) and node.operator == "&"
        stack.extend((part, depth + (0.5 if flat else 1)) for part in s.children(node))
    return frozenset(called)


def _check_call(node: s.Call, allowed: Mapping[str, Function], profile: Profile) -> None:
    function = allowed.get(node.name)
    if function is None:
        raise _not_allowed(node, allowed, profile)
    count = len(node.arguments)
    least = function.least - 1 if function.context else function.least
    if count < least or (function.most is not None and count > function.most):
        raise Fault(
            "EXPRESSION_TYPE",
            f"{node.name} is called with {count} argument{'' if count == 1 else 's'}; it takes {function.signature}.",
            node.at,
            function.summary,
        )


def _not_allowed(node: s.Call, allowed: Mapping[str, Function], profile: Profile) -> Fault:
    name = node.name
    if name in REFUSED:
        hint = REFUSED[name]
    elif name in _EVERY_NAME:
        hint = "It belongs to the extended profile."
    else:
        near = get_close_matches(name.lower(), [known.lower() for known in allowed], n=1, cutoff=0.5)
        found = next((known for known in allowed if near and known.lower() == near[0]), None)
        hint = f"Did you mean {found}?" if found else f"Allowed are: {', '.join(sorted(allowed))}."
    return Fault(
        "FUNCTION_NOT_ALLOWED", f"The function {name} is not in the {profile.value} profile.", node.at, hint
    )


def _check_name(name: str, at: int, binding: str) -> None:
    if name.startswith("__"):
        raise Fault(
            "CONSTRUCT_NOT_ALLOWED", f"The name ${name} is reserved.", at, "Choose a name without leading __."
        )
    if name in _NO_VARIABLE:
        message = (
            f"${name} is a function; a variable cannot have its name."
            if binding
            else f"${name} is a function; functions cannot be used as values."
        )
        raise Fault(
            "CONSTRUCT_NOT_ALLOWED",
            message,
            at,
            f"Call it: {name}(...)." if not binding else "Choose another name.",
        )
