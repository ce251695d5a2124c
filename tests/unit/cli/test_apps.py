"""Where the app of a worker comes from, and where it does not come from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from wfnb.cli.apps import load_app
from wfnb.errors import DefinitionError, NotFoundError


@pytest.fixture(autouse=True)
def _same_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_an_app_of_ones_own_comes_from_the_folder_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "own_app_1.py").write_text("def connect(ws):\n    return ws\n")
    assert load_app("own_app_1:connect", tmp_path)(7) == 7
    assert sys.path[-1] == str(tmp_path)


def test_nothing_in_that_folder_takes_the_place_of_an_installed_module(tmp_path: Path) -> None:
    (tmp_path / "colorsys.py").write_text("raise AssertionError\n")
    assert load_app("colorsys:rgb_to_hsv", tmp_path)(0, 0, 0) == (0.0, 0.0, 0)


def test_the_current_folder_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_app_2.py").write_text("def connect(ws):\n    return ws\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match="NO_SUCH_APP"):
        load_app("own_app_2:connect")


@pytest.mark.parametrize("name", ["json", ":connect", "json:", ""])
def test_the_name_of_an_app_names_a_module_and_a_function(name: str) -> None:
    with pytest.raises(DefinitionError, match="NO_APP"):
        load_app(name)


@pytest.mark.parametrize(
    "name", ["json:nothing", "json:__doc__", "no_such_module:connect", "no.such:connect"]
)
def test_what_is_not_there_is_said(name: str) -> None:
    with pytest.raises(NotFoundError, match="NO_SUCH_APP"):
        load_app(name)


def test_what_an_app_misses_is_its_own_error(tmp_path: Path) -> None:
    (tmp_path / "own_app_3.py").write_text("import no_such_library\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        load_app("own_app_3:connect", tmp_path)
