"""The sample mailbox, from end to end: every message ends as its table says, and a second pass creates nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wfnb
from wfnb.maildesk.desk import Desk
from wfnb.maildesk.inbox import Processed, connect, process, sample_mailbox

EXPECTED = json.loads((sample_mailbox() / "expected.json").read_text(encoding="utf-8"))


class Pass:
    """One pass over the sample mailbox, and what the desk held before and after each message."""

    def __init__(self, ws: wfnb.Workspace) -> None:
        self.ws = ws
        self.desk: Desk = connect(ws)
        self.rows: dict[str, Processed] = {}
        self.rows = {row.message: row for row in process(ws, self.desk, sample_mailbox())}


@pytest.fixture(scope="module", params=["sqlite", "memory", "real time"])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pass]:
    folder = tmp_path_factory.mktemp("mail")
    store = "memory" if request.param == "memory" else None
    clock = None if request.param == "real time" else "2026-01-05T09:00:00Z"
    with wfnb.open(folder, store=store, clock=clock, seed=7) as ws:
        yield Pass(ws)


@pytest.mark.behaviour(218, 219)
@pytest.mark.parametrize("message", EXPECTED["messages"])
def test_each_message_ends_as_expected(done: Pass, message: str) -> None:
    expected: dict[str, Any] = EXPECTED["messages"][message]
    row = done.rows[message]
    assert (row.status, row.state) == ("SUCCEEDED", expected["state"])
    assert row.run is not None
    run = done.ws.run(row.run)
    again = expected["run"] != "new"
    assert again == (row.run in {r.run for name, r in done.rows.items() if name < message})
    match expected["ticket"]:
        case "none" | None:
            assert row.ticket is None
        case "new":
            assert row.ticket not in {r.ticket for name, r in done.rows.items() if name < message}
        case other:
            assert row.ticket == done.rows[other].ticket
    if not again:
        made = [i.action for i in run.invocations() if i.status == "SUCCEEDED"]
        assert made.count("create_comment_from_email") == expected["comments"]
        assert made.count("process_email_attachment") == expected["attachments"]
        assert ("send_ticket_acknowledgement_email" in made) == expected["acknowledged"]
        assert made.count("create_human_task_for_email_processing_failure") == expected["tasks"]


def test_the_desk_holds_what_the_table_adds_up_to(done: Pass) -> None:
    counts = done.desk.counts()
    assert {key: counts[key] for key in EXPECTED["totals"]} == EXPECTED["totals"]


def test_a_second_pass_creates_nothing(done: Pass) -> None:
    before, runs = done.desk.counts(), done.ws.runs().total
    rows = process(done.ws, done.desk, sample_mailbox())
    assert done.desk.counts() == before
    assert done.ws.runs().total == runs
    assert [row.run for row in rows] == [row.run for row in done.rows.values()]


@pytest.mark.behaviour(220)
def test_the_catch_path_keeps_the_error_and_asks_a_person(done: Pass) -> None:
    run = done.ws.run(str(done.rows["26-very-long-subject.eml"].run))
    assert run.status == "SUCCEEDED"
    assert run.envelope["error"]["nodePath"].startswith("root.steps[0].try.")
    (task,) = done.desk.tasks()
    assert run.envelope["error"]["message"] in json.dumps(dict(task), default=str)


def test_a_mailbox_of_another_kind_works_too(tmp_path: Path) -> None:
    import mailbox

    box = mailbox.mbox(tmp_path / "own.mbox")
    box.add((sample_mailbox() / "01-new-ticket.eml").read_bytes())
    box.add((sample_mailbox() / "03-reply-token-in-subject.eml").read_bytes())
    box.close()
    with wfnb.open(tmp_path / "ws") as ws:
        desk = connect(ws)
        rows = process(ws, desk, tmp_path / "own.mbox")
        assert [row.state for row in rows] == ["EMAIL_PROCESSED"] * 2
        assert rows[0].ticket == rows[1].ticket
