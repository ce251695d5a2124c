"""Workflow files on disk, edited while runs are in flight."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wfnb
from wfnb.errors import CommandError, NotAllowedError, NotFoundError

WAITS = """\
id: {id}
name: {id}
steps:
  - {{id: note, type: transform.assign, config: {{assign: {{vars.edition: {edition}}}}}}}
  - {{id: answer, type: event.wait, config: {{eventName: GO, correlationKey: {{$expr: payload.key}}}}}}
  - {{id: end, type: transform.assign, config: {{assign: {{vars.ended: {edition}}}}}}}
"""


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that all projects share, empty."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("WFNB_HOME", str(folder))
    return folder / "workflows"


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as workspace:
        yield workspace


def write(ws: wfnb.Workspace, edition: int, id: str = "orders", path: str | None = None) -> Path:
    file = ws.path / (path or f"{id}.workflow.yaml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(WAITS.format(id=id, edition=edition))
    return file


def parked(ws: wfnb.Workspace, key: str, id: str = "orders") -> wfnb.Run:
    return ws.start(id, {"key": key}).wait(until="parked")


def test_runs_end_with_the_version_they_began_with(ws: wfnb.Workspace) -> None:
    write(ws, 1)
    assert repr(ws.resync()) == "<Resync 1: 1 new>"
    old = [parked(ws, f"old-{number}") for number in range(20)]
    write(ws, 2)
    assert repr(ws.resync()) == "<Resync 2: 1 updated>"
    new = [parked(ws, f"new-{number}") for number in range(20)]
    for run, key in [*((run, "old") for run in old), *((run, "new") for run in new)]:
        number = (old if key == "old" else new).index(run)
        ws.submit_event("GO", {}, key=f"{key}-{number}")
        run.wait(60)
    editions = [(run.version, run.envelope["vars"]["edition"], run.envelope["vars"]["ended"]) for run in old]
    assert editions == [(1, 1, 1)] * 20
    editions = [(run.version, run.envelope["vars"]["edition"], run.envelope["vars"]["ended"]) for run in new]
    assert editions == [(2, 2, 2)] * 20


def test_going_back_to_an_older_content_makes_it_the_latest(ws: wfnb.Workspace) -> None:
    for edition in (1, 2, 1):
        write(ws, edition)
        ws.resync()
    assert ws.workflow("orders").versions == [1, 2, 3]
    assert parked(ws, "k").envelope["vars"]["edition"] == 1


def test_a_syntax_error_leaves_the_workflow_running_and_shows_its_line_until_it_is_mended(
    ws: wfnb.Workspace,
) -> None:
    file = write(ws, 1)
    ws.resync()
    file.write_text("id: orders\nname: [\n")
    again = ws.resync()
    assert again.summary == {"total": 1, "new": 0, "updated": 0, "archived": 0, "errors": 1}
    (shown,) = ws.workflow_files()
    assert (shown.workflow, shown.status, shown.file_exists) == ("orders", "active", True)
    assert (shown.error is not None, shown.line) == (True, 3)
    assert parked(ws, "k").version == 1
    write(ws, 1)
    assert ws.resync().summary["updated"] == 1
    assert ws.workflow_files()[0].error is None


def test_a_workflow_whose_file_is_gone_starts_no_runs_until_it_is_back(ws: wfnb.Workspace) -> None:
    file = write(ws, 1)
    ws.resync()
    run = parked(ws, "k")
    file.unlink()
    assert repr(ws.resync()) == "<Resync 2: 1 archived>"
    with pytest.raises(CommandError) as refused:
        ws.start("orders", {"key": "x"})
    assert refused.value.code == "WORKFLOW_ARCHIVED"
    ws.submit_event("GO", {}, key="k")
    assert run.wait(60).status == "SUCCEEDED"
    assert repr(ws.resync()) == "<Resync 3: no workflow changes detected>"
    write(ws, 1)
    assert repr(ws.resync()) == "<Resync 4: 1 updated>"
    assert parked(ws, "k2").version == 1
    operations = [entry.operation for entry in ws.audit(target="workflow", id="orders")]
    assert operations == ["workflow.restored", "workflow.archived", "workflow.published"]


def test_what_a_person_has_archived_no_resync_brings_back(ws: wfnb.Workspace) -> None:
    write(ws, 1)
    ws.resync()
    ws.workflow("orders").archive("no longer sold")
    write(ws, 2)
    assert repr(ws.resync()) == "<Resync 2: no workflow changes detected>"
    (shown,) = ws.workflow_files()
    assert (shown.status, shown.archived_by) == ("archived", "user")
    ws.workflow("orders").restore("sold again")
    assert repr(ws.resync()) == "<Resync 3: 1 updated>"
    assert ws.workflow("orders").versions == [1, 2]


def test_the_global_folder_has_definitions_of_its_own(ws: wfnb.Workspace, home: Path) -> None:
    home.mkdir()
    (home / "orders.workflow.yaml").write_text(WAITS.format(id="orders", edition=7))
    write(ws, 1)
    ws.resync()
    assert parked(ws, "k").envelope["vars"]["edition"] == 1
    assert parked(ws, "k", "global.orders").envelope["vars"]["edition"] == 7


def test_a_file_that_never_loaded_is_listed_with_its_path_and_heals(ws: wfnb.Workspace) -> None:
    for folder in ("a", "b"):
        (ws.path / folder).mkdir()
        (ws.path / folder / "x.workflow.json").write_text("{")
    assert ws.resync().summary["errors"] == 2
    shown = [(file.workflow, file.name, file.path) for file in ws.workflow_files()]
    assert shown == [
        (None, "[ERROR] x.workflow.json", "a/x.workflow.json"),
        (None, "[ERROR] x.workflow.json", "b/x.workflow.json"),
    ]
    write(ws, 1, "first", "a/x.workflow.json")
    assert repr(ws.resync()).startswith("<Resync 2: 1 new, 1 errors>")
    assert [file.workflow for file in ws.workflow_files()] == [None, "first"]


def test_two_resyncs_at_once_come_one_after_the_other(tmp_path: Path) -> None:
    """In two workspaces on the same files, as in two kernels."""
    with wfnb.open(tmp_path) as first, wfnb.open(tmp_path) as second:
        for number in range(5):
            write(first, 1, f"w{number}")
        done: list[Any] = []
        threads = [
            threading.Thread(target=lambda ws=ws: done.append(ws.resync())) for ws in (first, second, first)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(resync.generation for resync in done) == [1, 2, 3]
        assert sorted(len(resync.new) for resync in done) == [0, 0, 5]
        assert [first.workflow(f"w{number}").versions for number in range(5)] == [[1]] * 5


def test_an_error_while_publishing_leaves_everything_as_it_was(
    ws: wfnb.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ws, 1)
    ws.resync()
    write(ws, 2)
    write(ws, 1, "other")

    def fail(*_: object, **__: object) -> object:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setattr(ws._store, "save_versions", fail)
        with pytest.raises(RuntimeError):
            ws.resync()
    with pytest.raises(NotFoundError):
        ws.workflow("other")
    assert parked(ws, "k").version == 1
    assert repr(ws.resync()) == "<Resync 2: 1 new, 1 updated>"


def test_a_crash_after_the_versions_were_stored_loses_nothing_of_what_goes_with_them(
    ws: wfnb.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(ws, 1)
    file.write_text(file.read_text() + "trigger: {type: recurring, cron: '0 6 * * *'}\n")

    def fail(*_: object, **__: object) -> object:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setattr("wfnb.services.definitions.conclude", fail)
        with pytest.raises(RuntimeError):
            ws.resync()
    assert repr(ws.resync()) == "<Resync 1: 1 new>"
    assert [schedule.workflow for schedule in ws.schedules()] == ["orders"]
    assert ws.workflow("orders").versions == [1]


def test_who_may_not_publish_may_not_resync_and_may_look(tmp_path: Path) -> None:
    with wfnb.open(tmp_path, role="operator") as ws:
        write(ws, 1)
        with pytest.raises(NotAllowedError):
            ws.resync()
        assert list(ws.workflow_files()) == []


def test_a_resync_on_a_server(postgres_url: str, tmp_path: Path) -> None:
    with wfnb.open(tmp_path, store=postgres_url) as ws:
        write(ws, 1)
        assert len(ws.resync().new) == 1
        (ws.path / "orders.workflow.yaml").unlink()
        assert len(ws.resync().archived) == 1
        assert ws.workflow_files()[0].archived_by == "system"
