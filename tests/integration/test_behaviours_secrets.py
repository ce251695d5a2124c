"""A secret is given to the call that asks for it, and stands nowhere else: not in a table, not in what people read."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import apsw
import pytest

import wfnb
from unit.machine.world import Anything, assign, call
from wfnb.security.vault import VARIABLE

VALUE = "hunter2-in-a-vault"
WAIT = {
    "id": "w",
    "type": "event.wait",
    "config": {"eventName": "GO", "correlationKey": {"$expr": "payload.id"}},
}


@pytest.fixture(autouse=True)
def master_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, base64.b64encode(b"k" * 32).decode())


def login(step_id: str) -> dict[str, Any]:
    return call(
        step_id,
        "login",
        save_as=f"vars.{step_id}",
        inputs={"password": {"$secret": "PASSWORD"}, "user": "ann"},
    )


def register(ws: wfnb.Workspace, seen: list[Any], *, fails: bool = False) -> None:
    @ws.action("login", side_effect=True, idempotency="engine")
    def _login(data: Anything) -> Anything:
        given = data.model_dump()
        seen.append(given["password"])
        if fails:
            raise wfnb.ActionError(f"wrong: {given['password']}", hint=f"not {given['password']}")
        return Anything.model_validate(
            {"said": f"hello {given['password']}", "deep": [{"p": given["password"]}]}
        )


def cells(folder: Path) -> str:
    """Everything that is readable in the tables of a workspace."""
    file = apsw.Connection(str(folder / ".wfnb" / "state.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
    tables = [row[0] for row in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return "\n".join(repr(row) for table in tables for row in file.execute(f'SELECT * FROM "{table}"'))


def shown(run: wfnb.Run) -> str:
    """Everything that people read of a run."""
    parts: list[Any] = [
        run,
        run.envelope,
        run.error,
        *run.steps(),
        *run.invocations(),
        *run.waits(),
        *run.events(),
    ]
    parts += [run.at(seq).envelope for seq in range(run.row.seq + 1)]
    return "\n".join(map(repr, parts))


@pytest.mark.behaviour(206, 209)
@pytest.mark.defect("D-5", "D-12")
def test_a_secret_is_in_no_table_and_a_run_that_waited_still_has_it(tmp_path: Path) -> None:
    seen: list[Any] = []
    with wfnb.open(tmp_path) as ws:
        ws.secrets.set("PASSWORD", VALUE)
        register(ws, seen)
        publication = ws.publish(
            {"id": "test", "name": "test", "steps": [login("one"), WAIT, login("two"), assign("a", x="1")]}
        )
        assert publication.ok, publication.findings
        run_id = ws.start("test", {"id": "o-1"}).wait(20, until="parked").id
        assert ws.run(run_id).status == "WAITING"
    with wfnb.open(tmp_path) as ws:
        register(ws, seen)
        assert ws.submit_event("GO", key="o-1").run == run_id
        run = ws.run(run_id).wait(20)
        assert run.status == "SUCCEEDED", run.error
        assert seen == [VALUE, VALUE]
        assert run.envelope["vars"]["two"] == {"said": "hello [REDACTED]", "deep": [{"p": "[REDACTED]"}]}
        assert VALUE not in shown(run)
        assert VALUE not in ws.sql("SELECT * FROM invocations").to_csv()
    assert VALUE not in cells(tmp_path)
    assert all(VALUE.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.defect("D-12")
def test_an_error_that_quotes_a_secret_is_masked_wherever_it_is_kept(tmp_path: Path) -> None:
    seen: list[Any] = []
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        ws.secrets.set("PASSWORD", VALUE)
        register(ws, seen, fails=True)
        assert ws.publish({"id": "test", "name": "test", "steps": [login("one")]}).ok
        run = ws.start("test").wait(20)
        assert (run.status, seen) == ("FAILED", [VALUE])
        assert run.error is not None
        assert run.error["message"] == "wrong: [REDACTED]"
        assert VALUE not in shown(run)
    assert VALUE not in cells(tmp_path)
