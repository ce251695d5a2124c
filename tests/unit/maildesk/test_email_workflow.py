"""The workflow over the sample mailbox: every message ends as expected.json says, and every step is taken."""

from __future__ import annotations

import re
from typing import Any

import pytest

from wfnb.maildesk.demo import email_workflow, open_desk, payload_for
from wfnb.maildesk.mailbox import read_mailbox
from wfnb.model.definition import Definition, NodeStep, walk_steps

from .conftest import MAILBOX
from .desk_run import DeskRuns, Outcome

NAMES = [file.name for file in sorted(MAILBOX.glob("*.eml"))]
ALLOWED = {"nowIso", "coalesce", "len", "toString", "append"}


class Processed:
    """All messages run once, in order, with what each changed in the desk."""

    def __init__(self, folder) -> None:
        self.desk = open_desk(folder)
        self.runs = DeskRuns(self.desk)
        self.outcomes: dict[str, Outcome] = {}
        self.changes: dict[str, dict[str, int]] = {}
        before = self.desk.counts()
        for message in read_mailbox(MAILBOX):
            self.outcomes[message.label] = self.runs.start(payload_for(self.desk, message.content))
            after = self.desk.counts()
            self.changes[message.label] = {name: after[name] - before[name] for name in after}
            before = after


@pytest.fixture(scope="module")
def processed(tmp_path_factory) -> Processed:
    return Processed(tmp_path_factory.mktemp("desk"))


@pytest.mark.behaviour(190)
@pytest.mark.parametrize("name", NAMES)
def test_a_message_ends_as_expected(name: str, processed: Processed, expected: dict[str, Any]) -> None:
    want = expected["messages"][name]
    outcome, changes = processed.outcomes[name], processed.changes[name]
    assert outcome.state.status == "SUCCEEDED"
    assert outcome.label == want["state"]
    assert changes == {
        "tickets": int(want["ticket"] == "new"),
        "comments": want["comments"],
        "documents": want["attachments"],
        "tasks": want["tasks"],
        "outbox": int(want["acknowledged"]),
    }
    if want["ticket"] == "none":
        assert outcome.ticket_id is None
    elif want["ticket"] == "new":
        earlier = [other.ticket_id for label, other in processed.outcomes.items() if label < name]
        assert outcome.ticket_id is not None
        assert outcome.ticket_id not in earlier
    else:
        assert outcome.ticket_id == processed.outcomes[want["ticket"]].ticket_id
    if want["run"] != "new":
        assert outcome is processed.outcomes[want["run"]]


def test_the_mailbox_adds_up(processed: Processed, expected: dict[str, Any]) -> None:
    assert sorted(expected["messages"]) == NAMES
    assert processed.desk.counts() == expected["totals"]


def test_every_step_is_taken_by_some_message(processed: Processed) -> None:
    definition = Definition.model_validate(email_workflow())
    written = {step.id for _, step in walk_steps(definition.steps)}
    taken = {step for outcome in processed.outcomes.values() for step in outcome.steps}
    assert written - taken == set()


def test_processing_everything_again_changes_nothing(processed: Processed, expected: dict[str, Any]) -> None:
    # New runs, as if the engine had forgotten the old ones: the desk recognises every write by its key.
    again = DeskRuns(processed.desk)
    for message in read_mailbox(MAILBOX):
        again.start(payload_for(processed.desk, message.content))
    assert processed.desk.counts() == expected["totals"]


@pytest.mark.behaviour(193, 194, 195)
def test_idempotency_keys_name_the_message(processed: Processed) -> None:
    outcome = processed.outcomes["11-attachment-one.eml"]
    keys = {call.action_id: call.key for call in outcome.calls}
    message, ticket = outcome.payload["emailData"]["id"], outcome.ticket_id
    attachment = outcome.payload["emailData"]["attachments"][0]["id"]
    assert keys["create_ticket_from_email"] == f"demo-imap:{message}"
    assert keys["create_comment_from_email"] == f"{message}:{ticket}"
    assert keys["process_email_attachment"] == f"{message}:{attachment}"


@pytest.mark.behaviour(175, 187)
def test_a_reply_is_of_the_contact_and_a_first_comment_is_internal(processed: Processed) -> None:
    ticket = processed.outcomes["01-new-ticket.eml"].ticket_id
    authors = [comment["author_type"] for comment in processed.desk.comments(ticket)]
    assert authors == ["internal", *["contact"] * (len(authors) - 1)]


def test_comments_carry_blocks_made_from_html_or_from_text(processed: Processed) -> None:
    html = processed.desk.comments(processed.outcomes["02-new-ticket-html-only.eml"].ticket_id)[0]
    text = processed.desk.comments(processed.outcomes["01-new-ticket.eml"].ticket_id)[0]
    assert {"type": "list", "ordered": False, "items": ["été", "garçon"]} in html["metadata"]["blocks"]
    assert [block["type"] for block in text["metadata"]["blocks"]] == ["paragraph"]


@pytest.mark.behaviour(182)
def test_the_contacts_client_wins_and_the_default_location_stays_with_the_default_client(
    processed: Processed,
) -> None:
    def places(name: str) -> tuple[str | None, str | None, str | None]:
        ticket = processed.desk.ticket(processed.outcomes[name].ticket_id)
        return ticket["client_id"], ticket["contact_id"], ticket["location_id"]

    assert places("01-new-ticket.eml") == ("client-juniper", "contact-mara", "location-main-street")
    assert places("02-new-ticket-html-only.eml") == ("client-harbour", "contact-ines", None)
    assert places("15-unknown-sender.eml") == ("client-juniper", None, "location-main-street")


@pytest.mark.behaviour(192)
def test_a_failed_message_reaches_a_person_with_all_that_is_needed(processed: Processed) -> None:
    (task,) = processed.desk.tasks()
    assert task["title"] == "Inbound e-mail could not be processed"
    assert task["context"]["errorMessage"] == "The title has 628 characters; a ticket allows 500."
    assert task["context"]["emailId"] == "long-1@juniper.example.com"
    assert task["context"]["providerId"] == "demo-imap"
    assert task["context"]["senderEmail"] == "tomas@juniper.example.com"


@pytest.mark.behaviour(172)
def test_no_script_reaches_a_comment(processed: Processed) -> None:
    stored = " ".join(comment["content"] for comment in processed.desk.comments())
    for harm in ("<script", "steal", "onload", "<img", "<iframe", "<form", "style=", "<svg"):
        assert harm not in stored


def test_files_are_stored_under_safe_names(processed: Processed) -> None:
    names = {document["file_name"] for document in processed.desk.documents()}
    assert names == {
        "october.csv",
        "Bildschirm für den Support.png",
        "settings.txt",
        "reader.log",
        "invite.ics",
    }
    (csv,) = processed.desk.documents(processed.outcomes["11-attachment-one.eml"].ticket_id)[:1]
    assert processed.desk.store.get(csv["sha256"]).startswith(b"invoice;amount\n")


@pytest.mark.defect("D-21")
def test_a_bare_message_needs_nothing_but_an_id_and_a_recipient(desk) -> None:
    payload = payload_for(desk, b"To: support@demo.example\n\n")
    outcome = DeskRuns(desk).run(payload)
    assert outcome.label == "EMAIL_PROCESSED"
    assert desk.ticket(outcome.ticket_id)["title"] == "(no subject)"


@pytest.mark.defect("D-21")
def test_the_smallest_payload_of_the_schema_is_enough(desk) -> None:
    # A source that leaves out every optional field, instead of sending null.
    email = {"id": "1@example.com", "from": {"email": "x@example.com"}, "subject": "Hi", "body": {}}
    outcome = DeskRuns(desk).run({"emailData": email, "providerId": "demo-imap", "tenantId": "demo"})
    assert outcome.label == "EMAIL_PROCESSED"
    assert desk.counts()["tickets"] == 1


def test_a_lookup_that_fails_does_not_stop_the_message(desk, monkeypatch) -> None:
    from wfnb.errors import ActionError

    def broken(*_):
        raise ActionError("The index is being rebuilt.")

    monkeypatch.setattr(desk, "find_by_token", broken)
    monkeypatch.setattr(desk, "find_by_thread", broken)
    monkeypatch.setattr(desk, "find_contact", broken)
    payload = payload_for(desk, (MAILBOX / "03-reply-token-in-subject.eml").read_bytes())
    outcome = DeskRuns(desk).run(payload)
    assert outcome.label == "EMAIL_PROCESSED"
    assert outcome.payload["matchedClient"] is None


def test_expressions_call_allowed_functions_only() -> None:
    text = str(email_workflow())
    called = set(re.findall(r"([A-Za-z]\w*)\(", text))
    assert called <= ALLOWED


def test_side_effects_of_the_message_have_a_key_of_their_own() -> None:
    definition = Definition.model_validate(email_workflow())
    calls = [
        step.config
        for _, step in walk_steps(definition.steps)
        if isinstance(step, NodeStep) and step.type == "action.call"
    ]
    writing = ("create_", "process_", "send_")
    assert all("idempotencyKey" in call for call in calls if call["actionId"].startswith(writing))


def test_the_readme_says_what_is_expected(expected: dict[str, Any]) -> None:
    text = (MAILBOX / "README.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in text.split("\n")
        if ".eml |" in line
    ]
    wanted = [
        [
            name, want["tests"], want["path"], want["state"],
            want["ticket"][:2] if want["ticket"].endswith(".eml") else want["ticket"],
            str(want["comments"]), str(want["attachments"]), str(int(want["acknowledged"])), str(want["tasks"]),
        ]
        for name, want in expected["messages"].items()
    ]  # fmt: skip
    assert rows == wanted
    totals = expected["totals"]
    assert (
        f"{totals['tickets']} tickets, {totals['comments']} comments, {totals['documents']} documents" in text
    )
