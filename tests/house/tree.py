"""The files of the project, as the house tests read them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "wfnb"
BINARY = {".png", ".ico", ".woff2", ".duckdb", ".gz"}


@cache
def project_files() -> tuple[Path, ...]:
    """Files that belong to the project: known to git, or new and not ignored; all of them in a plain copy."""
    asked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode == 0:
        paths = [ROOT / name for name in asked.stdout.split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not any(part.startswith(".") for part in path.parts)]
    return tuple(sorted(path for path in paths if path.is_file()))


def text_files() -> list[Path]:
    """Files that people read as text."""
    return [path for path in project_files() if path.suffix not in BINARY]


def modules() -> list[Path]:
    """Python modules of the package."""
    return [path for path in project_files() if path.suffix == ".py" and path.is_relative_to(SOURCE)]


def python_files() -> list[Path]:
    """All Python files: package, tests, benchmarks, documentation, scripts."""
    scripts = [path for path in (ROOT / "scripts").iterdir() if path.is_file()]
    return [path for path in project_files() if path.suffix == ".py"] + sorted(scripts)


def name(path: Path) -> str:
    """A path as messages and test ids show it."""
    return path.relative_to(ROOT).as_posix()


def dotted(path: Path) -> str:
    """Import name of a module of the package."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def syntax(path: Path) -> ast.Module:
    """Syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
