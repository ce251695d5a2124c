"""Hints about expressions that are correct but probably do not mean what they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wfnb.expr.compiled import Compiled
from wfnb.expr.references import ROOTS

__all__ = ["Lint", "lint"]


@dataclass(frozen=True, slots=True)
class Lint:
    """One hint: stable `code`, `message`, what to do (`hint`), and where, from 1."""

    code: str
    message: str
    hint: str
    line: int
    column: int


def lint(compiled: Compiled, roots: Iterable[str] = ROOTS) -> list[Lint]:
    """What looks wrong in a compiled expression.

    Parameters
    ----------
    compiled
        The expression.
    roots
        Names of the roots where it is used.

    Examples
    --------
    >>> from wfnb.expr import compile_expression
    >>> [found] = lint(compile_expression("payload.items[sku = vars.sku]"))
    >>> found.code, found.hint
    ('NESTED_ROOT', 'Write $vars.sku to read it from the root.')
    """
    names = frozenset(roots)
    found = []
    for reference in compiled.references:
        written = reference.path[reference.start :]
        if reference.nested and reference.start and written[0] in names:
            inside = ".".join(segment for segment in reference.path[: reference.start] if segment is not None)
            text = ".".join(segment for segment in written if segment is not None)
            message = f"Here, {text} is read from each item of {inside}, not from the root {written[0]}."
            hint = f"Write ${text} to read it from the root."
            found.append(Lint("NESTED_ROOT", message, hint, reference.line, reference.column))
    return found
