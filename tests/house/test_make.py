"""The ways in: make targets, the bootstrap script, the CI entry."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

from house.tree import ROOT

SHOWN = re.compile(r"^ +make ([a-z]+)", re.MULTILINE)
TABLED = re.compile(r"^\| `make ([a-z]+)`", re.MULTILINE)


def run(*command: str | Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in the project's folder, with another PATH when one is given."""
    surroundings = {**os.environ, "PATH": path} if path is not None else None
    return subprocess.run(
        command,
        cwd=ROOT,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_make_alone_lists_every_target_that_is_documented() -> None:
    shown = set(SHOWN.findall(run("make").stdout))
    documented = set(TABLED.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    assert shown - documented == {"clean", "help"}
    assert documented - shown == set()


def test_clean_removes_only_what_git_ignores() -> None:
    leftovers = re.search(
        r"^LEFTOVERS := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert leftovers is not None
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").replace("/\n", "\n").split()
    assert set(leftovers[1].split()) <= set(ignored)
    assert ".venv" not in leftovers[1].split()


def test_the_bootstrap_can_be_read_by_an_old_python() -> None:
    ast.parse((ROOT / "scripts" / "bootstrap").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_the_bootstrap_uses_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "scripts" / "bootstrap").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= sys.stdlib_module_names
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


def test_a_missing_browser_is_answered_with_what_to_install(tmp_path: Path) -> None:
    asked = run(sys.executable, "scripts/need-chromium", path=str(tmp_path))
    assert asked.returncode == 1
    assert "apt-get install --yes chromium" in asked.stderr


def test_a_browser_on_the_path_is_found(tmp_path: Path) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\n", encoding="utf-8")
    browser.chmod(0o755)
    assert run(sys.executable, "scripts/need-chromium", path=str(tmp_path)).returncode == 0


def test_the_ci_entry_is_valid_bash() -> None:
    assert run("bash", "-n", ".ci/run").stderr == ""
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
