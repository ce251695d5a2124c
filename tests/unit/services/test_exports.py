"""Exports: complete, masked, harmless in a spreadsheet, and there at once or not at all; on every store."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from wfnb.errors import ValidationError, WfnbError


class Number(BaseModel):
    n: int = 0


@pytest.fixture
def ws(kept: str | None, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path / "ws", store=kept, clock="2026-01-01", seed=1, actor="=ann") as workspace:

        @workspace.action("note")
        def note(data: Number, ctx: wfnb.ActionContext) -> Number:
            ctx.log("info", "@all: done", token="abcd")
            return data

        call = {
            "id": "c",
            "type": "action.call",
            "config": {"actionId": "note", "version": 1, "inputMapping": {"n": 1}},
        }
        for name in ("w", "v"):
            assert workspace.publish({"id": name, "name": f"={name.upper()}", "steps": [call]}).ok
            workspace.start(name).wait(60)
        workspace.submit_event("+GO", {"password": "hunter2"}, key="-1")
        yield workspace


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".json":
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return rows
    import duckdb

    with duckdb.connect(":memory:") as connection:
        found: list[dict[str, Any]] = connection.read_parquet(str(path)).df().to_dict("records")
        return found


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
@pytest.mark.parametrize(("what", "rows"), [("runs", 2), ("events", 1), ("audit", 2), ("logs", 2)])
def test_an_export_holds_every_row_and_no_secret(
    ws: wfnb.Workspace, tmp_path: Path, form: str, what: str, rows: int
) -> None:
    path = tmp_path / f"{what}.{form}"
    job = ws.export(what, path).wait(30)
    assert (job.status, job.rows) == ("done", rows)
    assert len(read(path)) == rows
    for secret in (b"hunter2", b"abcd"):
        assert secret not in path.read_bytes()
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [path.name]


def test_rows_tell_what_is_in_the_tables(ws: wfnb.Workspace, tmp_path: Path) -> None:
    ws.export("runs", tmp_path / "r.json", status="SUCCEEDED", workflow="v").wait(30)
    (run,) = read(tmp_path / "r.json")
    assert run == {
        "run_id": "run-0002", "workflow_name": "=V", "workflow_id": "v", "workflow_version": 1, "status": "SUCCEEDED",
        "tenant_id": "local", "started_at": "2026-01-01T00:01:00.000Z", "updated_at": run["completed_at"],
        "completed_at": run["completed_at"],
    }  # fmt: skip
    ws.export("events", tmp_path / "e.json").wait(30)
    (event,) = read(tmp_path / "e.json")
    assert (event["event_name"], event["status"]) == ("+GO", "unmatched")
    assert json.loads(event["payload"]) == {"password": "[REDACTED]"}


def test_no_cell_is_a_formula(ws: wfnb.Workspace, tmp_path: Path) -> None:
    for what in ("runs", "events", "audit", "logs"):
        ws.export(what, tmp_path / f"{what}.csv").wait(30)
        cells = [cell for row in read(tmp_path / f"{what}.csv") for cell in row.values()]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert read(tmp_path / "events.csv")[0]["correlation_key"] == "'-1"


def test_a_file_that_is_there_stays(ws: wfnb.Workspace, tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("mine")
    with pytest.raises(ValidationError) as caught:
        ws.export("runs", path)
    assert (caught.value.code, path.read_text()) == ("FILE_EXISTS", "mine")
    ws.export("runs", path, overwrite=True).wait(30)
    assert len(read(path)) == 2


def test_an_export_that_fails_leaves_nothing(ws: wfnb.Workspace, tmp_path: Path) -> None:
    job = ws.export("runs", tmp_path / "nowhere" / "runs.csv")
    with pytest.raises(WfnbError) as caught:
        job.wait(30)
    assert (caught.value.code, job.status) == ("EXPORT_FAILED", "failed")
    assert ws.audit("export") == []


@pytest.mark.parametrize(
    ("what", "path", "more"),
    [
        ("secrets", "x.csv", {}),
        ("runs", "x.xls", {}),
        ("runs", "a\0.csv", {}),
        ("runs", 3, {}),
        ("runs", "x.csv", {"status": "NO"}),
    ],
)
def test_an_export_that_cannot_be_is_refused(
    ws: wfnb.Workspace, what: Any, path: Any, more: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError) as caught:
        ws.export(what, path, **more)
    assert caught.value.code == "INVALID_ARGUMENT"


def test_an_export_is_audited(ws: wfnb.Workspace, tmp_path: Path) -> None:
    ws.export("runs", tmp_path / "runs.csv").wait(30)
    (entry,) = ws.audit("export")
    assert (entry.id, entry.changes) == ("runs", {"rows": 2, "format": "csv", "file": "runs.csv"})
