"""Style is tested: what a reviewer should not have to say twice."""

from __future__ import annotations

import ast
import dataclasses
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from house.tree import ROOT, SOURCE, modules, name, python_files, syntax, text_files
from wfnb.limits import Limits

MODULE_LINES = 400
FUNCTION_LINES = 70
VAGUE = {"util", "utils", "helper", "helpers", "manager", "managers", "handler", "handlers", "misc", "common"}
EXECUTES = {"execute", "executemany", "executescript", "sql", "query"}
STATEMENT = re.compile(
    r"\b(SELECT\b.+\bFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\b.+\bSET|DELETE\s+FROM|CREATE\s+(TABLE|VIEW|INDEX)|PRAGMA\s)",
    re.DOTALL,
)

# Written in pieces, so that this file does not contain what it forbids.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]) + r")\b")
HOSTS = re.compile(
    "|".join(["pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "index" + "-url"])
)
MACHINE_PATHS = re.compile("|".join(["/wo" + "rk/", "/ro" + "ot/", "/ho" + r"me/\w", "/Us" + r"ers/\w"]))


EXEMPTION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:)")
EXPLAINED = re.compile(r"(noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\]|pragma: no \w+)\s*(-|#)\s*\w+")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def read(path: Path) -> str:
    """Text of a file, whatever bytes are in it."""
    return path.read_text(encoding="utf-8", errors="replace")


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers and comments of a Python file."""
    reader = io.StringIO(path.read_text(encoding="utf-8")).readline
    for token in tokenize.generate_tokens(reader):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def code_lines(function: Function) -> int:
    """Lines of a function without its docstring: explaining is not what makes a function long."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


def public_definitions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Public functions and classes of a module, and public methods of public classes."""
    for node in tree.body:
        if isinstance(node, (Function, ast.ClassDef)) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for child in node.body:
                    if (
                        isinstance(child, Function)
                        and not child.name.startswith("_")
                        and not inherits_prose(child)
                    ):
                        yield f"{node.name}.{child.name}", child


def inherits_prose(function: Function) -> bool:
    """Setters and overloads are explained where the property or the function is."""
    decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in function.decorator_list}
    return bool(decorators & {"setter", "deleter", "overload", "override"})


def is_built(node: ast.AST) -> bool:
    """Whether an expression puts a string together from something that is not written there."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        return not (isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant))
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"format", "format_map", "join", "replace"}
    )


def built_statements(tree: ast.Module) -> list[int]:
    """Lines where a database is given a text that was put together, directly or through a local name."""
    lines: set[int] = set()
    for scope in ast.walk(tree):
        if not isinstance(scope, (Function, ast.Module)):
            continue
        nodes = list(ast.walk(scope))
        built = {
            target.id
            for node in nodes
            if isinstance(node, ast.Assign) and is_built(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in nodes:
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in EXECUTES
            ):
                for first in node.args[:1]:
                    if is_built(first) or (isinstance(first, ast.Name) and first.id in built):
                        lines.add(node.lineno)
    return sorted(lines)


def places(paths: Iterable[Path], lines_of: Callable[[Path], Iterable[object]]) -> list[str]:
    """Every finding in these files, as ``file:line`` or ``file: what``."""
    return [f"{name(path)}:{finding}" for path in paths for finding in lines_of(path)]


def test_modules_are_short() -> None:
    assert [name(path) for path in modules() if len(read(path).splitlines()) > MODULE_LINES] == []


def test_functions_are_short() -> None:
    def long_functions(path: Path) -> Iterator[str]:
        for node in ast.walk(syntax(path)):
            if isinstance(node, Function) and (lines := code_lines(node)) > FUNCTION_LINES:
                yield f"{node.lineno} {node.name} has {lines} lines"

    assert places(python_files(), long_functions) == []


def test_a_module_says_on_its_first_line_what_it_is_for() -> None:
    def first_line(path: Path) -> str:
        return (ast.get_docstring(syntax(path)) or "").partition("\n")[0]

    assert [name(path) for path in python_files() if not first_line(path).endswith((".", ":", "?"))] == []


def test_public_functions_and_classes_are_documented() -> None:
    def bare(path: Path) -> Iterator[str]:
        return (label for label, node in public_definitions(syntax(path)) if not ast.get_docstring(node))

    assert places(modules(), bare) == []


def test_an_exception_from_a_rule_gives_its_reason() -> None:
    def unexplained(path: Path) -> Iterator[str]:
        for line, comment in comments(path):
            if EXEMPTION.search(comment) and not EXPLAINED.search(comment):
                yield f"{line} {comment}"

    assert places(python_files(), unexplained) == []


def test_sql_is_never_built_from_input() -> None:
    assert places(modules(), lambda path: built_statements(syntax(path))) == []


def test_no_sql_statement_has_a_hole_for_text() -> None:
    def holes(path: Path) -> Iterator[int]:
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.JoinedStr) and is_built(node):
                written = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
                if STATEMENT.search(written):
                    yield node.lineno

    assert places(modules(), holes) == []


def test_a_module_name_says_what_is_in_it() -> None:
    def words(path: Path) -> set[str]:
        return set(re.split(r"[_/.]", path.relative_to(SOURCE).as_posix()))

    assert [name(path) for path in modules() if VAGUE & words(path)] == []


def test_every_limit_is_used() -> None:
    read_names = {
        node.attr
        for path in modules()
        if path.name != "limits.py"
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Attribute)
    }
    assert {field.name for field in dataclasses.fields(Limits)} - read_names == set()


def test_every_limit_gives_its_reason() -> None:
    fields = {field.name for field in dataclasses.fields(Limits)}
    lines = read(SOURCE / "limits.py").splitlines()
    explained = {line.split(":")[0].strip() for line in lines if re.search(r"#: \w+", line)}
    assert fields - explained == set()


@pytest.mark.parametrize(
    "forbidden", [UNFINISHED, HOSTS, MACHINE_PATHS], ids=["unfinished", "hosts", "machine"]
)
def test_no_file_holds_what_belongs_elsewhere(forbidden: re.Pattern[str]) -> None:
    def lines(path: Path) -> Iterator[str]:
        for number, line in enumerate(read(path).splitlines(), 1):
            if found := forbidden.search(line):
                yield f"{number} {found[0]}"

    assert places(text_files(), lines) == []


def test_the_changelog_runs_from_new_to_old() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    versions = [tuple(map(int, heading.split("."))) for heading in headings[1:]]
    assert all(newer > older for newer, older in pairwise(versions))


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
