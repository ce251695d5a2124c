"""Errors: one tree, drawn as it is, every code once and explained."""

from __future__ import annotations

import ast
import inspect
import re

from house.tree import ROOT, SOURCE, dotted, modules, syntax
from wfnb import errors

BRANCH = re.compile(r"^ {4}(?P<lead>[│├└─ ]*)(?P<name>[A-Z]\w+)", re.MULTILINE)
CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, errors.WfnbError)
}
# Classes that become an error later, with the code as their first argument.
FORERUNNERS = {"Fault": "ExpressionError"}
REFERENCE = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")


def drawn_tree() -> dict[str, str]:
    """Parent of every class, as the module's docstring draws it."""
    parents: dict[str, str] = {}
    line: list[str] = []
    for branch in BRANCH.finditer(errors.__doc__ or ""):
        depth = len(branch["lead"]) // 4
        line[depth:] = [branch["name"]]
        parents[branch["name"]] = line[depth - 1] if depth else "Exception"
    return parents


def raised() -> set[tuple[str, str]]:
    """Every code with the class of its error: the classes' own, and those given where an error is made."""
    found = {(value.default_code, label) for label, value in CLASSES.items()}
    for path in modules():
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.Call):
                label = ast.unparse(node.func).rpartition(".")[2]
                given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                if label in FORERUNNERS:
                    label, given = FORERUNNERS[label], [*given, *node.args[:1]]
                if label in CLASSES:
                    found |= {(code.value, label) for code in given if isinstance(code, ast.Constant)}
    return found


def explained() -> set[tuple[str, str]]:
    """Every code with its classes, as docs/reference/errors.md lists them."""
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", REFERENCE, re.MULTILINE)
    return {(code, label) for code, classes in rows for label in re.findall(r"`(\w+)`", classes)}


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    assert drawn_tree() == {name: value.__base__.__name__ for name, value in CLASSES.items()}


def test_every_error_class_is_public() -> None:
    assert sorted(CLASSES) == errors.__all__


def test_every_error_class_has_a_code_of_its_own() -> None:
    codes = [value.__dict__["default_code"] for value in CLASSES.values()]
    assert len(set(codes)) == len(codes)


def test_errors_are_defined_in_one_module() -> None:
    elsewhere = [
        f"{dotted(path)}.{node.name}"
        for path in modules()
        if path.name != "errors.py"
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) in CLASSES for base in node.bases)
    ]
    assert elsewhere == []


def test_codes_are_written_in_capitals() -> None:
    assert [code for code, _ in raised() if not re.fullmatch(r"[A-Z][A-Z0-9_]*", code)] == []


def test_every_code_is_explained_with_its_class() -> None:
    assert sorted(raised() - explained()) == [], "explain these in docs/reference/errors.md"


def test_no_explained_code_is_gone() -> None:
    gone = {code for code, _ in explained()} - {code for code, _ in raised()}
    assert gone == set()


def test_every_finding_is_explained() -> None:
    page = (ROOT / "docs" / "reference" / "findings.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))
    written = {
        node.value
        for path in modules()
        if path.is_relative_to(SOURCE / "validate")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Constant) and re.fullmatch(r"[A-Z]+(_[A-Z]+)+", str(node.value))
    }
    assert written == listed


def test_a_message_holds_place_hint_and_code() -> None:
    error = errors.QueryError("Only SELECT is allowed.", where="line 2", hint="Remove the INSERT.")
    assert str(error) == "Only SELECT is allowed. (at line 2) Remove the INSERT. [QUERY_REFUSED]"
