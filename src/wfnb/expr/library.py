"""The one door to jsonata-python: checked, loaded on first use, one repaired parser per thread.

Nothing of the library is patched. Three things about it are taken care of here: other packages install a module of the
same name; importing it raises the recursion limit of the whole process; and its parser post-processes the left side of
``??`` and ``?:`` twice, which gives wrong values (``items[1] ?? 99`` was always 99).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
import sys
import threading
from typing import Any

from wfnb.errors import MissingExtraError

__all__ = ["load", "parse_symbols"]

_NEEDED = "jsonata-python>=0.7.1,<0.8"
_LOCK = threading.Lock()
_THREAD = threading.local()
_LOADED: dict[str, Any] = {}


def load() -> dict[str, Any]:
    """The parts of the library wfnb uses: ``Parser`` (repaired) and the modules ``parser``, ``jexception``, ``jsonata``.

    Raises
    ------
    MissingExtraError
        MISSING_EXTRA when jsonata-python is absent or of another version; MODULE_CLASH when another package has
        overwritten its module.
    """
    if not _LOADED:
        with _LOCK:
            if not _LOADED:
                _check_version()
                _LOADED.update(_import())
    return _LOADED


def parse_symbols(source: str) -> Any:
    """The library's syntax tree of `source`; raises whatever the library raises."""
    parser = getattr(_THREAD, "parser", None)
    if parser is None:
        parser = load()["Parser"]()
    _THREAD.parser = None  # a parser that raised is not used again
    tree = parser.parse(source, _no_regex)
    parser.ancestry.clear()
    _THREAD.parser = parser
    return tree


def _no_regex(pattern: str, flags: object) -> tuple[str, object]:
    """Keeps a regex literal as text; the allow-list refuses it with its position later."""
    return pattern, flags


def _check_version() -> None:
    try:
        version = importlib.metadata.version("jsonata-python")
    except importlib.metadata.PackageNotFoundError:
        raise MissingExtraError(
            "Expressions need the package jsonata-python, which is not installed.",
            hint=f'Install it: pip install "{_NEEDED}".',
        ) from None
    found = re.match(r"0\.7\.(\d+)", version)
    if found is None or int(found[1]) < 1:
        raise MissingExtraError(
            f"Expressions need {_NEEDED}, but version {version} is installed.",
            hint=f'Install it: pip install "{_NEEDED}".',
        )


def _import() -> dict[str, Any]:
    limit = sys.getrecursionlimit()
    try:
        names = ("parser", "jexception", "jsonata", "utils", "functions")
        parts = {name: importlib.import_module(f"jsonata.{name}") for name in names}
    except ImportError as error:
        raise MissingExtraError(
            "The module jsonata does not belong to jsonata-python: another package has overwritten it.",
            code="MODULE_CLASH",
            hint="Uninstall the packages jsonata and jsonata-rs, then reinstall jsonata-python.",
        ) from error
    finally:
        sys.setrecursionlimit(limit)
    return {**parts, "Parser": _repaired(parts["parser"].Parser)}


def _repaired(base: Any) -> Any:
    """A parser whose ``??`` and ``?:`` process their left side once."""

    class RepairedParser(base):  # type: ignore[misc]  # the library has no types
        def process_ast(self, expr: Any) -> Any:
            if isinstance(expr, base.InfixCoalesce):
                result = self._default(expr, "??")
                test = base.Symbol(self)
                test.type, test.value = "function", "("
                test.procedure, test.arguments = expr.condition.procedure, [result.then]
                result.condition = test
                return result
            if isinstance(expr, base.InfixDefault):
                result = self._default(expr, "?:")
                result.condition = result.then
                return result
            return super().process_ast(expr)

        def _default(self, expr: Any, operator: str) -> Any:
            result = base.Symbol(self)
            result.type, result.value, result.position = "condition", operator, expr.position
            result.then = self.process_ast(expr.then)
            result._else = self.process_ast(expr._else)  # noqa: SLF001 - the library's own spelling
            result.keep_array = expr.keep_array
            for part in (result.then, result._else):  # noqa: SLF001 - as above
                self.push_ancestry(result, part)
            return result

    return RepairedParser
