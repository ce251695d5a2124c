"""The wheel holds the package, its notebooks and data, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from house.tree import ROOT, project_files

# Where the folders of the project stand in the wheel.
SHIPPED = {"src/wfnb": "wfnb", "notebooks": "wfnb/_share/notebooks", "data": "wfnb/_share/data"}
METADATA = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}


def build_wheel(folder: Path) -> Path:
    """Build the wheel as a release does, without a network."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_the_files_of_the_project_and_nothing_else(names: set[str]) -> None:
    expected = {
        f"{target}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, target in SHIPPED.items()
        for path in project_files()
        if path.is_relative_to(ROOT / folder)
    }
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert {name.partition(".dist-info/")[2] for name in names if ".dist-info/" in name} == METADATA


@pytest.mark.parametrize(
    "pattern",
    [
        r"wfnb/py\.typed",
        r"wfnb/store/.+\.sql",
        r"wfnb/ui/static/.+\.js",
        r"wfnb/ui/static/.+\.css",
        r"wfnb/_share/notebooks/00_.+\.ipynb",
        r"wfnb/_share/data/mailbox/.+\.eml",
    ],
)
def test_the_wheel_brings_what_the_package_reads_when_it_runs(names: set[str], pattern: str) -> None:
    assert any(re.fullmatch(pattern, name) for name in names)


def test_two_builds_are_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    assert build_wheel(tmp_path).read_bytes() == wheel.read_bytes()


def test_the_console_script_is_wfnb(wheel: Path, names: set[str]) -> None:
    entry_points = next(name for name in names if name.endswith("entry_points.txt"))
    assert "wfnb = wfnb.cli.main:main" in zipfile.ZipFile(wheel).read(entry_points).decode()


def test_constraints_are_plain_pins_in_order() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.+!]+", line)] == []
    assert lines == sorted(lines, key=lambda line: line.partition("==")[0])
    assert not any(line.startswith("wfnb==") for line in lines)


def test_every_package_that_is_asked_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["test"], *extras["lab"], *extras["docs"]]
    wanted = {canonicalize_name(Requirement(line).name) for line in asked} - {"wfnb"}
    pinned = {
        line.partition("==")[0]
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    }
    assert wanted - pinned == set()
