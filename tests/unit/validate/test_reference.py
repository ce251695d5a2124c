"""The table of findings in the documentation: every code, with its severity, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import wfnb.validate

SOURCE = Path(wfnb.validate.__file__).parent
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "findings.md"
CODE = re.compile(r"[A-Z][A-Z_]+")


def constants(node: ast.AST) -> list[str]:
    """Every code that an argument may be: written there, or one side of a condition."""
    sides = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    return [side.value for side in sides if isinstance(side, ast.Constant) and isinstance(side.value, str)]


def given(path: Path) -> Iterator[tuple[str, str]]:
    """Codes with severity, as a module gives them to findings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {
        target.id: constants(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = ast.unparse(node.func).rpartition(".")[2]
        severity = {"error": "error", "warning": "warning", "_finding": "error"}.get(called)
        first = node.args[0]
        if called == "Finding" and isinstance(first, ast.Constant):
            severity, first = str(first.value), node.args[1]
        if severity is None:
            continue
        codes = named.get(first.id, []) if isinstance(first, ast.Name) else constants(first)
        yield from ((code, severity) for code in codes if CODE.fullmatch(code))


def listed() -> list[tuple[str, str]]:
    """Codes of the page, with the severity of the section they stand in."""
    _, errors, warnings = re.split(r"^## .+$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    sections = {"error": errors, "warning": warnings}
    return [
        (code, name)
        for name, text in sections.items()
        for code in re.findall(r"^\| `(\w+)` \| \S.+\. \|$", text, re.MULTILINE)
    ]


def test_the_page_lists_every_code_once_with_its_severity() -> None:
    found = {pair for path in SOURCE.rglob("*.py") for pair in given(path)}
    assert sorted(listed()) == sorted(found)
