"""Every example in the documentation runs, and every link leads somewhere."""

from __future__ import annotations

import ast
import asyncio
import doctest
import importlib
import inspect
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import wfnb
from house.tree import ROOT, dotted, modules, name, project_files
from wfnb.model import definition, policies
from wfnb.registry import nodes

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<kind>python|console)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
ANY_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
PAGES = [
    path
    for path in project_files()
    if path.suffix == ".md" and (path.parent == ROOT or path.is_relative_to(ROOT / "docs"))
]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(page: Path) -> Iterator[tuple[str, str, int]]:
    """Kind, text and line of the examples of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for fence in FENCE.finditer(text):
        yield fence["kind"], inspect.cleandoc(fence["text"]), text.count("\n", 0, fence.start()) + 2


def run_python(text: str, names: dict[str, Any], where: str) -> None:
    """Run one example as a notebook cell would: prompts are checked, ``await`` is allowed."""
    if text.startswith(">>>"):
        example = doctest.DocTestParser().get_doctest(text, names, where, where, 0)
        failed = doctest.DocTestRunner(optionflags=FLAGS).run(example, clear_globs=False).failed
        names.update(example.globs)
        assert failed == 0, f"{where}: the output differs"
        return
    code = compile(text, where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, names)  # noqa: S307 - it is our own documentation that runs
    if inspect.iscoroutine(result):
        asyncio.run(result)


def run_console(text: str, where: str) -> None:
    """Run the ``$ wfnb ...`` lines of a terminal example; other commands are the reader's."""
    for line in re.findall(r"^\$ (wfnb .*)$", text, re.MULTILINE):
        command = shlex.split(line, comments=True)
        program = Path(sys.executable).with_name(command[0])
        ended = subprocess.run(
            [program, *command[1:]],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=250,
            env={**os.environ, "TOUR_BROWSER": "0"},
            check=False,
        )
        assert ended.returncode == 0, f"{where}: {line}\n{ended.stdout}{ended.stderr}"


def leaves(label: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Commands of the command line with the words that call them."""
    if not hasattr(command, "commands"):
        yield label, command
        return
    for word, child in command.commands.items():
        yield from leaves(f"{label} {word}", child)


@pytest.mark.parametrize("page", [page for page in PAGES if any(blocks(page))], ids=name)
def test_the_examples_of_a_page_run_in_order(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for kind, text, line in blocks(page):
        where = f"{name(page)}:{line}"
        if kind == "python":
            run_python(text, names, where)
        else:
            run_console(text, where)


@pytest.mark.parametrize("path", [path for path in modules() if path.stem != "__main__"], ids=name)
def test_the_examples_in_docstrings_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(dotted(path))
    assert doctest.testmod(module, optionflags=FLAGS).failed == 0


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_between_files_lead_somewhere(page: Path) -> None:
    prose = ANY_FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = {
        link["target"].partition("#")[0] for link in LINK.finditer(prose) if "://" not in link["target"]
    }
    assert {target for target in targets if target and not (page.parent / target).exists()} == set()


def test_the_definition_page_names_every_key_that_may_be_written() -> None:
    page = (ROOT / "docs" / "reference" / "definition.md").read_text(encoding="utf-8")
    models = [
        value
        for module in (definition, policies, nodes)
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, policies.Model)
    ]
    keys = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert {key for key in keys - {"$expr", "policy"} if f"`{key}`" not in page} == set()


def test_every_command_and_option_is_documented() -> None:
    parts = {
        path.stem: importlib.import_module(dotted(path)) for path in modules() if path.parent.name == "cli"
    }
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    sections = dict(
        re.findall(r"^## `(wfnb [a-z ]*[a-z])[^`]*`$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    )
    commands_by_name = dict(leaves("wfnb", typer.main.get_command(parts["app"].app)))
    assert sections.keys() == commands_by_name.keys()
    for label, command in commands_by_name.items():
        options = {
            flag for option in command.params if option.param_type_name == "option" for flag in option.opts
        }
        assert {
            flag for flag in options if flag.startswith("--") and f"`{flag}`" not in sections[label]
        } == set()


def test_every_public_name_is_documented() -> None:
    reference = "".join(
        page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "reference").glob("*.md")
    )
    public = [label for label in wfnb.__all__ if not label.startswith("__")]
    assert [label for label in public if not re.search(rf"wfnb\.{label}\b|`{label}`", reference)] == []
