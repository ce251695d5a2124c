"""Expressions: JSONata, checked against an allow-list and compiled to Python closures with bounded cost."""

from __future__ import annotations

from wfnb.expr.compiled import Compiled
from wfnb.expr.expressions import compile_expression
from wfnb.expr.lint import Lint, lint
from wfnb.expr.profiles import EXTENDED, STANDARD, Profile
from wfnb.expr.references import ROOTS, Reference

__all__ = [
    "EXTENDED",
    "ROOTS",
    "STANDARD",
    "Compiled",
    "Lint",
    "Profile",
    "Reference",
    "compile_expression",
    "lint",
]
