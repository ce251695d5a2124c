"""A secret that enters a run is seen by the action it is for, and by nobody else: not in any output, table, log or error."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from pydantic import BaseModel, field_validator
from typer.testing import CliRunner

import wfnb
from unit.machine.world import assign, call
from wfnb.cli.app import app
from wfnb.cli.main import COMMANDS
from wfnb.cli.notebooks import execute_notebook
from wfnb.errors import WfnbError

CANARY = "canary-5e2f91"
MASK = "[REDACTED]"
PAYLOAD: dict[str, Any] = {
    "password": CANARY, "user": "ann", "login": {"apiKey": CANARY, "Authorization": f"Bearer {CANARY}", "host": "h"},
    "list": [{"access_token": CANARY}], "ref": {"secretRef": CANARY}, "ssn": CANARY, "deep": {"rows": [{"iban": CANARY}, {"iban": "x"}]},
}  # fmt: skip
POINTERS = ["/payload/ssn", "/payload/deep/rows/0/iban", "/vars/pointed"]


class Login(BaseModel):
    password: str
    user: str = ""

    @field_validator("user")
    @classmethod
    def short(cls, value: str) -> str:
        if len(value) > 20:
            raise ValueError("too long")
        return value


class Session(BaseModel):
    token: str
    user: str


class Strict(BaseModel):
    password: int


class Empty(BaseModel):
    pass


SEEN: list[str] = []


def register(ws: wfnb.Workspace) -> None:
    @ws.action("login", side_effect=True, idempotency="engine")
    def _login(data: Login) -> Session:
        SEEN.append(data.password)
        return Session(token=data.password, user=data.user)

    @ws.action("explode", side_effect=True, idempotency="engine")
    def _explode(data: Login) -> Empty:
        raise RuntimeError(f"could not log in with {data.password}")

    @ws.action("refuse")
    def _refuse(data: Login) -> Empty:
        raise wfnb.ActionError(f"wrong password {data.password}", hint=f"not {data.password}")

    @ws.action("strict")
    def _strict(data: Strict) -> Empty:
        return Empty()

    @ws.action("liar")
    def _liar(data: Login) -> Session:
        return {"token": [data.password], "user": 3}  # type: ignore[return-value]  # the test is about this lie


PASSWORD = {"password": {"$expr": "payload.password"}, "user": {"$expr": "payload.user"}}
POINT = {"id": "p", "type": "transform.assign", "config": {"assign": {"meta.redactions": POINTERS}}}
STORIES: dict[str, list[dict[str, Any]]] = {
    "good": [POINT, assign("a", password="payload.password", pointed="payload.ssn"), call("c", "login", inputs=PASSWORD, save_as="session")],
    "explode": [POINT, call("c", "explode", inputs=PASSWORD)],
    "refuse": [POINT, call("c", "refuse", inputs=PASSWORD, retry={"maxAttempts": 2, "backoffMs": 1, "retryOn": ["ActionError"]})],
    "strict": [POINT, call("c", "strict", inputs={"password": PASSWORD["password"]})],
    "liar": [POINT, call("c", "liar", inputs=PASSWORD)],
    "sum": [POINT, assign("a", x="1 + payload.password")],
    "below": [POINT, assign("a", x="payload.password.field")],
    "compare": [POINT, assign("a", x="payload.password > 3")],
    "condition": [POINT, {"id": "i", "type": "control.if", "condition": {"$expr": "payload.password"}, "then": []}],
    "items": [POINT, {"id": "l", "type": "control.forEach", "items": {"$expr": "payload.password"}, "itemVar": "x", "body": []}],
    "function": [POINT, assign("a", x="$number(payload.password)")],
}  # fmt: skip


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wfnb.Workspace]:
    folder = tmp_path_factory.mktemp("canaries")
    with wfnb.open(folder, clock="2026-01-01", seed=1, functions="extended") as workspace:
        register(workspace)
        for name, steps in STORIES.items():
            publication = workspace.publish({"id": name, "name": name, "steps": steps})
            assert publication.ok, publication.findings
            workspace.start(name, PAYLOAD).wait(20)
        yield workspace


def runs(ws: wfnb.Workspace) -> Iterator[wfnb.Run]:
    return (ws.run(row.run) for row in ws.runs())


def texts(thing: Any) -> str:
    """Everything an object shows or hands out, as one text."""
    parts = [repr(thing), str(thing), json.dumps(thing, default=repr)]
    if hasattr(thing, "_repr_html_"):
        parts.append(thing._repr_html_())
    if hasattr(thing, "_repr_mimebundle_"):
        parts.append(str(thing._repr_mimebundle_()))
    if hasattr(thing, "df"):
        parts.append(thing.df.to_csv())
    return "\n".join(parts)


@pytest.mark.defect("D-5")
def test_the_action_itself_gets_the_secret(ws: wfnb.Workspace) -> None:
    assert CANARY in SEEN
    assert ws.run("run-0001").status == "SUCCEEDED"
    assert {run.status for run in runs(ws) if run.workflow != "good"} == {"FAILED"}


@pytest.mark.behaviour(206, 209)
def test_a_run_shows_no_secret(ws: wfnb.Workspace) -> None:
    for run in runs(ws):
        for thing in (
            run,
            run.envelope,
            run.error,
            run.steps(),
            run.invocations(),
            run.waits(),
            run.events(),
            run.timeline(),
            run.picture(),
        ):
            assert CANARY not in texts(thing), (run.workflow, thing)  # fmt: skip


@pytest.mark.behaviour(19, 20, 21, 205)
def test_what_is_masked_is_said_to_be_masked(ws: wfnb.Workspace) -> None:
    envelope = ws.run("run-0001").envelope
    assert envelope["payload"] == {
        "password": MASK, "user": "ann", "login": {"apiKey": MASK, "Authorization": MASK, "host": "h"}, "list": [{"access_token": MASK}],
        "ref": {"secretRef": MASK}, "ssn": MASK, "deep": {"rows": [{"iban": MASK}, {"iban": "x"}]},
    }  # fmt: skip
    assert envelope["vars"] == {
        "password": MASK, "pointed": MASK, "session": {"token": MASK, "user": "ann"},
    }  # fmt: skip


@pytest.mark.behaviour(205, 209)
def test_no_step_back_shows_a_secret(ws: wfnb.Workspace) -> None:
    """Also where the pointers that mask it were not written yet."""
    for run in runs(ws):
        last = run.steps()[-1].seq
        for seq in range(last + 1):
            snapshot = run.at(seq)
            assert CANARY not in texts(snapshot), (run.workflow, seq)
            assert CANARY not in texts(run.diff(seq, last)), (run.workflow, seq)
        for place in ("vars.session", "vars.password", "payload.ssn"):
            assert CANARY not in texts(run.why(place))


def test_the_debugger_shows_no_secret(ws: wfnb.Workspace) -> None:
    for run in runs(ws):
        debugger = run.debug()
        for position in range(debugger.length + 1):
            debugger.goto(position)
            for thing in (
                debugger.view(),
                debugger.state,
                debugger.changes,
                debugger.overlay(),
                repr(debugger),
                debugger.last,
            ):
                assert CANARY not in texts(thing), (run.workflow, position)  # fmt: skip
        assert CANARY not in debugger.static_picture()


@pytest.mark.parametrize(
    ("given", "masked"),
    [
        (5, False), ([5, None, {}], False), ("/payload/ssn", True), (["/payload/list/²"], False), (["/payload/list/" + "9" * 5000], False),
        (["/nowhere/at/all", "/payload/ssn"], True), (["/payload"], True), ({"/payload/ssn": True}, False),
    ],
)  # fmt: skip
def test_pointers_that_are_none_hide_nothing_and_break_nothing(given: Any, masked: bool) -> None:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as ws:
        step = {"id": "p", "type": "transform.assign", "config": {"assign": {"meta.redactions": given}}}
        assert ws.publish({"id": "w", "name": "w", "steps": [step]}).ok
        run = ws.start("w", {"ssn": CANARY, "list": [1]}).wait(20)
        assert (CANARY not in texts(run.envelope)) == masked
        assert (CANARY not in texts(run.at(0))) == masked
        assert (CANARY not in texts(run.debug().view())) == masked


def test_lists_show_no_secret(ws: wfnb.Workspace) -> None:
    assert CANARY not in texts(ws.runs()) + texts(ws)


@pytest.mark.parametrize("view", ["runs", "steps", "invocations", "waits", "events"])
def test_the_history_holds_no_secret(ws: wfnb.Workspace, view: str) -> None:
    assert CANARY not in ws.sql(f"SELECT * FROM {view}").to_csv()
    ws.history.close()
    assert CANARY.encode() not in (ws.path / ".wfnb" / "history.duckdb").read_bytes()


def test_the_analyses_show_no_secret(ws: wfnb.Workspace) -> None:
    for name in ws.history.analyses:
        assert CANARY not in texts(getattr(ws.history, name)())


def test_errors_that_are_raised_name_no_secret(ws: wfnb.Workspace) -> None:
    class Typed(BaseModel):
        password: int
        token: str = ""

    ws.schema("payload.Typed.v1", Typed)
    ws.publish(
        {
            "id": "typed",
            "name": "typed",
            "payloadSchemaRef": "payload.Typed.v1",
            "steps": [assign("a", x="1")],
        }
    )
    for payload in (
        PAYLOAD,
        {"password": CANARY},
        {"password": 1, "token": [CANARY]},
        {"password": {CANARY}},
    ):
        with pytest.raises(WfnbError) as caught:
            ws.start("typed", payload)
        chain: BaseException | None = caught.value
        while chain is not None:
            assert CANARY not in str(chain)
            chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)


def test_the_command_line_prints_no_secret(ws: wfnb.Workspace) -> None:
    assert COMMANDS
    for words in (["runs"], *(["show", run.id] for run in runs(ws))):
        for options in ([], ["--json"]):
            result = CliRunner().invoke(app, [*words, "-w", str(ws.path), *options])
            assert result.exit_code == 0
            assert CANARY not in result.output


def test_nothing_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        register(ws)
        for name in ("good", "explode"):
            ws.publish({"id": name, "name": name, "steps": STORIES[name]})
            ws.start(name, PAYLOAD).wait(20)
    assert CANARY not in caplog.text + "".join(capfd.readouterr())


BOOK = """
import wfnb
from pydantic import BaseModel
%load_ext wfnb
ws = wfnb.open("ws", clock="2026-01-01", seed=1)
----
class Login(BaseModel):
    password: str
@ws.action("explode")
def explode(data: Login) -> Login:
    raise RuntimeError(data.password)
----
%%workflow made
id: made
name: Made
steps:
  - {id: a, type: transform.assign, config: {assign: {vars.password: {$expr: payload.password}}}}
  - {id: b, type: action.call, config: {actionId: explode, version: 1, inputMapping: {password: {$expr: payload.password}}}}
----
run = ws.start("made", {"password": open("secret.txt").read()}).wait()
run
----
run.envelope
----
run.error
----
run.steps()
----
run.invocations()
----
run.at(1)
----
run.diff(0, 2)
----
run.timeline()
----
run.debug().run_to_end()
----
%%wfsql
SELECT * FROM invocations
----
%wf show run-0001
----
ws.runs()
"""


def test_an_executed_notebook_holds_no_secret(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(CANARY)
    path = tmp_path / "book.ipynb"
    cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in BOOK.split("----")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    executed = execute_notebook(path, tmp_path)
    assert MASK in nbformat.writes(executed)
    assert [cell.source for cell in executed.cells if CANARY in json.dumps(cell.outputs)] == []
