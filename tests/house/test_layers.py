"""Modules know each other in one direction only; the pure ones know nothing of the world."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import grimp
import networkx as nx

from house.tree import ROOT, SOURCE, modules, name, syntax

PURE = ("machine", "debug", "validate", "expr", "model")
WORLDLY = {"open", "print", "input", "breakpoint", "exec", "eval", "__import__"}


def test_layers_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    # A cache from before a module existed would take its imports for imports of the package.
    checked = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout.rpartition("\n\n\n")[2]


def test_no_modules_import_each_other_in_a_circle() -> None:
    # Imports inside functions count: they hide a knot, they do not untie it. Names for type checkers do not.
    imports = grimp.build_graph("wfnb", exclude_type_checking_imports=True, cache_dir=None)
    graph = nx.DiGraph(
        (module, child)
        for module in imports.modules
        for child in imports.find_modules_directly_imported_by(module)
    )
    assert [knot for knot in nx.strongly_connected_components(graph) if len(knot) > 1] == []


def test_pure_modules_call_nothing_that_reaches_the_world() -> None:
    calls = [
        f"{name(path)}:{node.lineno} {node.func.id}()"
        for path in modules()
        if path.relative_to(SOURCE).parts[0] in PURE
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WORLDLY
    ]
    assert calls == []
