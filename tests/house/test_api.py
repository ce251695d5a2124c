"""The public names are a list, and importing them costs nothing."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys

import pytest

import wfnb
from house.tree import SOURCE, syntax

# A name comes in with a line in CHANGELOG.md, and goes out only with a major version.
PUBLIC = [
    "DELETE",
    "ActionContext",
    "ActionError",
    "Coverage",
    "Debugger",
    "DefinitionError",
    "ExpressionError",
    "Finding",
    "Publication",
    "Run",
    "RunList",
    "SimulatedClock",
    "Simulation",
    "Snapshot",
    "StepTimeoutError",
    "TransientError",
    "ValidationError",
    "WfnbError",
    "Workspace",
    "__version__",
    "open",
]

HEAVY = {
    "IPython",
    "anywidget",
    "duckdb",
    "ipywidgets",
    "matplotlib",
    "networkx",
    "numpy",
    "pandas",
    "psycopg",
}


def test_the_public_names_are_these_and_sorted() -> None:
    assert wfnb.__all__ == PUBLIC
    assert (
        sorted(PUBLIC, key=lambda name: (not name.isupper(), name)) == PUBLIC
    )  # constants first, as ruff has it


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_can_be_imported(name: str) -> None:
    assert getattr(wfnb, name) is not None


def test_completion_shows_the_public_names_only() -> None:
    assert dir(wfnb) == sorted(PUBLIC)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'wfnb' has no attribute 'nonsense'"):
        _ = wfnb.nonsense


def test_type_checkers_see_the_same_names_as_programs() -> None:
    guarded = next(node for node in syntax(SOURCE / "__init__.py").body if isinstance(node, ast.If))
    homes = {
        alias.asname or alias.name: node.module
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert homes == wfnb._HOMES
    assert {*homes, "__version__"} == set(PUBLIC)


def test_importing_wfnb_loads_nothing_heavy() -> None:
    script = "import sys, wfnb; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert HEAVY & set(loaded.stdout.split()) == set()


def test_the_version_is_the_one_that_is_packaged() -> None:
    assert importlib.metadata.version("wfnb") == wfnb.__version__
