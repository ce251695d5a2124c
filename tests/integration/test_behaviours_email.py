"""The e-mail workflow, rule by rule: what it looks up, makes, keeps and hands to a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wfnb
from unit.maildesk.desk_run import DeskRuns, Outcome
from wfnb.errors import ActionError
from wfnb.maildesk.demo import open_desk
from wfnb.maildesk.desk import Desk
from wfnb.maildesk.inbox import connect

FIRST = "first@juniper.example.com"
MARA = "mara@juniper.example.com"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path / "desk")
    yield desk
    desk.close()


def mail(
    id: str = FIRST,
    sender: str = MARA,
    text: str = "The oven is cold.",
    provider: str = "demo-imap",
    **fields: Any,
) -> dict[str, Any]:
    """The payload of a message."""
    email = {"id": id, "from": {"email": sender}, "subject": "Oven", "body": {"text": text}, **fields}
    return {"emailData": email, "providerId": provider, "tenantId": "demo"}


def attachments(desk: Desk) -> list[dict[str, Any]]:
    """Three attachments; the content of the second is nowhere."""
    digests = [desk.spool.put(b"first"), "0" * 64, desk.spool.put(b"third")]
    return [
        {"id": f"{number}-{digest}", "name": f"{number}.txt", "contentType": "text/plain", "size": 5}
        for number, digest in enumerate(digests, 1)
    ]


def run(desk: Desk, payload: dict[str, Any]) -> Outcome:
    return DeskRuns(desk).run(payload)


def called(outcome: Outcome) -> list[str]:
    return [call.action_id for call in outcome.calls]


def asked(outcome: Outcome, action: str) -> dict[str, Any]:
    """What an action was given."""
    return next(call.input for call in outcome.calls if call.action_id == action)


@pytest.fixture
def known(desk: Desk) -> str:
    """The ticket of a first message."""
    return str(run(desk, mail()).ticket_id)


@pytest.mark.behaviour(169, 170)
def test_a_message_begins_with_its_fields_in_the_payload(desk: Desk) -> None:
    payload = run(desk, mail(sender="stranger@example.com", provider="unconfigured")).payload
    assert (payload["emailData"]["id"], payload["emailData"]["subject"]) == (FIRST, "Oven")
    assert (payload["providerId"], payload["tenantId"]) == ("unconfigured", "demo")
    assert payload["processedAt"].endswith("Z")
    assert [payload[key] for key in ("existingTicket", "matchedClient", "targetTicketId")] == [
        None,
        None,
        None,
    ]


@pytest.mark.behaviour(171, 196)
def test_what_the_parser_found_out_is_kept_to_the_end(desk: Desk) -> None:
    outcome = run(
        desk,
        mail(text="Still cold.\n\nOn Mon, 5 Jan 2026 at 10:00, Mara <mara@x.example> wrote:\n> It is cold."),
    )
    parsed = outcome.payload["parsedEmail"]
    assert parsed["sanitizedText"] == "Still cold."
    assert parsed["confidence"] in {"high", "medium", "low"}
    assert parsed["metadata"]["parser"]["confidence"] == parsed["confidence"]
    (comment,) = desk.comments(outcome.ticket_id)
    assert comment["metadata"]["parser"] == parsed["metadata"]["parser"]


@pytest.mark.behaviour(172)
def test_html_of_a_message_is_made_harmless(desk: Desk) -> None:
    html = "<p onclick='x()'>Cold <b>oven</b><script>steal()</script><img src='http://t/p.gif'></p>"
    outcome = run(desk, mail(body={"html": html}))
    (comment,) = desk.comments(outcome.ticket_id)
    shown = comment["content"] + outcome.payload["parsedEmail"]["sanitizedHtml"]
    assert "<b>oven</b>" in shown
    assert not any(harm in shown for harm in ("script", "steal", "onclick", "<img"))


@pytest.mark.behaviour(173)
def test_a_reply_token_is_looked_up_and_is_enough(desk: Desk, known: str) -> None:
    token = desk.reply_token(FIRST)
    outcome = run(desk, mail(id="reply@x.example", replyToken=token))
    assert asked(outcome, "find_ticket_by_reply_token") == {"token": token}
    assert "find_ticket_by_email_thread" not in called(outcome)
    assert outcome.payload["existingTicket"]["ticketId"] == known


@pytest.mark.behaviour(174)
@pytest.mark.parametrize("token", [{}, {"replyToken": "nonsense"}], ids=["none", "unknown"])
def test_without_a_token_that_matches_the_conversation_is_looked_up(
    desk: Desk, known: str, token: Any
) -> None:
    outcome = run(
        desk, mail(id="reply@x.example", inReplyTo=FIRST, references=["older@x.example", FIRST], **token)
    )
    assert asked(outcome, "find_ticket_by_email_thread")["inReplyTo"] == FIRST
    assert asked(outcome, "find_ticket_by_email_thread")["references"] == ["older@x.example", FIRST]
    assert ("find_ticket_by_reply_token" in called(outcome)) == bool(token)
    assert outcome.payload["existingTicket"]["ticketId"] == known


@pytest.mark.behaviour(175, 177, 197)
def test_a_reply_becomes_a_comment_of_the_contact_and_ends_there(desk: Desk, known: str) -> None:
    outcome = run(desk, mail(id="reply@x.example", text="Warm again.", inReplyTo=FIRST))
    *_, comment = desk.comments(known)
    assert (comment["author_type"], comment["content"]) == ("contact", "Warm again.")
    assert outcome.steps[-1] == "return-after-reply"
    assert not {"match-contact", "resolve-ticket-defaults", "create-ticket"} & {*outcome.steps}
    assert outcome.payload["ticketDefaults"] is None
    assert len(desk.tickets()) == 1


@pytest.mark.behaviour(176)
def test_attachments_of_a_reply_are_stored_although_one_fails(desk: Desk, known: str) -> None:
    reply = mail(id="reply@x.example", inReplyTo=FIRST, attachments=attachments(desk))
    assert run(desk, reply).label == "EMAIL_PROCESSED"
    assert [document["file_name"] for document in desk.documents(known)] == ["1.txt", "3.txt"]


@pytest.mark.behaviour(185)
def test_attachments_of_a_new_message_are_stored_although_one_fails(desk: Desk) -> None:
    outcome = run(desk, mail(attachments=attachments(desk)))
    assert outcome.label == "EMAIL_PROCESSED"
    assert [document["file_name"] for document in desk.documents(outcome.ticket_id)] == ["1.txt", "3.txt"]


@pytest.mark.behaviour(178, 179)
def test_the_sender_is_matched_exactly_and_the_client_is_kept(desk: Desk) -> None:
    matched = run(desk, mail()).payload["matchedClient"]
    assert (matched["contact_id"], matched["client_id"]) == ("contact-mara", "client-juniper")
    for number, sender in enumerate((f"x{MARA}", f"{MARA}.example", "mara@example.com")):
        assert run(desk, mail(id=f"{number}@x.example", sender=sender)).payload["matchedClient"] is None


@pytest.mark.behaviour(180, 183, 184, 198)
def test_a_new_ticket_is_made_of_defaults_and_contact_and_its_id_is_kept(desk: Desk) -> None:
    outcome = run(desk, mail(text="It is cold."))
    defaults = outcome.payload["ticketDefaults"]
    assert asked(outcome, "resolve_inbound_ticket_defaults") == {"tenant": "demo", "providerId": "demo-imap"}
    assert defaults["board_id"] == "board-support"
    (ticket,) = desk.tickets()
    fields = (
        "title",
        "description",
        "client_id",
        "contact_id",
        "board_id",
        "status_id",
        "priority_id",
        "location_id",
    )
    assert [ticket[field] for field in fields] == [
        "Oven", "It is cold.", "client-juniper", "contact-mara",
        defaults["board_id"], defaults["status_id"], defaults["priority_id"], defaults["location_id"],
    ]  # fmt: skip
    assert (
        outcome.payload["targetTicketId"]
        == outcome.payload["createdTicket"]["ticket_id"]
        == ticket["ticket_id"]
    )


@pytest.mark.behaviour(181)
def test_without_defaults_the_run_ends_and_says_so(desk: Desk) -> None:
    outcome = run(desk, mail(provider="unconfigured"))
    assert outcome.state.status == "SUCCEEDED"
    assert (outcome.label, outcome.steps[-1]) == ("ERROR_NO_TICKET_DEFAULTS", "return-no-defaults")
    assert desk.counts()["tickets"] == 0


@pytest.mark.behaviour(186)
def test_blocks_are_made_from_the_text_when_the_html_cannot_be_used(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ActionError("No blocks today.")

    monkeypatch.setattr("wfnb.maildesk.actions.html_to_blocks", broken)
    outcome = run(desk, mail(body={"html": "<h1>Cold</h1>", "text": "Cold"}))
    assert outcome.label == "EMAIL_PROCESSED"
    (comment,) = desk.comments(outcome.ticket_id)
    assert [block["type"] for block in comment["metadata"]["blocks"]] == ["paragraph"]
    assert "Cold" in comment["metadata"]["blocks"][0]["text"]


@pytest.mark.behaviour(187)
def test_the_first_comment_has_an_internal_author(desk: Desk, known: str) -> None:
    assert [comment["author_type"] for comment in desk.comments(known)] == ["internal"]


@pytest.mark.behaviour(188)
def test_an_acknowledgement_goes_to_matched_clients_only(desk: Desk) -> None:
    run(desk, mail(id="a@x.example", sender="stranger@example.com"))
    assert desk.outbox() == []
    run(desk, mail())
    assert len(desk.outbox()) == 1


@pytest.mark.behaviour(189)
def test_an_acknowledgement_that_fails_does_no_harm(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ActionError("The post is closed.")

    monkeypatch.setattr(desk, "acknowledge", broken)
    outcome = run(desk, mail())
    assert "send_ticket_acknowledgement_email" in called(outcome)
    assert (outcome.state.status, outcome.label, outcome.steps[-1]) == (
        "SUCCEEDED", "EMAIL_PROCESSED", "return-after-create",
    )  # fmt: skip


# --- from end to end, over an engine and a file


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path / "ws", clock="2026-01-05T09:00:00Z", seed=7) as workspace:
        yield workspace


def labels(run: wfnb.Run) -> list[str]:
    """The labels a run had, in order, without repetitions."""
    found = [run.at(step.seq).envelope["meta"].get("state") for step in run.steps()]
    return [label for number, label in enumerate(found) if number == 0 or label != found[number - 1]]


@pytest.mark.behaviour(190, 218)
def test_a_new_message_becomes_a_ticket(ws: wfnb.Workspace) -> None:
    desk = connect(ws)
    run = ws.start("inbound-email", mail()).wait(20)
    assert (run.status, run.state) == ("SUCCEEDED", "EMAIL_PROCESSED")
    assert labels(run)[-3:] == ["CREATING_TICKET", "PROCESSING_ATTACHMENTS", "EMAIL_PROCESSED"]
    assert {name: desk.counts()[name] for name in ("tickets", "comments", "outbox", "tasks")} == {
        "tickets": 1, "comments": 1, "outbox": 1, "tasks": 0,
    }  # fmt: skip


@pytest.mark.behaviour(219)
def test_an_answer_becomes_a_comment(ws: wfnb.Workspace) -> None:
    desk = connect(ws)
    first = ws.start("inbound-email", mail()).wait(20)
    reply = ws.start("inbound-email", mail(id="reply@x.example", inReplyTo=FIRST)).wait(20)
    assert (reply.status, reply.state) == ("SUCCEEDED", "EMAIL_PROCESSED")
    assert (
        reply.envelope["payload"]["existingTicket"]["ticketId"] == first.envelope["payload"]["targetTicketId"]
    )
    assert (desk.counts()["tickets"], desk.counts()["comments"]) == (1, 2)


@pytest.mark.behaviour(191, 192, 220)
def test_a_message_that_cannot_be_processed_becomes_a_task(ws: wfnb.Workspace) -> None:
    desk = connect(ws)
    run = ws.start("inbound-email", mail(subject="x" * 600)).wait(20)
    assert (run.status, run.state) == ("SUCCEEDED", "AWAITING_MANUAL_RESOLUTION")
    assert labels(run)[-2:] == ["ERROR_PROCESSING_EMAIL", "AWAITING_MANUAL_RESOLUTION"]
    (task,) = desk.tasks()
    assert task["context"]["emailId"] == FIRST
    assert task["context"]["senderEmail"] == MARA
    assert task["context"]["errorMessage"] == run.envelope["error"]["message"]
    assert desk.counts()["tickets"] == 0
