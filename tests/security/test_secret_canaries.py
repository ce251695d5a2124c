"""A secret of the vault goes to the action it is for, and to no place else, however the action lets it out."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from typer.testing import CliRunner

import wfnb
from security.leaks import WAYS, canary, found, register
from security.test_canaries import texts
from unit.machine.world import attempt, call
from wfnb.cli.app import app
from wfnb.cli.notebooks import execute_notebook
from wfnb.history.functions import VIEWS
from wfnb.security.vault import VARIABLE

MASTER = base64.b64encode(b"m" * 32).decode()
NUMBERS = range(len(WAYS) + 5)
SEEN: dict[str, str] = {}


def inputs(way: str, number: int) -> dict[str, Any]:
    secret = {"$secret": f"CANARY_{number}"}
    return {"way": way, "secret": secret, "more": [1, {"deep": secret}], "note": {"$expr": "payload.note"}}


def workflows() -> Iterator[dict[str, Any]]:
    """One workflow for each way, in which a handler keeps the error, too; and further kinds of calls."""
    handle = {
        "id": "h",
        "type": "transform.assign",
        "config": {"assign": {"vars.caught": {"$expr": "error"}}},
    }
    for number, way in enumerate(WAYS):
        step = call("c", "leak", inputs=inputs(way, number), save_as="vars.out")
        tried = attempt("t", [step], [handle], captureErrorAs="vars.error")
        yield {"id": f"w{number}", "name": way, "steps": [tried, {**step, "id": "again"}]}
    first = len(WAYS)
    further = [
        call("c", "leak_later", inputs=inputs("plain", first), save_as="vars.out"),
        call("c", "leak_later", inputs=inputs("exception", first + 1)),
        call("c", "refuse", inputs={"secret": {"$secret": f"CANARY_{first + 2}"}}),
        call("c", "lie", inputs=inputs("plain", first + 3)),
        {"id": "n", "type": "leak.node", "config": {**inputs("plain", first + 4), "saveAs": "vars.out"}},
    ]
    for number, step in enumerate(further, first):
        yield {"id": f"w{number}", "name": f"further {number}", "steps": [step]}


class Printed:
    """What came out of the process while the runs ran."""

    text = ""


@pytest.fixture(scope="module")
def printed() -> Printed:
    return Printed()


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory, printed: Printed) -> Iterator[wfnb.Workspace]:
    lines: list[str] = []
    keeper = logging.StreamHandler(stream := _Lines(lines))
    logging.getLogger().addHandler(keeper)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, MASTER)
        patch.setattr("sys.stdout", stream)
        patch.setattr("sys.stderr", stream)
        with wfnb.open(tmp_path_factory.mktemp("canaries"), clock="2026-01-01", seed=1) as workspace:
            register(workspace, SEEN)
            for number in NUMBERS:
                workspace.secrets.set(f"CANARY_{number}", canary(number), "a canary")
            for definition in workflows():
                publication = workspace.publish(definition)
                assert publication.ok, publication.findings
                workspace.start(definition["id"], {"note": "n"}).wait(20)
            printed.text = "".join(lines)
            patch.undo()
            logging.getLogger().removeHandler(keeper)
            patch.setenv(VARIABLE, MASTER)
            yield workspace


class _Lines:
    """A stream that keeps what is written to it."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append

    def flush(self) -> None:
        """Nothing is held back."""


def runs(ws: wfnb.Workspace) -> list[wfnb.Run]:
    return [ws.run(row.run) for row in ws.runs(limit=1_000)]


def test_there_are_more_than_thirty_ways_and_each_was_taken(ws: wfnb.Workspace) -> None:
    assert len(WAYS) >= 30
    assert {way: SEEN[way] for way in WAYS} == {way: SEEN[way] for way in SEEN}
    assert len(runs(ws)) == len(NUMBERS)
    assert {run.status for run in runs(ws)} == {"SUCCEEDED", "FAILED"}


def test_what_looks_for_canaries_finds_them() -> None:
    for way, let_out in WAYS.items():
        try:
            out = let_out(canary(7)) if "error" not in way and "exception" not in way else canary(7)
        except Exception as error:  # noqa: BLE001 - some raise: that is their way out
            out = str(error)
        assert way in ("stdout", "stderr", "thread", "logging", "note of an exception") or found(
            repr(out), range(8)
        ), way


def test_nothing_that_was_printed_or_logged_shows_one(ws: wfnb.Workspace, printed: Printed) -> None:
    assert "out [REDACTED]" in printed.text
    assert "thread [REDACTED]" in printed.text
    assert "ValueError: [REDACTED]" in printed.text
    assert found(printed.text, NUMBERS) == []


def test_no_run_shows_one(ws: wfnb.Workspace) -> None:
    for run in runs(ws):
        things = (
            run,
            run.envelope,
            run.error,
            run.steps(),
            run.invocations(),
            run.waits(),
            run.events(),
            run.logs(),
        )
        for thing in (*things, run.timeline(), run.picture(), run.definition):
            assert found(texts(thing), NUMBERS) == [], run.workflow


def test_no_moment_of_a_run_shows_one(ws: wfnb.Workspace) -> None:
    for run in runs(ws):
        last = run.steps()[-1].seq
        for seq in range(last + 1):
            assert found(texts(run.at(seq)) + texts(run.diff(seq, last)), NUMBERS) == [], (run.workflow, seq)
        assert found(texts(run.why("vars.out")), NUMBERS) == []


def test_no_debugger_shows_one(ws: wfnb.Workspace) -> None:
    for run in runs(ws):
        debugger = run.debug()
        for position in range(debugger.length + 1):
            debugger.goto(position)
            shown = (debugger.view(), debugger.state, debugger.changes, debugger.overlay(), debugger.last)
            assert found("".join(map(texts, shown)), NUMBERS) == [], (run.workflow, position)
        assert found(debugger.static_picture(), NUMBERS) == []


def test_no_list_shows_one(ws: wfnb.Workspace) -> None:
    lists = (
        ws,
        ws.runs(),
        ws.audit(limit=1_000),
        ws.logs(),
        ws.secrets,
        ws.secrets.list(),
        ws.secrets.uses("CANARY_1"),
    )
    assert found("".join(map(texts, lists)), NUMBERS) == []


def test_no_question_about_the_history_shows_one(ws: wfnb.Workspace) -> None:
    for view in VIEWS:
        assert found(ws.sql(f"FROM {view}").to_csv(), NUMBERS) == [], view
    for name in ws.history.analyses:
        assert found(texts(getattr(ws.history, name)()), NUMBERS) == [], name
    assert found(ws.metrics(), NUMBERS) == []


def test_the_command_line_prints_none(ws: wfnb.Workspace) -> None:
    for words in (["runs"], *(["show", run.id] for run in runs(ws)[:10])):
        for options in ([], ["--json"]):
            result = CliRunner().invoke(app, [*words, "-w", str(ws.path), *options])
            assert result.exit_code == 0, result.output
            assert found(result.output, NUMBERS) == []


def test_no_file_holds_one(ws: wfnb.Workspace) -> None:
    ws.sql("FROM runs")
    ws.history.close()
    files = [path for path in ws.path.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"state.sqlite", "history.duckdb"}
    for path in files:
        assert found(path.read_bytes(), NUMBERS) == [], path.name


BOOK = """
import sys
from pathlib import Path
import wfnb
%load_ext wfnb
sys.path.insert(0, TESTS)
from security.leaks import WAYS, register
ws = wfnb.open("ws", starts_per_minute=None)
register(ws, {})
----
for number, text in enumerate(Path("secrets.txt").read_text().split("\\0")):
    ws.secrets.set(f"CANARY_{number}", text)
ws.secrets.list()
----
import json
for definition in json.loads(Path("workflows.json").read_text()):
    ws.publish(definition)
for workflow in ws.workflows():
    ws.start(workflow, {"note": "n"}).wait(60)
----
last = [ws.run(row.run) for row in ws.runs(limit=1000)]
last[0]
----
for run in last:
    display(run, run.envelope, run.error, run.steps(), run.invocations(), run.logs())
----
last[0].debug().run_to_end()
----
%%wfsql
SELECT * FROM invocations
----
%wf show {last[0].id}
----
ws.audit("secret")
----
ws.start("w0", {"note": 5}).wait()
----
ws.secrets.ask("CANARY_1")
"""


@pytest.mark.timeout(600)
def test_an_executed_notebook_and_its_workspace_hold_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In real time, with calls on threads of their own, as people work."""
    monkeypatch.setenv(VARIABLE, MASTER)
    (tmp_path / "secrets.txt").write_text("\0".join(map(canary, NUMBERS)))
    (tmp_path / "workflows.json").write_text(json.dumps(list(workflows())))
    book = BOOK.replace("TESTS", repr(str(Path(__file__).parents[1])))
    path = tmp_path / "book.ipynb"
    cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in book.split("----")]
    cells[-1].metadata["tags"] = ["raises-exception"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    executed = execute_notebook(path, tmp_path)
    written = nbformat.writes(executed)
    assert "out [REDACTED]" in written
    assert "NO_PROMPT" in written
    assert [cell.source for cell in executed.cells if found(json.dumps(cell.outputs), NUMBERS)] == []
    assert found(written, NUMBERS) == []
    for file in (tmp_path / "ws").rglob("*"):
        assert not file.is_file() or found(file.read_bytes(), NUMBERS) == [], file.name
