"""Scanning a folder: which files are looked at, what is refused, and each file's own error."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from wfnb.expr import STANDARD
from wfnb.limits import LIMITS
from wfnb.resync.found import Found
from wfnb.resync.scan import scan
from wfnb.validate.catalog import Catalog

YAML = "id: {0}\nname: {0}\nsteps:\n  - {{id: done, type: control.return}}\n"


@pytest.fixture
def catalog() -> Catalog:
    return Catalog(profile=STANDARD)


def write(folder: Path, path: str, text: str) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def notebook(*sources: str) -> str:
    return json.dumps(
        {"cells": [{"cell_type": "code", "source": source.splitlines(True)} for source in sources]}
    )


def look(folder: Path, catalog: Catalog) -> dict[str, Found]:
    result = scan(folder, "project", catalog)
    assert result.unreadable is None
    return {found.path: found for found in result.found}


def test_workflow_files_are_found_below_the_folder_and_nowhere_hidden(
    tmp_path: Path, catalog: Catalog
) -> None:
    for path in (
        "a.workflow.yaml",
        "x/y/b.workflow.json",
        ".git/c.workflow.yaml",
        "node_modules/d.workflow.yaml",
    ):
        write(tmp_path, path, YAML.format(Path(path).name[0]))
    write(tmp_path, "e.yaml", YAML.format("e"))
    found = look(tmp_path, catalog)
    assert {path: one.identifier for path, one in found.items()} == {
        "a.workflow.yaml": "a",
        "x/y/b.workflow.json": "b",
    }
    assert found["a.workflow.yaml"].definition["name"] == "a"


def test_cells_of_a_notebook_are_workflows_when_they_say_so(tmp_path: Path, catalog: Catalog) -> None:
    write(
        tmp_path,
        "n.ipynb",
        notebook("1 + 1", "%%workflow first\n" + YAML.format("first"), "%%workflow second\nid: [\n"),
    )
    found = look(tmp_path, catalog)
    assert list(found) == ["n.ipynb#cell-2", "n.ipynb#cell-3"]
    assert found["n.ipynb#cell-2"].identifier == "first"
    assert found["n.ipynb#cell-3"].error is not None


def test_each_file_says_by_itself_what_is_wrong_and_where(tmp_path: Path, catalog: Catalog) -> None:
    write(tmp_path, "a.workflow.json", '{"id": "a",\n "steps": [}')
    write(tmp_path, "b.workflow.yaml", "name: nameless\nsteps: []\n")
    write(tmp_path, "c.workflow.yaml", "id: c\nname: C\nsteps:\n  - {id: x, type: no.such}\n")
    write(tmp_path, "d.workflow.yaml", YAML.format("d"))
    (tmp_path / "e.workflow.yaml").write_bytes(b"id: \xff")
    write(tmp_path, "f.ipynb", "{}")
    found = look(tmp_path, catalog)
    told = {path: (one.identifier, one.line, one.error) for path, one in found.items()}
    assert told["a.workflow.json"] == (None, 2, "The text is not JSON: Expecting value.")
    assert told["b.workflow.yaml"][2] == (
        "The file holds no workflow: “id” is missing, the name that runs are started with."
    )
    assert told["c.workflow.yaml"][0] == "c"
    assert "no.such" in str(told["c.workflow.yaml"][2])
    assert told["d.workflow.yaml"] == ("d", None, None)
    assert told["e.workflow.yaml"][2] == "The file is not UTF-8 text."
    assert told["f.ipynb"][2] == "The file is not a notebook."


def test_what_people_write_beside_the_content_is_no_change(tmp_path: Path, catalog: Catalog) -> None:
    write(tmp_path, "a.workflow.yaml", YAML.format("a"))
    before = look(tmp_path, catalog)["a.workflow.yaml"].digest
    write(tmp_path, "a.workflow.yaml", "# a comment\n" + YAML.format("a"))
    assert look(tmp_path, catalog)["a.workflow.yaml"].digest == before
    write(tmp_path, "a.workflow.yaml", YAML.format("a").replace("done", "gone"))
    assert look(tmp_path, catalog)["a.workflow.yaml"].digest != before


def test_links_and_huge_files_are_refused(tmp_path: Path, catalog: Catalog) -> None:
    folder, outside = tmp_path / "in", tmp_path / "out"
    write(outside, "a.workflow.yaml", YAML.format("a"))
    folder.mkdir()
    (folder / "link.workflow.yaml").symlink_to(outside / "a.workflow.yaml")
    (folder / "more").symlink_to(outside, target_is_directory=True)
    write(folder, "b.workflow.yaml", "#" * (LIMITS.definition_size_bytes + 1))
    found = look(folder, catalog)
    assert {path: one.error for path, one in found.items()} == {
        "b.workflow.yaml": "The file has more than 1,048,576 bytes, too many for a workflow.",
        "link.workflow.yaml": "The file is a link; a workflow is read from a file in the folder itself.",
    }


def test_a_folder_that_is_not_there_holds_nothing_and_one_that_is_none_says_so(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert scan(tmp_path / "none", "global", catalog).found == ()

    def refuse(place: object, **_: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("wfnb.resync.scan.os.walk", refuse)
    assert scan(tmp_path, "project", catalog).unreadable == "The folder cannot be read: Permission denied."


def test_a_folder_with_too_many_files_is_refused_as_a_whole(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        write(tmp_path, f"{name}.workflow.yaml", YAML.format(name))
    monkeypatch.setattr("wfnb.resync.scan.LIMITS", replace(LIMITS, workflow_files=2))
    assert scan(tmp_path, "project", catalog).unreadable == "The folder holds more than 2 files."
