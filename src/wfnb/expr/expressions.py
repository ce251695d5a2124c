"""compile_expression: text to `Compiled`, with a bounded cache."""

from __future__ import annotations

from functools import lru_cache

from wfnb.errors import ExpressionError
from wfnb.expr import syntax as s
from wfnb.expr.check import check
from wfnb.expr.compile import compile_tree
from wfnb.expr.compiled import Compiled
from wfnb.expr.faults import Fault, to_error
from wfnb.expr.functions import FUNCTIONS
from wfnb.expr.parse import parse
from wfnb.expr.profiles import STANDARD, Profile
from wfnb.expr.references import references_of

__all__ = ["compile_expression"]

_CACHED = 4096  # expressions of a large workspace; a compiled one takes about 5 KB


def compile_expression(source: str, *, profile: Profile = STANDARD, field: str | None = None) -> Compiled:
    """Parse, check and compile an expression.

    Parameters
    ----------
    source
        The text, for example ``payload.items[price > 50].sku``.
    profile
        Which functions it may call.
    field
        Name of the field it stands in, for messages.

    Returns
    -------
    The compiled expression; the same one for the same arguments, as long as it is in the cache of the last 4,096.

    Raises
    ------
    ExpressionError
        EMPTY_EXPRESSION, EXPRESSION_SYNTAX, FUNCTION_NOT_ALLOWED, CONSTRUCT_NOT_ALLOWED, EXPRESSION_TYPE (number of
        arguments) or EXPRESSION_LIMIT, with line and column.
    MissingExtraError
        When jsonata-python is not there, is of another version, or has been overwritten by another package.

    Examples
    --------
    >>> total = compile_expression("coalesce(payload.total, 0) + 1")
    >>> total.evaluate({"payload": {}}), total.references[0].text
    (1, 'payload.total')
    >>> compile_expression("payload.total == 3")
    Traceback (most recent call last):
    wfnb.errors.ExpressionError: ...Use = to compare. [EXPRESSION_SYNTAX]
    """
    if not isinstance(source, str):
        raise ExpressionError(
            f"An expression is text, but this is of type {type(source).__name__}.",
            code="EXPRESSION_SYNTAX",
            field=field,
            hint="Write it as a string.",
        )
    return _compile(source, profile, field)


@lru_cache(maxsize=_CACHED)
def _compile(source: str, profile: Profile, field: str | None) -> Compiled:
    profile = Profile(profile)
    try:
        tree = parse(source)
        functions = check(tree, profile)
        return Compiled(
            source=source,
            profile=profile,
            references=references_of(tree, source),
            functions=functions,
            field=field,
            closure=compile_tree(tree, FUNCTIONS[profile]),
            tidy=_builds_sequences(tree),
        )
    except Fault as fault:
        raise to_error(fault, source, field) from None
    except RecursionError:
        deep = Fault(
            "EXPRESSION_LIMIT",
            "The expression is nested too deeply.",
            0,
            "Split it over several assignments.",
        )
        raise to_error(deep, source, field) from None


def _builds_sequences(tree: s.Node) -> bool:
    """Whether a kind of list that is not a plain one can end up inside a result, so that results are tidied."""
    return any(
        node.keep if isinstance(node, (s.Path, s.Selected)) else isinstance(node, s.Array) and node.step
        for node in s.walk(tree)
    )
