"""Which tests prove which behaviours: the catalogue, the marks, and what a run of the tests has shown."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from house.tree import ROOT, project_files, syntax

CATALOGUE = Path(__file__).with_suffix(".toml")
MARKS = ("behaviour", "defect")


@dataclass(frozen=True, slots=True)
class Entry:
    """One behaviour or defect of the catalogue."""

    id: str
    section: str
    sentence: str
    departure: str = ""

    @property
    def is_defect(self) -> bool:
        """Whether it is about a fault that is not to be repeated."""
        return self.id.startswith("D-")


@cache
def catalogue() -> dict[str, Entry]:
    """Every entry by its id: ``"1"`` to ``"220"``, then ``"D-1"`` to ``"D-25"``."""
    written = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    departures = written["departures"]
    sections = {**written["behaviours"], "Defects that are not repeated": written["defects"]}
    return {
        id: Entry(id, section, sentence, departures.get(id, ""))
        for section, entries in sections.items()
        for id, sentence in entries.items()
    }


def marks_of(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """Ids that the marks of a test name, those on its parameters included."""
    for decorator in test.decorator_list:
        for node in ast.walk(decorator):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in MARKS
            ):
                yield from (str(ast.literal_eval(argument)) for argument in node.args)


@cache
def tests_by_id() -> dict[str, list[str]]:
    """Tests that are marked with an id, as ``unit/expr/test_check.py::test_name``, in the order of their files."""
    found: dict[str, list[str]] = defaultdict(list)
    tests = ROOT / "tests"
    for path in project_files():
        if path.is_relative_to(tests) and path.match("test_*.py"):
            for node in ast.walk(syntax(path)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    for id in marks_of(node):
                        found[id].append(f"{path.relative_to(tests).as_posix()}::{node.name}")
    return dict(found)


def names(nodes: Iterable[str]) -> set[str]:
    """Tests by their node ids, without the parameters."""
    return {re.sub(r"\[.*", "", node, flags=re.DOTALL).removeprefix("tests/") for node in nodes}


def summary(passed: Iterable[str], failed: Iterable[str] = ()) -> str:
    """What tests have shown, in one line, given the node ids of those that passed and of those that failed."""
    good = names(passed) - names(failed)
    shown = [catalogue()[id] for id, tests in tests_by_id().items() if id in catalogue() and good & {*tests}]
    defects = sum(entry.is_defect for entry in shown)
    all_defects = sum(entry.is_defect for entry in catalogue().values())
    return (
        f"behaviours covered: {len(shown) - defects} of {len(catalogue()) - all_defects}; "
        f"defects covered: {defects} of {all_defects}"
    )


def page() -> str:
    """The page docs/reference/behaviours.md."""
    lines = [
        "# Behaviours and their tests",
        "",
        "What a runtime for pipelines has to do, with the tests that fail when wfnb does not do it, and a note where wfnb",
        "departs on purpose from the runtime that the list was first written for.",
        "`scripts/behaviours` writes this page from `tests/behaviours.toml` and from the marks in the tests.",
        "",
        f"{summary(f'tests/{test}' for tests in tests_by_id().values() for test in tests).capitalize()}.",
    ]
    section = ""
    for entry in catalogue().values():
        if entry.section != section:
            section = entry.section
            lines += ["", f"## {section}", "", "| | behaviour | tests | departure |", "|---|---|---|---|"]
        tests = "<br>".join(f"`{test}`" for test in tests_by_id().get(entry.id, [])) or "not covered"
        lines.append(f"| {entry.id} | {entry.sentence} | {tests} | {entry.departure} |")
    return "\n".join(lines) + "\n"
