"""A workspace whose state stands on a PostgreSQL server: everything as over a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

import wfnb
from wfnb.errors import WfnbError
from wfnb.store.postgres import PostgresStore


class Number(BaseModel):
    n: int


DOUBLE = {
    "id": "double",
    "name": "Double",
    "steps": [
        {
            "id": "call",
            "type": "action.call",
            "config": {
                "actionId": "double",
                "version": 1,
                "inputMapping": {"n": {"$expr": "payload.n"}},
                "saveAs": "vars.result",
            },
        },
        {
            "id": "approved",
            "type": "event.wait",
            "config": {
                "eventName": "APPROVED",
                "correlationKey": {"$expr": "payload.key"},
                "assign": {"vars.by": {"$expr": "vars.event.by"}},
            },
        },
    ],
}


def prepared(folder: Path, url: str, calls: list[int]) -> wfnb.Workspace:
    """A workspace with the workflow and its action."""
    ws = wfnb.open(folder, store=url)

    @ws.action("double")
    def double(data: Number) -> Number:
        calls.append(data.n)
        return Number(n=2 * data.n)

    assert ws.publish(DOUBLE).ok
    return ws


def test_a_run_goes_on_in_another_workspace_on_the_same_server(tmp_path: Path, postgres_url: str) -> None:
    calls: list[int] = []
    with prepared(tmp_path / "one", postgres_url, calls) as ws:
        run_id = ws.start("double", {"n": 21, "key": "7"}).wait(60, until="parked").id
        assert ws.run(run_id).status == "WAITING"
    with prepared(tmp_path / "two", postgres_url, calls) as ws:
        ws.submit_event("APPROVED", key="7", payload={"by": "anna"})
        run = ws.run(run_id).wait(60)
        assert (run.status, calls) == ("SUCCEEDED", [21])
        assert run.envelope["vars"]["by"] == "anna"
        assert run.at(0).envelope["payload"] == {"n": 21, "key": "7"}
        found = ws.sql("SELECT status, workflow FROM runs")
        assert found.to_dict("records") == [{"status": "SUCCEEDED", "workflow": "double"}]


def test_the_history_has_a_run_as_soon_as_it_was_seen_to_end(tmp_path: Path, postgres_url: str) -> None:
    with wfnb.open(tmp_path, store=postgres_url) as ws:
        ws.publish({"id": "end", "name": "End", "steps": [{"id": "done", "type": "control.return"}]})
        for number in range(1, 6):
            ws.start("end").wait(60)
            ended = ws.sql("SELECT count(*) AS n FROM runs WHERE status = 'SUCCEEDED'")
            assert ended["n"].tolist() == [number]


def test_the_password_is_nowhere_to_be_read(tmp_path: Path, postgres_url: str) -> None:
    url = postgres_url.replace("wfnb@", "wfnb:s3cr3t@")
    with wfnb.open(tmp_path, store=url) as ws, PostgresStore(url) as store:
        said = [repr(ws), repr(store), store.location, repr(vars(store)), repr(store._connections.address)]
    with pytest.raises(WfnbError) as caught:
        wfnb.open(tmp_path, store="postgresql://anna:s3cr3t@/nothing?host=/nowhere")
    said += [str(caught.value), repr(caught.value), str(caught.value.__cause__)]
    assert caught.value.code == "STORE_UNREACHABLE"
    assert [text for text in said if "s3cr3t" in text] == []
