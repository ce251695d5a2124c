"""The eleven actions: contracts, answers of lookups, errors of writers."""

from __future__ import annotations

import pytest

from wfnb.errors import ActionError, RegistryError, ValidationError
from wfnb.maildesk import action_models as models
from wfnb.maildesk.actions import MailActions, register
from wfnb.maildesk.desk import Desk
from wfnb.maildesk.models import PAYLOAD_SCHEMA_REF, EmailWorkflowPayload

from .desk_run import Registries

FIELDS = {
    "parse_email_reply": ({"text", "html", "config"}, {"success", "parsed", "message"}),
    "find_ticket_by_reply_token": ({"token"}, {"success", "match", "message"}),
    "find_ticket_by_email_thread": (
        {"threadId", "inReplyTo", "references", "originalMessageId"}, {"success", "ticket", "message"},
    ),
    "find_contact_by_email": ({"email"}, {"success", "contact", "message"}),
    "create_ticket_from_email": (
        {"title", "description", "client_id", "contact_id", "source", "board_id", "status_id", "priority_id", "category_id",
         "subcategory_id", "location_id", "entered_by", "email_metadata"},
        {"ticket_id", "ticket_number"},
    ),
    "create_comment_from_email": (
        {"ticket_id", "content", "format", "source", "author_type", "author_id", "metadata"}, {"comment_id"},
    ),
    "process_email_attachment": (
        {"emailId", "attachmentId", "ticketId", "tenant", "providerId", "attachmentData"},
        {"success", "documentId", "fileName", "fileSize", "contentType"},
    ),
    "convert_html_to_blocks": ({"html"}, {"success", "blocks"}),
    "create_human_task_for_email_processing_failure": ({"title", "description", "contextData"}, {"task_id"}),
    "send_ticket_acknowledgement_email": ({"ticketId", "contactEmail"}, {"success", "message"}),
}  # fmt: skip


@pytest.fixture
def registries(desk: Desk) -> Registries:
    registries = Registries()
    register(registries, desk)
    return registries


@pytest.fixture
def actions(desk: Desk) -> MailActions:
    return MailActions(desk)


def make_ticket(actions: MailActions, ctx, **fields) -> str:
    email = {"id": "1@example.com", "threadId": "aabb"}
    data = models.TicketInput(**{"title": "Oven", "description": "", "email_metadata": email, **fields})
    return actions.create_ticket_from_email(data, ctx("t")).ticket_id


@pytest.mark.behaviour(58)
def test_all_eleven_actions_and_the_schema_are_registered(registries: Registries) -> None:
    names = {*FIELDS, "resolve_inbound_ticket_defaults"}
    assert set(registries.catalog.actions.names()) == names
    assert len(names) == 11
    assert registries.catalog.schemas.get(PAYLOAD_SCHEMA_REF) is EmailWorkflowPayload


def test_registering_twice_is_refused(registries: Registries, desk: Desk) -> None:
    with pytest.raises(RegistryError):
        register(registries, desk)


@pytest.mark.parametrize("name", FIELDS)
def test_the_contract_has_the_published_fields(registries: Registries, name: str) -> None:
    action = registries.catalog.actions.get(name, 1)
    assert set(action.input_schema()["properties"]) == FIELDS[name][0]
    assert set(action.output_schema()["properties"]) == FIELDS[name][1]
    assert action.input_schema()["additionalProperties"] is False


@pytest.mark.behaviour(59)
def test_writers_take_a_key_and_try_again_only_when_the_desk_is_busy(registries: Registries) -> None:
    for action in registries.catalog.actions:
        writes = action.id.startswith(("create", "process", "send"))
        assert (action.side_effect, action.takes_context) == (writes, writes)
        assert action.idempotency == "engine"
        assert action.retry.retry_on == ("TransientError",)
        assert action.description


def test_surplus_input_is_refused(registries: Registries) -> None:
    action = registries.catalog.actions.get("find_contact_by_email", 1)
    with pytest.raises(ValidationError):
        action.parse_input({"email": "a@example.com", "surplus": 1})


def test_a_body_is_parsed(actions: MailActions) -> None:
    output = actions.parse_email_reply(models.ParseInput(text="Yes.\n\n-- \nMara"))
    assert (output.success, output.parsed.sanitized_text) == (True, "Yes.")
    kept = actions.parse_email_reply(
        models.ParseInput(text="Yes.\n\n-- \nMara", config={"removeSignature": False})
    )
    assert "Mara" in kept.parsed.sanitized_text
    assert actions.parse_email_reply(models.ParseInput()).parsed.sanitized_text == ""


@pytest.mark.behaviour(173)
def test_a_ticket_is_found_by_token(actions: MailActions, desk: Desk, ctx) -> None:
    ticket_id = make_ticket(actions, ctx)
    found = actions.find_ticket_by_reply_token(models.TokenInput(token=desk.reply_token("1@example.com")))
    assert (found.success, found.match.ticket_id) == (True, ticket_id)
    lost = actions.find_ticket_by_reply_token(models.TokenInput(token="nonsense"))
    assert (lost.success, lost.match, lost.message) == (False, None, "No ticket has this token.")


@pytest.mark.behaviour(174)
def test_a_ticket_is_found_by_its_conversation(actions: MailActions, ctx) -> None:
    ticket_id = make_ticket(actions, ctx, status_id="status-new")
    for given in ({"in_reply_to": "1@example.com"}, {"references": ("1@example.com", "x@y.z")},
                  {"original_message_id": "1@example.com"}, {"thread_id": "aabb"}):  # fmt: skip
        ticket = actions.find_ticket_by_email_thread(models.ThreadInput(**given)).ticket
        assert (ticket.ticket_id, ticket.subject, ticket.status) == (ticket_id, "Oven", "New")
        assert ticket.thread_info.original_message_id == "1@example.com"
    assert actions.find_ticket_by_email_thread(models.ThreadInput()).success is False


def test_the_newest_known_reference_decides(actions: MailActions, ctx) -> None:
    make_ticket(actions, ctx)
    newer = models.TicketInput(title="Till", description="", email_metadata={"id": "2@example.com"})
    newer_id = actions.create_ticket_from_email(newer, ctx("n")).ticket_id
    given = models.ThreadInput(references=("1@example.com", "2@example.com", "unknown@example.com"))
    assert actions.find_ticket_by_email_thread(given).ticket.ticket_id == newer_id


@pytest.mark.parametrize(
    ("email", "message"),
    [
        ("", "This is not an e-mail address."), ("mara", "This is not an e-mail address."),
        ("nobody@example.com", "No contact has this address."),
    ],
)  # fmt: skip
def test_a_contact_that_is_not_found_is_an_answer(actions: MailActions, email: str, message: str) -> None:
    output = actions.find_contact_by_email(models.ContactInput(email=email))
    assert (output.success, output.contact, output.message) == (False, None, message)


def test_a_contact_comes_with_its_client(actions: MailActions) -> None:
    contact = actions.find_contact_by_email(models.ContactInput(email="Mara@juniper.example.com")).contact
    assert (contact.contact_id, contact.client_name) == ("contact-mara", "Juniper Bakery")
    assert (contact.email, contact.matched_email) == ("mara@juniper.example.com", "Mara@juniper.example.com")


@pytest.mark.behaviour(180)
def test_defaults_are_an_object_or_null(registries: Registries, actions: MailActions) -> None:
    action = registries.catalog.actions.get("resolve_inbound_ticket_defaults", 1)
    known = actions.resolve_inbound_ticket_defaults(
        models.DefaultsInput(tenant="demo", provider_id="demo-imap")
    )
    unknown = actions.resolve_inbound_ticket_defaults(
        models.DefaultsInput(tenant="demo", provider_id="unconfigured")
    )
    assert action.dump_output(known)["board_id"] == "board-support"
    assert action.dump_output(unknown) is None


def test_writers_let_errors_out(actions: MailActions, ctx) -> None:
    with pytest.raises(ActionError) as caught:
        make_ticket(actions, ctx, title="x" * 501)
    assert caught.value.code == "TITLE_TOO_LONG"
    with pytest.raises(ActionError):
        actions.create_comment_from_email(models.CommentInput(ticket_id="nowhere", content=""), ctx())


def test_an_attachment_becomes_a_document(actions: MailActions, desk: Desk, ctx) -> None:
    digest = desk.spool.put(b"hello")
    data = models.AttachmentInput(
        email_id="1@example.com", attachment_id=f"1-{digest}", ticket_id=make_ticket(actions, ctx), tenant="demo",
        provider_id="demo-imap",
        attachment_data={"id": f"1-{digest}", "name": "x/../a.txt", "contentType": "text/plain", "size": 5},
    )  # fmt: skip
    output = actions.process_email_attachment(data, ctx())
    assert (output.success, output.file_name, output.file_size) == (True, "a.txt", 5)
    assert desk.documents()[0]["document_id"] == output.document_id


def test_html_becomes_blocks(actions: MailActions) -> None:
    output = actions.convert_html_to_blocks(models.BlocksInput(html="<h1>Hi</h1>"))
    assert output.model_dump() == {"success": True, "blocks": [{"type": "heading", "text": "Hi", "level": 1}]}
    assert actions.convert_html_to_blocks(models.BlocksInput(html="<p></p>")).success is False


def test_a_task_and_an_acknowledgement_reach_the_desk(actions: MailActions, desk: Desk, ctx) -> None:
    ticket_id = make_ticket(actions, ctx)
    task = models.HumanTaskInput(title="Look", context_data={"errorMessage": "broken"})
    actions.create_human_task_for_email_processing_failure(task, ctx())
    ack = models.AckInput(ticket_id=ticket_id, contact_email="mara@juniper.example.com")
    assert actions.send_ticket_acknowledgement_email(ack, ctx()).success
    assert desk.tasks()[0]["context"] == {"errorMessage": "broken"}
    assert desk.outbox()[0]["ticket_id"] == ticket_id
